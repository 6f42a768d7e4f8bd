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

    /// - Throws: storage failures, when the keys have to be read.
    func person(in hint: String, for client: ClientID) async throws -> PersonID? {
        guard let jws = try? UnverifiedJWS(parsing: hint), jws.isType(.idToken), let id = jws.keyID.flatMap(KeyID.init),
            jws.claims["iss"]?.string == issuer.text, jws.claims["aud"]?.string == client.text
        else { return nil }
        // Another node may have made the key a moment ago.
        if keys.everKnownKey(id) == nil { try await keys.lookForUnknownKey() }
        guard let key = keys.everKnownKey(id), jws.isSigned(by: key) else { return nil }
        return jws.claims["sub"]?.string.flatMap(PersonID.init)
    }
}
