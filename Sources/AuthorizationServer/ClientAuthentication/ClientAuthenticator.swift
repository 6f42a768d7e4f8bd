import Applications
import OAuth
import Primitives
import Web

/// One way in which an app proves who it is.
protocol ClientAuthenticator: Sendable {
    var method: ClientAuthenticationMethod { get }

    /// Looks for this method's credentials in a request, and at nothing else.
    /// - Returns: `nil` when the request shows no sign of this method. A certificate is none: it comes with the connection, whatever the request is about.
    /// - Throws: when it shows one that cannot be read; no other method is tried then.
    func attempt(in request: ClientAuthenticationRequest) throws(OAuthError) -> ClientAttempt?

    /// Checks the credentials of an app that is registered for this method.
    /// - Throws: storage failures.
    func check(_ attempt: ClientAttempt, of app: App, in request: ClientAuthenticationRequest, at now: Timestamp) async throws -> CredentialCheck
}

/// The parts of a request that may carry credentials. What stands behind the question mark of the address is not among them.
struct ClientAuthenticationRequest: Sendable {
    /// Every `Authorization` header.
    let authorization: [String]
    let parameters: RequestParameters
    /// The path of the endpoint that is called.
    let path: String
    /// What came with the connection.
    let certificate: PresentedCertificate?
}

/// What a request claims, unchecked.
struct ClientAttempt: Sendable {
    /// What the app must be registered for: one of them.
    let methods: Set<ClientAuthenticationMethod>
    let clientID: String
    let credentials: Credentials

    enum Credentials: Sendable {
        case secret(String)
        case assertion(UnverifiedAssertion)
        /// It only names itself.
        case none
    }
}

enum CredentialCheck: Sendable {
    /// - secret: the one that matched.
    /// - assertion: what proved it, and may do so once: it is still to be spent.
    case passed(secret: SecretID? = nil, assertion: ClientAssertion? = nil)
    case refused(OAuthError)
}

/// An app that has proved who it is, or a public one that named itself.
struct AuthenticatedClient: Sendable {
    let app: App
    let method: ClientAuthenticationMethod
}
