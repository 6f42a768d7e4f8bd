package import OAuth
internal import Web

/// The answer that the customer's browser carries back to the app.
package struct AuthorizationAnswer: Hashable, Sendable {
    /// The redirect URI without the answer.
    package let redirectURI: String
    /// The whole address: 303 to it.
    package let location: String
    /// `nil` for a code.
    package let error: OAuthError.Code?

    /// What an answer always carries: `state` unchanged (RFC 6749 §4.1.2) and `iss` (RFC 9207 §2).
    struct Envelope {
        let target: RedirectTarget
        let state: String?
        let issuer: Issuer

        func code(_ code: String) -> AuthorizationAnswer { answer([("code", code)], error: nil) }

        /// RFC 6749 §4.1.2.1
        func error(_ error: OAuthError) -> AuthorizationAnswer {
            let parameters = [
                ("error", error.code.rawValue), ("error_description", error.description),
                ("error_uri", issuer.address(error.code.documentationPath)),
            ]
            return answer(parameters, error: error.code)
        }

        private func answer(_ parameters: [(String, String)], error: OAuthError.Code?) -> AuthorizationAnswer {
            var pairs = parameters.map { (name: $0.0, value: $0.1) }
            if let state { pairs.append((name: "state", value: state)) }
            pairs.append((name: "iss", value: issuer.text))
            return AuthorizationAnswer(redirectURI: target.address, location: target.address(adding: Parameters(pairs).urlEncoded), error: error)
        }
    }
}
