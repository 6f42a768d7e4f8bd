import AccessTokens
import JOSE
import JSON
public import OAuth
public import Primitives
import Web

/// The answer that the customer's browser carries back to the app.
public struct AuthorizationAnswer: Sendable {
    let target: RedirectTarget
    let mode: ResponseMode
    let clientID: ClientID
    let parameters: Parameters
    /// The algorithm of a signed answer.
    let algorithm: SignatureAlgorithm
    /// `nil` for a code.
    public let error: OAuthError.Code?

    /// What an answer always carries: `state` unchanged (RFC 6749 §4.1.2) and `iss` (RFC 9207 §2).
    struct Envelope {
        let target: RedirectTarget
        let mode: ResponseMode
        let clientID: ClientID
        let algorithm: SignatureAlgorithm
        let state: String?
        let issuer: Issuer
        /// Where a refusal is explained.
        let errors: ErrorAddresses.Of

        func code(_ code: String) -> AuthorizationAnswer { answer([("code", code)], error: nil) }

        /// RFC 6749 §4.1.2.1
        func error(_ error: OAuthError) -> AuthorizationAnswer {
            let parameters = [
                ("error", error.code.rawValue), ("error_description", error.description),
                ("error_uri", errors.address(of: error)),
            ]
            return answer(parameters, error: error.code)
        }

        private func answer(_ parameters: [(String, String)], error: OAuthError.Code?) -> AuthorizationAnswer {
            var pairs = parameters.map { (name: $0.0, value: $0.1) }
            if let state { pairs.append((name: "state", value: state)) }
            pairs.append((name: "iss", value: issuer.text))
            return AuthorizationAnswer(
                target: target, mode: mode, clientID: clientID, parameters: Parameters(pairs), algorithm: algorithm, error: error)
        }
    }
}

/// How the browser is made to carry it.
public enum AuthorizationDelivery: Sendable {
    /// 303 to this address.
    case redirect(String)
    /// A form that is posted to the address (OAuth 2.0 Form Post Response Mode §2).
    case form(action: String, fields: [(name: String, value: String)])
}

extension AuthorizationEndpoint {
    /// - Throws: storage failures, when a signing key has to be made.
    public func deliver(_ answer: AuthorizationAnswer, at now: Timestamp) async throws -> AuthorizationDelivery {
        let parameters = answer.mode.isSigned ? Parameters([(name: "response", value: try await signed(answer, at: now))]) : answer.parameters
        return switch answer.mode.carrier {
        case .query: .redirect(answer.target.address(adding: parameters.urlEncoded))
        case .fragment: .redirect("\(answer.target.address)#\(parameters.urlEncoded)")
        case .form: .form(action: answer.target.address, fields: parameters.pairs)
        }
    }

    /// JARM §2.1: the parameters as claims; who answers and whom are claims already.
    private func signed(_ answer: AuthorizationAnswer, at now: Timestamp) async throws -> String {
        var claims = JSONObject([
            ("iss", .string(issuer.text)), ("aud", .string(answer.clientID.text)), ("exp", .integer((now + Self.signedAnswerLifetime).seconds)),
        ])
        for (name, value) in answer.parameters.pairs where name != "iss" { claims.append(name, .string(value)) }
        return try await keys.signing(answer.algorithm, at: now).sign(claims, type: .idToken)
    }

    /// JARM §2.1 recommends at most ten minutes.
    private static var signedAnswerLifetime: Duration { .minutes(5) }
}
