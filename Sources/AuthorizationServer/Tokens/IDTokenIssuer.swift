import AccessTokens
import Applications
import Crypto
import JOSE
import JSON
import OAuth
import Primitives
import Web

/// Signs ID tokens (OpenID Connect Core §2).
struct IDTokenIssuer: Sendable {
    let keys: SigningKeys
    let issuer: Issuer

    static let lifetime = Duration.minutes(5)
    /// The claims an ID token may carry, for the metadata; what the scopes `profile`, `email` and `phone` mean is told at userinfo (§5.4).
    static let claims = ["iss", "sub", "aud", "azp", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash"]

    /// - Throws: storage failures, when a key for the algorithm has to be made.
    func issue(
        for grant: Grant, to app: App, nonce: String?, methods: [String], accessToken: Secret, at now: Timestamp
    ) async throws -> String {
        var claims = JSONObject([
            ("iss", .string(issuer.text)), ("sub", .string(grant.personID.rawValue)), ("aud", .string(grant.clientID.text)),
            ("azp", .string(grant.clientID.text)), ("exp", .integer((now + Self.lifetime).seconds)), ("iat", .integer(now.seconds)),
            ("auth_time", .integer(grant.authenticatedAt.seconds)),
        ])
        claims.append("nonce", nonce)
        claims.append("acr", grant.level?.rawValue)
        if !methods.isEmpty { claims.append("amr", .array(methods.map(JSONValue.string))) }
        let algorithm = app.metadata.idTokenSignedResponseAlgorithm ?? app.profile.rules.idTokenAlgorithm
        claims.append("at_hash", .string(Base64URL.encode(algorithm.halfDigest(of: accessToken.value))))
        return try await keys.signing(algorithm, at: now).sign(claims, type: .idToken)
    }
}

extension SignatureAlgorithm {
    /// The left half of the digest that the algorithm itself uses (OpenID Connect Core §3.1.3.6); Ed25519 uses SHA-512 (RFC 8032 §5.1).
    fileprivate func halfDigest(of text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        return self == .edDSA ? Array(SHA512.hash(data: bytes).prefix(32)) : Array(sha256(bytes).prefix(16))
    }
}
