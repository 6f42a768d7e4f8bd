import Primitives
import TestSupport
import Testing

@testable import Identity

@Suite("RFC 4226 and RFC 6238 · One-time codes")
struct OneTimeCodeTests {
    /// The key of both appendices.
    private let key = Array("12345678901234567890".utf8)

    @Test(arguments: [
        (0, "755224"), (1, "287082"), (2, "359152"), (3, "969429"), (4, "338314"), (5, "254676"), (6, "287922"), (7, "162583"), (8, "399871"), (9, "520489"),
    ])
    func `RFC 4226 appendix D the codes of the first ten counters`(counter: UInt64, code: String) {
        #expect(AuthenticatorKey.hotp(key, counter: counter, digits: 6) == code)
    }

    @Test(arguments: [
        (59, "94287082"), (1_111_111_109, "07081804"), (1_111_111_111, "14050471"), (1_234_567_890, "89005924"), (2_000_000_000, "69279037"),
        (20_000_000_000, "65353130"),
    ])
    func `RFC 6238 appendix B the codes of its moments, eight digits each`(seconds: Int64, code: String) {
        let step = TimeStep(at: Timestamp(seconds: seconds))

        #expect(AuthenticatorKey.hotp(key, counter: UInt64(step.number), digits: 8) == code)
        #expect(AuthenticatorKey(bytes: key)?.code(at: Timestamp(seconds: seconds)) == String(code.suffix(6)))
    }

    @Test func `RFC 6238 §4-2 a step is thirty seconds from the epoch, before it too`() {
        #expect(TimeStep(at: Timestamp(seconds: 29)).number == 0)
        #expect(TimeStep(at: Timestamp(seconds: 30)).number == 1)
        #expect(TimeStep(at: Timestamp(seconds: 59)).number == 1)
        #expect(TimeStep(at: Timestamp(seconds: -1)).number == -1)
        #expect(TimeStep(at: Timestamp(seconds: -30)).number == -1)
        #expect(TimeStep(at: Timestamp(seconds: -31)).number == -2)
        #expect(TimeStep(at: .distantFuture) > TimeStep(at: .epoch))
    }

    @Test func `RFC 6238 §5-2 the present step and the ones beside it are taken, no other`() throws {
        let key = try #require(AuthenticatorKey(bytes: key))
        let now = Timestamp(seconds: 1_111_111_111)

        for (away, isTaken) in [(-3, false), (-2, false), (-1, true), (0, true), (1, true), (2, false), (3, false), (240, false), (-240, false)] {
            let step = TimeStep(number: TimeStep(at: now).number + Int64(away))
            let code = try #require(OneTimeCode(key.code(of: step)))

            #expect(key.step(of: code, at: now) == (isTaken ? step : nil), "\(away)")
        }
    }

    @Test func `six digits are a code, in groups too, and nothing else is`() {
        #expect(OneTimeCode("123456")?.digits == "123456")
        #expect(OneTimeCode(" 123 456 ")?.digits == "123456")
        for typed in ["", "12345", "1234567", "12345a", "１２３４５６", "-12345", "1e2345", String(repeating: "1", count: 100_000)] {
            #expect(OneTimeCode(typed) == nil, "\(typed.prefix(20))")
        }
    }

    @Test func `a recovery code is read as people type it, and nothing else is`() throws {
        let code = RecoveryCode.random(from: SeededRandom())
        let groups = code.text.split(separator: "-")

        #expect(groups.count == 6 && groups.allSatisfy { $0.count == 4 })
        for typed in [code.text, code.text.lowercased(), groups.joined(), " \(groups.joined(separator: " ")) "] { #expect(RecoveryCode(typed) == code) }
        for typed in [
            "", "123456", String(code.text.dropLast()), code.text + "A", code.text.replacing(groups[0], with: "0189"), String(repeating: "A", count: 100_000),
        ] {
            #expect(RecoveryCode(typed) == nil)
        }
    }

    @Test func `an app reads the key from an address`() throws {
        let key = try #require(AuthenticatorKey(bytes: key))

        #expect(key.base32 == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
        #expect(
            key.address(issuer: "Wekeza", account: "é @/?")
                == "otpauth://totp/Wekeza:%C3%A9%20%40%2F%3F?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Wekeza&algorithm=SHA1&digits=6&period=30")
    }

    @Test func `RFC 4226 §4 a key has 160 bits, and no two are alike`() {
        let randomness = SeededRandom()
        let keys = (0..<100).map { _ in AuthenticatorKey.random(from: randomness).bytes }

        #expect(keys.allSatisfy { $0.count == 20 } && Set(keys).count == 100)
        #expect(AuthenticatorKey(bytes: Array(repeating: 0, count: 19)) == nil)
    }
}
