import Applications
import OAuth
import Primitives

extension AuthorizationEndpoint {
    /// What the app lost since it asked.
    enum Lost: Error {
        /// Nothing may be sent to the address (RFC 6749 §3.1.2.4).
        case redirectURI(AuthorizationPageError)
        case scope(OAuthError)
    }

    /// The transaction as it stands with what the app is registered for now: it may have lost its address or scopes while the customer made up their mind.
    func current(_ asked: AuthorizationTransaction, of app: App, at now: Timestamp) -> Result<AuthorizationTransaction, Lost> {
        guard app.redirectURI(matching: asked.redirectURI) != nil else {
            let sent = RequestParameters([(name: "client_id", value: asked.clientID.text), (name: "redirect_uri", value: asked.redirectURI)])
            let errors = errors.of(app, at: .authorize, now: now)
            return .failure(.redirectURI(AuthorizationPageError(.redirectURI(.notRegistered), of: app, sent, errors)))
        }
        let transaction = asked.narrowed(to: app.scopes)
        // What a lodged consent allows is not given by halves.
        let isWhole = asked.consentID == nil || asked.scope.filter(\.needsConsent).isSubset(of: app.scopes)
        guard isWhole, !transaction.scope.isEmpty else {
            return .failure(
                .scope(
                    .against(
                        .scopeRegistered, "The app is no longer registered for what it asked for.", expected: app.scopes.text,
                        received: .value(asked.scope.text))))
        }
        return .success(transaction)
    }
}
