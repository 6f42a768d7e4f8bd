/// RFC 6749 §3.3: known scopes that the app is registered for.
enum ScopeCheck {
    static func scope(_ parameters: RequestParameters, detail: AuthorizationDetail?, for client: RegisteredClient) throws(OAuthError) -> ScopeSet {
        guard let text = parameters["scope"] else {
            // The scopes of a lodged consent follow from its permissions.
            if detail != nil { return [] }
            throw .against(.scopeSent, "The parameter scope is missing.", expected: client.scopes.text)
        }
        guard let scope = ScopeSet(text) else { throw .against(.scopeKnown, "A scope is unknown.", expected: client.scopes.text, received: .value(text)) }
        guard scope.isSubset(of: client.scopes) else {
            throw .against(.scopeRegistered, "The app is not registered for a scope that it asks for.", expected: client.scopes.text, received: .value(text))
        }
        guard !scope.contains(where: { !$0.isForCustomers }) else {
            throw .against(
                .scopeOfCustomer, "The scope consents.write belongs to the app itself: get it with client credentials.",
                expected: client.scopes.filter(\.isForCustomers).text, received: .value(text))
        }
        guard !scope.isEmpty || detail != nil else {
            throw .against(.scopeSent, "The parameter scope is empty.", expected: client.scopes.text, received: .value(text))
        }
        guard !scope.contains(.paymentsWrite) || detail != nil else {
            throw .against(
                .scopeOfPayment, "The scope payments.write needs a lodged payment consent.", expected: "authorization_details with the consent_id",
                received: .value(text))
        }
        return scope
    }
}
