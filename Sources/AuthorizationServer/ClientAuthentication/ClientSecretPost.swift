import OAuth

/// RFC 6749 §2.3.1: client id and secret in the form.
struct ClientSecretPost: ClientAuthenticator {
    let method = ClientAuthenticationMethod.clientSecretPost

    func attempt(in request: ClientAuthenticationRequest) throws(OAuthError) -> ClientAttempt? {
        guard let secret = request.parameters["client_secret"] else { return nil }
        guard let clientID = request.parameters["client_id"] else { throw .invalidClient("The client_id is missing beside the client_secret.") }
        return ClientAttempt(method: method, clientID: clientID, secret: secret)
    }
}
