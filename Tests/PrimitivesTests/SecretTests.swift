import Primitives
import TestSupport
import Testing

@Suite("Secrets, digests and seals")
struct SecretTests {
    private let secret = Secret.random(prefix: "wkz_sk_", from: SeededRandom())

    @Test func `a secret carries 256 bits behind its prefix`() {
        #expect(secret.value.hasPrefix("wkz_sk_"))
        #expect(secret.value.count == "wkz_sk_".count + 43)
    }

    @Test func `a secret never prints`() {
        var dumped = ""
        dump(secret, to: &dumped)

        #expect("\(secret)" == "Secret(…)")
        #expect(String(reflecting: secret) == "Secret(…)")
        #expect(!dumped.contains(secret.value))
        #expect(!"\([secret])".contains(secret.value))
    }

    @Test func `FIPS 180-4 the digest of abc`() {
        #expect(Digest(of: "abc").text == Base64URL.encode(sha256(Array("abc".utf8))))
        #expect(sha256(Array("abc".utf8)).prefix(4) == [0xBA, 0x78, 0x16, 0xBF])
    }

    @Test func `constant-time equality is equality`() {
        #expect(constantTimeEqual("abc", "abc"))
        #expect(!constantTimeEqual("abc", "abd"))
        #expect(!constantTimeEqual("abc", "abcd"))
        #expect(!constantTimeEqual("", "a"))
        #expect(constantTimeEqual("", ""))
    }

    @Test func `a seal opens for its key and purpose only`() throws {
        let sealer = Sealer(.test, purpose: "authorization")
        let sealed = sealer.seal(Array("state".utf8))

        #expect(sealer.open(sealed) == Array("state".utf8))
        #expect(Sealer(.test, purpose: "session").open(sealed) == nil)
        #expect(Sealer(try #require(RootKey(bytes: Array(repeating: 9, count: 32))), purpose: "authorization").open(sealed) == nil)
    }

    @Test func `a seal that was changed in one character does not open`() {
        let sealer = Sealer(.test, purpose: "authorization")
        let sealed = Array(sealer.seal(Array("state".utf8)))

        for index in sealed.indices {
            var changed = sealed
            changed[index] = changed[index] == "A" ? "B" : "A"
            #expect(sealer.open(String(changed)) == nil)
        }
        for junk in ["", "A", "AAAA", String(sealed.dropLast()), String(sealed) + "A"] { #expect(sealer.open(junk) == nil) }
    }

    @Test func `two seals of one text differ`() {
        let sealer = Sealer(.test, purpose: "authorization")

        #expect(sealer.seal([1, 2, 3]) != sealer.seal([1, 2, 3]))
        #expect(sealer.open(sealer.seal([])) == [])
    }

    @Test func `a root key is 32 bytes`() {
        #expect(RootKey(bytes: []) == nil)
        #expect(RootKey(bytes: Array(repeating: 0, count: 31)) == nil)
        #expect(RootKey(bytes: Array(repeating: 0, count: 33)) == nil)
    }

    @Test func `an authenticator's code is valid for its message, key and purpose only`() {
        let authenticator = MessageAuthenticator(.test, purpose: "csrf")
        let code = authenticator.code(for: "session")

        #expect(code.count == 43)
        #expect(authenticator.isValid(code, for: "session"))
        #expect(!authenticator.isValid(code, for: "session2"))
        #expect(!authenticator.isValid("", for: "session"))
        #expect(!MessageAuthenticator(.test, purpose: "other").isValid(code, for: "session"))
    }

    @Test func `random alphanumerics are evenly drawn`() {
        let text = SystemRandom().alphanumerics(62_000)
        let counts = Dictionary(text.map { ($0, 1) }, uniquingKeysWith: +)

        #expect(text.count == 62_000)
        #expect(counts.count == 62)
        #expect(counts.values.allSatisfy { (800...1_200).contains($0) })
    }

    @Test func `the system's bytes have the length asked for`() {
        for length in [0, 1, 7, 8, 9, 32] { #expect(SystemRandom().bytes(length).count == length) }
    }
}
