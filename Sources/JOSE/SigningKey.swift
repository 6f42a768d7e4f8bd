public import Crypto
public import JSON
public import Primitives

/// A key of this server under its `kid`, with the headers of the tokens it signs.
public struct SigningKey: Sendable {
    public let id: KeyID
    private let key: PrivateKey
    /// Encoded headers of the types we sign, made once: the header of a token depends on key and type alone.
    private let headers: [TokenType: [UInt8]]

    public init(id: KeyID, key: PrivateKey) {
        self.id = id
        self.key = key
        headers = Dictionary(
            uniqueKeysWithValues: TokenType.allCases.map { type in
                let header = JSONObject([("alg", .string(key.algorithm.rawValue)), ("kid", .string(id.rawValue)), ("typ", .string(type.rawValue))])
                return (type, Array("\(Base64URL.encode(header.bytes)).".utf8))
            })
    }

    public init(id: KeyID, key: P256.Signing.PrivateKey) { self.init(id: id, key: PrivateKey(key)) }

    public var algorithm: SignatureAlgorithm { key.algorithm }
    public var privateBytes: [UInt8] { key.bytes }
    public var verificationKey: VerificationKey { VerificationKey(id: id, algorithm: key.algorithm, key: key.publicKey) }

    /// A compact JWS (RFC 7515 §7.1) with `kid` and `typ`.
    /// - Throws: only when the generator of the signature fails.
    public func sign(_ claims: JSONObject, type: TokenType) throws -> String {
        var text = headers[type] ?? []  // every type has its header
        text += Base64URL.encode(claims.bytes).utf8
        let signature = try key.signature(for: text)
        text.append(UInt8(ascii: "."))
        text += Base64URL.encode(signature).utf8
        return String(decoding: text, as: UTF8.self)
    }
}

/// A public key of this server under its `kid`: it verifies one algorithm.
public struct VerificationKey: Hashable, Sendable {
    public let id: KeyID
    public let algorithm: SignatureAlgorithm
    fileprivate let key: PublicKey

    public init(id: KeyID, algorithm: SignatureAlgorithm, key: PublicKey) {
        self.id = id
        self.algorithm = algorithm
        self.key = key
    }

    /// - Returns: `nil` unless `kid` and `alg` stand there as this server writes them.
    public init?(_ jwk: JWK) {
        guard let id = jwk.keyID.flatMap(KeyID.init), let algorithm = jwk.algorithm else { return nil }
        self.init(id: id, algorithm: algorithm, key: jwk.key)
    }

    public var jwk: JWK { JWK(keyID: id.rawValue, algorithm: algorithm, key: key) }
}

extension UnverifiedJWS {
    public func isSigned(by key: VerificationKey) -> Bool { keyID == key.id.rawValue && algorithm == key.algorithm && isSigned(by: key.key) }
}
