import OAuth

extension Set<GrantType> {
    /// What an app with these may ask for unless it was registered for less: what is no app's own with a customer's codes, its own where it acts for itself.
    var defaultScopes: ScopeSet {
        ScopeSet(Scope.allCases.filter { scope in contains(scope.isForApps ? GrantType.clientCredentials : .authorizationCode) })
    }
}
