public import Crypto
internal import CryptoExtras
public import Primitives

/// A private key and the one algorithm it signs with: a key is never used for two (RFC 8725 §3.1).
public struct PrivateKey: Sendable {
    private enum Material: Sendable {
        case p256(P256.Signing.PrivateKey)
        case rsa(_RSA.Signing.PrivateKey)
        case ed25519(Curve25519.Signing.PrivateKey)
    }

    public let algorithm: SignatureAlgorithm
    private let material: Material

    public init(_ key: P256.Signing.PrivateKey) {
        algorithm = .es256
        material = .p256(key)
    }

    /// - Parameter bytes: what `bytes` gave.
    /// - Returns: `nil` when they are no private key.
    public init?(_ algorithm: SignatureAlgorithm, bytes: [UInt8]) {
        self.algorithm = algorithm
        switch algorithm {
        case .es256:
            guard let key = try? P256.Signing.PrivateKey(rawRepresentation: bytes) else { return nil }
            material = .p256(key)
        case .ps256, .rs256:
            guard let key = try? _RSA.Signing.PrivateKey(derRepresentation: bytes) else { return nil }
            material = .rsa(key)
        case .edDSA:
            guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes) else { return nil }
            material = .ed25519(key)
        }
    }

    /// A new key. An RSA key has 2,048 bits, draws from the library's own generator and costs some 150 ms.
    /// - Throws: only when that generator fails.
    public static func random(_ algorithm: SignatureAlgorithm, from randomness: any RandomSource) throws -> PrivateKey {
        switch algorithm {
        case .es256, .edDSA:
            // 32 random bytes are a private key of P-256 unless they lie beyond the curve's order, which happens once in 2^32.
            while true {
                if let key = PrivateKey(algorithm, bytes: randomness.bytes(32)) { return key }
            }
        case .ps256, .rs256: return PrivateKey(algorithm: algorithm, material: .rsa(try _RSA.Signing.PrivateKey(keySize: .bits2048)))
        }
    }

    private init(algorithm: SignatureAlgorithm, material: Material) {
        self.algorithm = algorithm
        self.material = material
    }

    /// RSA in DER, the others as 32 bytes.
    public var bytes: [UInt8] {
        switch material {
        case .p256(let key): Array(key.rawRepresentation)
        case .rsa(let key): Array(key.derRepresentation)
        case .ed25519(let key): Array(key.rawRepresentation)
        }
    }

    public var publicKey: PublicKey {
        switch material {
        case .p256(let key): PublicKey(p256: key.publicKey)
        case .rsa(let key): PublicKey(rsa: key.publicKey)
        case .ed25519(let key): PublicKey(ed25519: key.publicKey)
        }
    }

    /// - Throws: only when the generator of the signature fails.
    public func signature(for message: [UInt8]) throws -> [UInt8] {
        switch material {
        case .p256(let key): Array(try key.signature(for: message).rawRepresentation)
        case .rsa(let key):
            Array(try key.signature(for: SHA256.hash(data: message), padding: algorithm == .ps256 ? .PSS : .insecurePKCS1v1_5).rawRepresentation)
        case .ed25519(let key): Array(try key.signature(for: message))
        }
    }
}
