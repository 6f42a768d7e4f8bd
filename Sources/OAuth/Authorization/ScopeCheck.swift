/// RFC 6749 §3.3: known scopes that the app is registered for.
enum ScopeCheck {
    static func scope(_ parameters: RequestParameters, detail: AuthorizationDetail?, for client: RegisteredClient) throws(OAuthError) -> ScopeSet {
        guard let text = parameters["scope"] else {
            // The scopes of a lodged consent follow from its permissions.
            if detail != nil { return [] }
            throw .invalidScope("The parameter scope is missing.")
        }
        guard let scope = ScopeSet(text) else { throw .invalidScope("A scope is unknown.") }
        guard scope.isSubset(of: client.scopes) else { throw .invalidScope("The app is not registered for a scope that it asks for.") }
        guard !scope.contains(where: \.isForApps) else {
            throw .invalidScope("The scope consents.write belongs to the app itself: get it with client credentials.")
        }
        guard !scope.isEmpty || detail != nil else { throw .invalidScope("The parameter scope is empty.") }
        guard !scope.contains(.paymentsWrite) || detail != nil else {
            throw .invalidScope("The scope payments.write needs a lodged payment consent.")
        }
        return scope
    }
}
