import Applications
import Consents
import OAuth
import OpenBanking
import Primitives

/// Whether a lodged consent can be authorised by this request: it belongs to the app, waits for its customer and has not expired.
enum LodgedConsentCheck {
    /// - Parameters:
    ///   - type: what the request says that the consent is for; later it is known.
    ///   - person: who is asked, once they are signed in.
    /// - Returns: the scopes of the token: the identity scopes asked for, and the API scopes that follow from the permissions.
    static func scope(
        of consent: Consent?, as type: AuthorizationDetailType? = nil, asked: ScopeSet, by app: App, person: PersonID? = nil, at now: Timestamp
    ) -> Result<ScopeSet, OAuthError> {
        // A consent of another app is told like one that does not exist.
        guard let consent, consent.appID == app.id else {
            return .failure(.against(.lodgedConsent, "The app has no consent with this consent_id.", expected: "a consent_id that this app lodged"))
        }
        // Whatever moves money is authorised as a payment.
        let expected: AuthorizationDetailType = consent.payment == nil ? .accountAccess : .payment
        if let type, type != expected {
            return .failure(
                .against(
                    .authorizationDetails, "The consent is of type \(consent.type.rawValue).", expected: expected.rawValue,
                    received: .value(type.rawValue)))
        }
        guard consent.waits(for: person, at: now) else {
            let status = consent.status(at: now)
            return .failure(
                .against(
                    .lodgedConsent, "The consent is \(status.rawValue): it does not wait for this customer.", expected: "awaiting_authorisation",
                    received: .value("\(consent.id) is \(status.rawValue)")))
        }
        let following = ScopeSet(consent.scopes.compactMap(Scope.init))
        guard following.isSubset(of: app.scopes) else {
            return .failure(
                .against(
                    .scopeRegistered, "The app is not registered for the scopes that the consent's permissions need: \(following.text).",
                    parameter: "authorization_details", expected: app.scopes.text, received: .value(following.text)))
        }
        return .success(asked.filter { !$0.needsConsent }.union(following))
    }
}
