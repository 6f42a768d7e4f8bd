package import Crypto
package import JSON
package import Primitives

/// A private P-256 key that signs ES256 (RFC 7518 §3.4), under its `kid`.
package struct SigningKey: Sendable {
    package let id: KeyID
    private let key: P256.Signing.PrivateKey
    /// Encoded headers of the types we sign, made once: the header of a token depends on key and type alone.
    private let headers: [TokenType: [UInt8]]

    package init(id: KeyID, key: P256.Signing.PrivateKey) {
        self.id = id
        self.key = key
        headers = Dictionary(uniqueKeysWithValues: TokenType.allCases.map { type in
            let header = JSONObject([("alg", .string("ES256")), ("kid", .string(id.rawValue)), ("typ", .string(type.rawValue))])
            return (type, Array("\(Base64URL.encode(header.bytes)).".utf8))
        })
    }

    /// - Returns: `nil` when the bytes are no private key: 32 bytes below the curve's order.
    package init?(id: KeyID, privateBytes: [UInt8]) {
        guard let key = try? P256.Signing.PrivateKey(rawRepresentation: privateBytes) else { return nil }
        self.init(id: id, key: key)
    }

    package var privateBytes: [UInt8] { Array(key.rawRepresentation) }
    package var verificationKey: VerificationKey { VerificationKey(id: id, key: key.publicKey) }

    /// A compact JWS (RFC 7515 §7.1) with `kid` and `typ`.
    /// - Throws: only when the generator of the signature fails.
    package func sign(_ claims: JSONObject, type: TokenType) throws -> String {
        var text = headers[type] ?? []  // every type has its header
        text += Base64URL.encode(claims.bytes).utf8
        let signature = try key.signature(for: text)
        text.append(UInt8(ascii: "."))
        text += Base64URL.encode(signature.rawRepresentation).utf8
        return String(decoding: text, as: UTF8.self)
    }
}

/// The `typ` of the tokens this server signs: a token of one type is never taken for another (RFC 8725 §3.11).
package enum TokenType: String, CaseIterable, Sendable {
    /// RFC 9068 §2.1
    case accessToken = "at+jwt"
    /// OpenID Connect Core §2
    case idToken = "JWT"
}

/// A public P-256 key under its `kid`.
package struct VerificationKey: Sendable {
    package let id: KeyID
    private let key: P256.Signing.PublicKey

    package init(id: KeyID, key: P256.Signing.PublicKey) {
        self.id = id
        self.key = key
    }

    /// - Returns: `nil` for another kind of key or a point that is not on the curve.
    package init?(_ jwk: JWK) {
        guard let id = KeyID(jwk.kid), let x = Base64URL.decode(jwk.x), let y = Base64URL.decode(jwk.y), x.count == 32, y.count == 32,
            let key = try? P256.Signing.PublicKey(x963Representation: [4] + x + y)
        else { return nil }
        self.init(id: id, key: key)
    }

    package var jwk: JWK {
        let point = Array(key.x963Representation)
        return JWK(kid: id.rawValue, x: Base64URL.encode(point[1..<33]), y: Base64URL.encode(point[33..<65]))
    }

    /// - Parameter signature: `r || s`, 64 bytes (RFC 7518 §3.4); DER is refused.
    package func isValid(_ signature: [UInt8], for message: [UInt8]) -> Bool {
        guard signature.count == 64, let signature = try? P256.Signing.ECDSASignature(rawRepresentation: signature) else { return false }
        return key.isValidSignature(signature, for: message)
    }
}
