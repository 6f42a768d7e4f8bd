/// What the pure rules need to know of a registered app.
package struct RegisteredClient: Hashable, Sendable {
    package let id: ClientID
    package let redirectURIs: [RedirectURI]
    package let scopes: ScopeSet
    package let grantTypes: Set<GrantType>
    /// A native app's loopback redirect URI may vary its port (RFC 8252 §7.3).
    package let isNative: Bool
    /// RFC 6749 §2.1
    package let isPublic: Bool
    package let rules: ProfileRules
    package let metadata: ClientMetadata

    package init(
        id: ClientID, redirectURIs: [RedirectURI], scopes: ScopeSet, grantTypes: Set<GrantType>, isNative: Bool, isPublic: Bool = false,
        rules: ProfileRules = ProfileRules(), metadata: ClientMetadata = ClientMetadata()
    ) {
        self.id = id
        self.redirectURIs = redirectURIs
        self.scopes = scopes
        self.grantTypes = grantTypes
        self.isNative = isNative
        self.isPublic = isPublic
        self.rules = rules
        self.metadata = metadata
    }
}

extension RegisteredClient {
    package var requiresPushedRequests: Bool { rules.requiresPushedRequests || metadata.requiresPushedAuthorizationRequests }
    package var requiresSignedRequests: Bool { rules.requiresSignedRequests || metadata.requiresSignedRequestObject }
    package var requiresPKCE: Bool { isPublic || rules.requiresPKCEOfConfidentialClients }
}
