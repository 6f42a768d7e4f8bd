internal import Primitives
internal import X509

extension ClientCertificate {
    /// The members that make its key in a JWK (RFC 7518 §6.2.1, §6.3.1; RFC 8037 §2).
    public var jwkMembers: [String: String] {
        let bytes = Array(certificate.publicKey.subjectPublicKeyInfoBytes)
        switch publicKey {
        case .p256: return Self.members("P-256", point: bytes)
        case .p384: return Self.members("P-384", point: bytes)
        case .p521: return Self.members("P-521", point: bytes)
        case .ed25519: return ["kty": "OKP", "crv": "Ed25519", "x": Base64URL.encode(bytes)]
        case .rsa:
            // A key that was read has its numbers.
            let numbers = PublicKeyReading.rsaNumbers(bytes)!
            return ["kty": "RSA", "n": Base64URL.encode(numbers.modulus), "e": Base64URL.encode(numbers.exponent)]
        }
    }

    /// - Parameter point: uncompressed (SEC 1 §2.3.3): 4, x, y.
    private static func members(_ curve: String, point: [UInt8]) -> [String: String] {
        let coordinates = point.dropFirst()
        return [
            "kty": "EC", "crv": curve, "x": Base64URL.encode(coordinates.prefix(coordinates.count / 2)),
            "y": Base64URL.encode(coordinates.suffix(coordinates.count / 2)),
        ]
    }
}
