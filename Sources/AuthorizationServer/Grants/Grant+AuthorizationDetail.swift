import AccessTokens
import JSON
import OAuth

extension Grant {
    /// What the customer granted in detail (RFC 9396 §7), so the app learns the consent that plain scopes made. A narrower token leaves the consent what it is.
    var detail: AuthorizationDetail? {
        // Who the customer is may be told again while a consent is in force, without what it allows.
        guard let consentID, scope.contains(where: \.needsConsent) else { return nil }
        return AuthorizationDetail(type: AuthorizationDetailType(of: scope), consentID: consentID)
    }

    /// RFC 9396 §6: a token may be asked for with what the grant holds.
    /// - Returns: `nil` when it holds this.
    func refusal(of asked: AuthorizationDetail) -> OAuthError? {
        guard asked != detail else { return nil }
        return .against(
            .detailGranted, "The grant does not hold this authorization detail.", expected: detail?.json.text ?? "no authorization_details",
            received: .value(asked.json.text))
    }
}
