import OAuth

/// RFC 6749 §3.2.1: a public client names itself and proves nothing; PKCE and rotation protect it.
struct NoClientAuthentication: ClientAuthenticator {
    let method = ClientAuthenticationMethod.none

    func attempt(in request: ClientAuthenticationRequest) throws(OAuthError) -> ClientAttempt? {
        guard request.authorization.isEmpty, request.parameters["client_secret"] == nil, let clientID = request.parameters["client_id"] else { return nil }
        return ClientAttempt(method: method, clientID: clientID, secret: nil)
    }
}
