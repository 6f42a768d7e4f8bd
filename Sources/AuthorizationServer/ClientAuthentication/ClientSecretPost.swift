import Applications
import OAuth
import Primitives

/// RFC 6749 §2.3.1: client id and secret in the form.
struct ClientSecretPost: ClientAuthenticator {
    let method = ClientAuthenticationMethod.clientSecretPost

    func attempt(in request: ClientAuthenticationRequest) throws(OAuthError) -> ClientAttempt? {
        guard let secret = request.parameters["client_secret"] else { return nil }
        guard let clientID = request.parameters["client_id"] else {
            throw .against(.readableCredentials, "The client_id is missing beside the client_secret.", parameter: "client_id", expected: "the app's client_id")
        }
        return ClientAttempt(methods: [method], clientID: clientID, credentials: .secret(secret))
    }

    func check(_ attempt: ClientAttempt, of app: App, in request: ClientAuthenticationRequest, at now: Timestamp) async throws -> CredentialCheck {
        ClientSecret.check(attempt, of: app)
    }
}
