public import OAuth
public import Primitives
import Storage

/// A registered app: the client of OAuth.
public final class App: Sendable {
    public let id: AppID
    public let clientID: ClientID
    public let organisationID: OrganisationID
    public let organisationName: String
    /// The sandbox world whose customers it meets.
    public let world: OrganisationID
    /// The organisation's.
    public let plan: Plan
    public let name: String
    /// What the app says about itself, shown to customers in quotes.
    public let purpose: String?
    public let kind: AppKind
    public let environment: AppEnvironment
    public let profile: SecurityProfile
    public let redirectURIs: [RedirectURI]
    /// From where it may call; empty for anywhere.
    public let allowedNetworks: [IPNetwork]
    public let grantTypes: Set<GrantType>
    public let scopes: ScopeSet
    public let authenticationMethod: ClientAuthenticationMethod
    public let metadata: ClientMetadata
    /// The live ones and the revoked ones, the latest first.
    public let secrets: [AppSecret]
    public let createdAt: Timestamp
    public let removedAt: Timestamp?
    /// Since when it waits for a confirmation, after the records were brought back from a backup; `nil` otherwise.
    public let heldAt: Timestamp?

    public init(
        id: AppID, clientID: ClientID, organisationID: OrganisationID, organisationName: String, world: OrganisationID, plan: Plan, name: String,
        purpose: String?,
        kind: AppKind, environment: AppEnvironment, profile: SecurityProfile, redirectURIs: [RedirectURI], allowedNetworks: [IPNetwork] = [],
        grantTypes: Set<GrantType>, scopes: ScopeSet,
        authenticationMethod: ClientAuthenticationMethod, metadata: ClientMetadata = ClientMetadata(), secrets: [AppSecret], createdAt: Timestamp,
        removedAt: Timestamp?,
        heldAt: Timestamp? = nil
    ) {
        self.id = id
        self.clientID = clientID
        self.organisationID = organisationID
        self.organisationName = organisationName
        self.world = world
        self.plan = plan
        self.name = name
        self.purpose = purpose
        self.kind = kind
        self.environment = environment
        self.profile = profile
        self.redirectURIs = redirectURIs
        self.allowedNetworks = allowedNetworks
        self.grantTypes = grantTypes
        self.scopes = scopes
        self.authenticationMethod = authenticationMethod
        self.metadata = metadata
        self.secrets = secrets
        self.createdAt = createdAt
        self.removedAt = removedAt
        self.heldAt = heldAt
    }

    public var isActive: Bool { removedAt == nil && heldAt == nil }
    public var isRemoved: Bool { removedAt != nil }
    /// It waits for somebody of its organisation to say that it is still theirs.
    public var isHeld: Bool { heldAt != nil && !isRemoved }
    /// RFC 6749 §2.1: a public client cannot keep a secret.
    public var isPublic: Bool { authenticationMethod == .none }
    public var isConfidential: Bool { !isPublic }
    public var liveSecrets: [AppSecret] { secrets.filter(\.isLive) }

    /// The live secret that this text is. Digests of every live one are compared in constant time.
    public func secret(matching text: String) -> AppSecret? {
        let digest = Digest(of: text)
        return secrets.reduce(nil) { found, secret in secret.isLive && constantTimeEqual(secret.digest.text, digest.text) ? secret : found }
    }

    /// Whether it may call from here.
    /// - Parameter address: `nil` when it is not known, which no list contains.
    public func mayCall(from address: IPAddress?) -> Bool {
        guard !allowedNetworks.isEmpty else { return true }
        guard let address else { return false }
        return allowedNetworks.contains { $0.contains(address) }
    }

    /// The registered address that a request's names exactly; a native app's loopback address may vary its port (RFC 8252 §7.3).
    public func redirectURI(matching requested: String) -> RedirectURI? {
        redirectURIs.first { $0.matches(requested, anyLoopbackPort: kind == .native) }
    }
}

/// One client secret, as it is kept: the digest, and the last four characters by which people tell it from another.
public struct AppSecret: Hashable, Sendable {
    public let id: SecretID
    public let digest: Digest
    public let hint: String
    public let createdAt: Timestamp
    /// To the minute, written by a background job.
    public let lastUsedAt: Timestamp?
    public let lastUsedFrom: String?
    public let revokedAt: Timestamp?

    public init(
        id: SecretID, digest: Digest, hint: String, createdAt: Timestamp, lastUsedAt: Timestamp? = nil, lastUsedFrom: String? = nil,
        revokedAt: Timestamp? = nil
    ) {
        self.id = id
        self.digest = digest
        self.hint = hint
        self.createdAt = createdAt
        self.lastUsedAt = lastUsedAt
        self.lastUsedFrom = lastUsedFrom
        self.revokedAt = revokedAt
    }

    public var isLive: Bool { revokedAt == nil }
}
