internal import JOSE
internal import JSON

extension Received {
    /// The claims of a JWT that a rule is about, as they came: none of them is a secret.
    /// - Returns: `nil` when the token cannot be read, or has none of them.
    static func claims(_ names: [String], of token: String, limit: Int) -> Received? {
        guard let jws = try? UnverifiedJWS(parsing: token, limit: limit) else { return .secret(token) }
        let told = names.compactMap { name -> String? in
            let value = jws.claims[name] ?? jws.header[name]
            return value.map { "\(name) \($0.string ?? $0.text)" }
        }
        return told.isEmpty ? nil : .value(told.joined(separator: ", "))
    }
}

extension ClientAssertion.Refusal {
    /// What the assertion says where it is refused.
    public func received(in assertion: String) -> Received? {
        switch self {
        case .malformed, .signature: .secret(assertion)
        case .wrongType: .claims(["typ"], of: assertion, limit: 8192)
        case .algorithm: .claims(["alg"], of: assertion, limit: 8192)
        case .noKey: .claims(["kid", "alg"], of: assertion, limit: 8192)
        case .issuer: .claims(["iss"], of: assertion, limit: 8192)
        case .subject: .claims(["sub"], of: assertion, limit: 8192)
        case .audience: .claims(["aud"], of: assertion, limit: 8192)
        case .missingExpiry, .malformedDate, .expired, .expiresTooLate, .notYetValid, .tooOldToTell:
            .claims(["exp", "nbf", "iat"], of: assertion, limit: 8192)
        case .missingTokenID, .replayed: .claims(["jti"], of: assertion, limit: 8192)
        }
    }
}

extension RequestObject.Refusal {
    /// What the request object says where it is refused.
    public func received(in object: String) -> Received? {
        switch self {
        case .malformed, .signature, .member: .secret(object)
        case .wrongType: .claims(["typ"], of: object, limit: 32_768)
        case .algorithm: .claims(["alg"], of: object, limit: 32_768)
        case .noKey: .claims(["kid", "alg"], of: object, limit: 32_768)
        case .issuer: .claims(["iss"], of: object, limit: 32_768)
        case .audience: .claims(["aud"], of: object, limit: 32_768)
        case .clientID: .claims(["client_id"], of: object, limit: 32_768)
        case .nested: .note("request or request_uri among the claims")
        case .malformedDate, .expired, .notYetValid, .missingExpiry, .missingNotBefore, .lifetime, .notBeforeTooOld:
            .claims(["exp", "nbf", "iat"], of: object, limit: 32_768)
        }
    }
}

extension DPoPProof.Refusal {
    /// What the proof says where it is refused.
    public func received(in proofs: [String]) -> Received? {
        guard let proof = proofs.first else { return nil }
        return switch self {
        case .severalProofs: .note("\(proofs.count) headers")
        case .malformed, .signature: .secret(proof)
        case .wrongType: .claims(["typ"], of: proof, limit: 8192)
        case .algorithm: .claims(["alg"], of: proof, limit: 8192)
        case .missingKey: .note("a header without jwk")
        case .unsuitableKey: .note("a jwk that is private, malformed, or for another algorithm")
        case .missingTokenID, .replayed: .claims(["jti"], of: proof, limit: 8192)
        case .method: .claims(["htm"], of: proof, limit: 8192)
        case .address: .claims(["htu"], of: proof, limit: 8192)
        case .missingTime: .claims(["iat"], of: proof, limit: 8192)
        case .accessToken: .claims(["ath"], of: proof, limit: 8192)
        case .nonceNeeded: .claims(["iat", "nonce"], of: proof, limit: 8192)
        }
    }
}
