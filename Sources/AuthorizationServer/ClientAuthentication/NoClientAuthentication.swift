import Applications
import OAuth
import Primitives

/// RFC 6749 §3.2.1: a public client names itself and proves nothing; PKCE and rotation protect it. An app that is registered for a certificate names itself in
/// the same way (RFC 8705 §2).
struct NoClientAuthentication: ClientAuthenticator {
    let method = ClientAuthenticationMethod.none

    func attempt(in request: ClientAuthenticationRequest) throws(OAuthError) -> ClientAttempt? {
        let form = request.parameters
        guard request.authorization.isEmpty, form["client_secret"] == nil, form["client_assertion"] == nil, form["client_assertion_type"] == nil,
            let clientID = form["client_id"]
        else { return nil }
        return ClientAttempt(methods: [method, .tlsClientAuth, .selfSignedTLSClientAuth], clientID: clientID, credentials: .none)
    }

    func check(_ attempt: ClientAttempt, of app: App, in request: ClientAuthenticationRequest, at now: Timestamp) async throws -> CredentialCheck {
        .passed()
    }
}
