import Applications
import JOSE
internal import JSON
import OAuth
import Primitives

/// RFC 7523 §2.2, OpenID Connect Core §9: a JWT that the app signed with its own key.
struct PrivateKeyJWT: ClientAuthenticator {
    let method = ClientAuthenticationMethod.privateKeyJWT
    let assertions: AssertionCheck

    func attempt(in request: ClientAuthenticationRequest) throws(OAuthError) -> ClientAttempt? {
        let (type, text) = (request.parameters["client_assertion_type"], request.parameters["client_assertion"])
        guard type != nil || text != nil else { return nil }
        guard type == ClientAssertion.type else { throw .invalidClient("The client_assertion_type is not \(ClientAssertion.type).") }
        guard let text else { throw .invalidClient("The client_assertion is missing.") }
        guard let assertion = UnverifiedAssertion(text), let clientID = request.parameters["client_id"] ?? assertion.subject else {
            throw .invalidClient(ClientAssertion.Refusal.malformed.message)
        }
        return ClientAttempt(methods: [method], clientID: clientID, credentials: .assertion(assertion))
    }

    func check(_ attempt: ClientAttempt, of app: App, in request: ClientAuthenticationRequest, at now: Timestamp) async throws -> CredentialCheck {
        guard case .assertion(let assertion) = attempt.credentials else { return .refused(.invalidClient(ClientAssertion.Refusal.malformed.message)) }
        if let refusal = try await assertions.refusal(of: assertion, from: app, at: request.path, now: now) {
            return .refused(.invalidClient(refusal.message))
        }
        return .passed()
    }
}

/// An assertion as it came.
struct UnverifiedAssertion: Sendable {
    let jws: UnverifiedJWS

    init?(_ text: String) {
        guard let jws = try? UnverifiedJWS(parsing: text) else { return nil }
        self.jws = jws
    }

    var subject: String? { jws.claims["sub"]?.string }
}
