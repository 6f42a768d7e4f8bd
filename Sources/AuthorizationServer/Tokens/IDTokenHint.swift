import AccessTokens
import JOSE
internal import JSON
import OAuth
import Primitives
import Web

/// Reads an ID token that comes back as a hint: one of ours for this app; it may have expired (OpenID Connect Core §3.1.2.1).
struct IDTokenHint: Sendable {
    let keys: SigningKeys
    let issuer: Issuer

    func person(in hint: String, for client: ClientID) -> PersonID? {
        guard let jws = try? UnverifiedJWS(parsing: hint), jws.isType(.idToken), let key = jws.keyID.flatMap(KeyID.init).flatMap(keys.everKnownKey),
            jws.isSigned(by: key),
            jws.claims["iss"]?.string == issuer.text, jws.claims["aud"]?.string == client.text
        else { return nil }
        return jws.claims["sub"]?.string.flatMap(PersonID.init)
    }
}
