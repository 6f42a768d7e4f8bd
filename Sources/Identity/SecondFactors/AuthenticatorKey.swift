internal import Crypto
public import Primitives

/// The key that a person's authenticator app shares with us, and the codes that follow from it: TOTP (RFC 6238) on HOTP (RFC 4226), with HMAC-SHA-1,
/// six digits and steps of 30 seconds, which is what every app understands.
public struct AuthenticatorKey: Sendable {
    let bytes: [UInt8]

    /// RFC 4226 §4, R6: 160 bits are recommended.
    static let length = 20

    init?(bytes: [UInt8]) {
        guard bytes.count == Self.length else { return nil }
        self.bytes = bytes
    }

    static func random(from randomness: any RandomSource) -> AuthenticatorKey {
        AuthenticatorKey(bytes: randomness.bytes(length))!  // as many bytes as it asks for
    }

    /// The code of the step that a moment lies in (RFC 6238 §4.2).
    public func code(at now: Timestamp) -> String { code(of: TimeStep(at: now)) }

    func code(of step: TimeStep) -> String { Self.hotp(bytes, counter: UInt64(bitPattern: step.number), digits: OneTimeCode.length) }

    /// The step that a code belongs to: the present one, or one beside it, since clocks differ and people take time to type (RFC 6238 §5.2).
    func step(of code: OneTimeCode, at now: Timestamp) -> TimeStep? {
        let present = TimeStep(at: now)
        // Each is compared, so that the time tells nothing.
        return [present.previous, present, present.next].filter { constantTimeEqual(self.code(of: $0), code.digits) }.last
    }

    /// RFC 4226 §5.3.
    static func hotp(_ key: [UInt8], counter: UInt64, digits: Int) -> String {
        let counter = withUnsafeBytes(of: counter.bigEndian) { Array($0) }
        let digest = Array(HMAC<Insecure.SHA1>.authenticationCode(for: counter, using: SymmetricKey(data: key)))
        // Dynamic truncation: the last four bits name where 31 bits are taken; 20 bytes hold four from each of the 16 places.
        let offset = Int(digest[19] & 0x0F)
        let number = digest[offset..<offset + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7FFF_FFFF
        let text = String(UInt64(number) % (0..<digits).reduce(1) { power, _ in power * 10 })
        return String(repeating: "0", count: digits - text.utf8.count) + text
    }
}

/// One of the 30-second steps since the epoch: the counter of RFC 6238 §4.2.
public struct TimeStep: Hashable, Comparable, Sendable {
    let number: Int64

    static let seconds: Int64 = 30

    init(number: Int64) { self.number = number }

    init(at now: Timestamp) {
        let (quotient, remainder) = now.seconds.quotientAndRemainder(dividingBy: Self.seconds)
        number = remainder < 0 ? quotient - 1 : quotient
    }

    var previous: TimeStep { TimeStep(number: number - 1) }
    var next: TimeStep { TimeStep(number: number + 1) }

    func secondsLeft(at now: Timestamp) -> Int { Int(next.number * Self.seconds - now.seconds) }

    public static func < (lhs: TimeStep, rhs: TimeStep) -> Bool { lhs.number < rhs.number }
}

extension AuthenticatorKey {
    /// The key as people type it: RFC 4648 §6 without padding.
    public var base32: String { Base32.encode(bytes) }

    /// What the QR code says: the address that authenticator apps agreed on.
    /// - Parameters:
    ///   - issuer: whose account it is.
    ///   - account: the sign-in name.
    public func address(issuer: String, account: String) -> String {
        let issuer = Self.escaped(issuer)
        return
            "otpauth://totp/\(issuer):\(Self.escaped(account))?secret=\(base32)&issuer=\(issuer)&algorithm=SHA1&digits=\(OneTimeCode.length)&period=\(TimeStep.seconds)"
    }

    /// RFC 3986 §2.1: everything but unreserved characters.
    private static func escaped(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var output: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, 45, 46, 95, 126: output.append(byte)
            default: output += [37, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: output, as: UTF8.self)
    }
}
