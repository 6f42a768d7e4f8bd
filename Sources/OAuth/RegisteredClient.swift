/// What the pure rules need to know of a registered app.
public struct RegisteredClient: Hashable, Sendable {
    public let id: ClientID
    public let redirectURIs: [RedirectURI]
    public let scopes: ScopeSet
    public let grantTypes: Set<GrantType>
    /// A native app's loopback redirect URI may vary its port (RFC 8252 §7.3).
    public let isNative: Bool
    /// RFC 6749 §2.1
    public let isPublic: Bool
    public let rules: ProfileRules
    public let metadata: ClientMetadata

    public init(
        id: ClientID, redirectURIs: [RedirectURI], scopes: ScopeSet, grantTypes: Set<GrantType>, isNative: Bool, isPublic: Bool = false,
        rules: ProfileRules = SecurityProfile.oauth21.rules, metadata: ClientMetadata = ClientMetadata()
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
    public var requiresPushedRequests: Bool { rules.requiresPushedRequests || metadata.requiresPushedAuthorizationRequests }
    public var requiresSignedRequests: Bool { rules.requiresSignedRequests || metadata.requiresSignedRequestObject }
    public var requiresPKCE: Bool { isPublic || rules.requiresPKCEOfConfidentialClients }
}
