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
        guard type == ClientAssertion.type else {
            throw .against(
                .readableCredentials, "The client_assertion_type is not \(ClientAssertion.type).", parameter: "client_assertion_type",
                expected: ClientAssertion.type, received: .value(type))
        }
        guard let text else {
            throw .against(.readableCredentials, "The client_assertion is missing.", parameter: "client_assertion", expected: "a signed JWT")
        }
        guard let assertion = UnverifiedAssertion(text), let clientID = request.parameters["client_id"] ?? assertion.subject else {
            throw ClientAssertion.Refusal.malformed.error(received: text)
        }
        return ClientAttempt(methods: [method], clientID: clientID, credentials: .assertion(assertion))
    }

    func check(_ attempt: ClientAttempt, of app: App, in request: ClientAuthenticationRequest, at now: Timestamp) async throws -> CredentialCheck {
        guard case .assertion(let assertion) = attempt.credentials else { return .refused(ClientAssertion.Refusal.malformed.error(received: "")) }
        switch await assertions.check(assertion, from: app, in: request, now: now) {
        case .success(let sound): return .passed(assertion: sound)
        case .failure(let error): return .refused(error)
        }
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

extension ClientAssertion.Refusal {
    func error(in request: ClientAuthenticationRequest, expected: String? = nil) -> OAuthError {
        error(received: request.parameters["client_assertion"] ?? "", expected: expected)
    }

    fileprivate func error(received assertion: String, expected: String? = nil) -> OAuthError {
        .against(rule, message, expected: expected, received: received(in: assertion))
    }
}
