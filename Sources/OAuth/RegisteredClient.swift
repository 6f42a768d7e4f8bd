/// What the pure rules need to know of a registered app.
package struct RegisteredClient: Hashable, Sendable {
    package let id: ClientID
    package let redirectURIs: [RedirectURI]
    package let scopes: ScopeSet
    package let grantTypes: Set<GrantType>
    /// A native app's loopback redirect URI may vary its port (RFC 8252 §7.3).
    package let isNative: Bool

    package init(id: ClientID, redirectURIs: [RedirectURI], scopes: ScopeSet, grantTypes: Set<GrantType>, isNative: Bool) {
        self.id = id
        self.redirectURIs = redirectURIs
        self.scopes = scopes
        self.grantTypes = grantTypes
        self.isNative = isNative
    }
}
