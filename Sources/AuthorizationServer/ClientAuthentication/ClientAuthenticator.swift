import Applications
import OAuth

/// One way in which an app proves who it is. A method reads its own parts of the request and nothing else.
protocol ClientAuthenticator: Sendable {
    var method: ClientAuthenticationMethod { get }

    /// - Returns: `nil` when the request shows no sign of this method.
    /// - Throws: when it shows one that cannot be read; no other method is tried then.
    func attempt(in request: ClientAuthenticationRequest) throws(OAuthError) -> ClientAttempt?
}

/// The parts of a request that may carry credentials. The address is not among them.
struct ClientAuthenticationRequest: Sendable {
    /// Every `Authorization` header.
    let authorization: [String]
    let parameters: RequestParameters
}

/// What a request claims, unchecked.
struct ClientAttempt: Sendable {
    let method: ClientAuthenticationMethod
    let clientID: String
    /// `nil` for a public client.
    let secret: String?
}

/// An app that has proved who it is, or a public one that named itself.
struct AuthenticatedClient: Sendable {
    let app: App
    let method: ClientAuthenticationMethod
}
