import AccessTokens
import JOSE
package import JSON
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

    func issue(for grant: Grant, nonce: String?, methods: [String], accessToken: Secret, at now: Timestamp) throws -> String {
        var claims = JSONObject([
            ("iss", .string(issuer.text)), ("sub", .string(grant.personID.rawValue)), ("aud", .string(grant.clientID.text)),
            ("azp", .string(grant.clientID.text)), ("exp", .integer((now + Self.lifetime).seconds)), ("iat", .integer(now.seconds)),
            ("auth_time", .integer(grant.authenticatedAt.seconds)),
        ])
        claims.append("nonce", nonce)
        claims.append("acr", grant.level?.rawValue)
        if !methods.isEmpty { claims.append("amr", .array(methods.map(JSONValue.string))) }
        // §3.1.3.6: the left half of the digest.
        claims.append("at_hash", .string(Base64URL.encode(sha256(Array(accessToken.value.utf8)).prefix(16))))
        return try keys.current.sign(claims, type: .idToken)
    }
}
