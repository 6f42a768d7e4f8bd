package import OAuth
package import Primitives
import Storage

/// A registered app: the client of OAuth.
package final class App: Sendable {
    package let id: AppID
    package let clientID: ClientID
    package let organisationID: OrganisationID
    package let organisationName: String
    /// The sandbox world whose customers it meets.
    package let world: OrganisationID
    /// The organisation's.
    package let plan: Plan
    package let name: String
    /// What the app says about itself, shown to customers in quotes.
    package let purpose: String?
    package let kind: AppKind
    package let environment: AppEnvironment
    package let profile: SecurityProfile
    package let redirectURIs: [RedirectURI]
    /// From where it may call; empty for anywhere.
    package let allowedNetworks: [IPNetwork]
    package let grantTypes: Set<GrantType>
    package let scopes: ScopeSet
    package let authenticationMethod: ClientAuthenticationMethod
    package let metadata: ClientMetadata
    /// The live ones and the revoked ones, the latest first.
    package let secrets: [AppSecret]
    package let createdAt: Timestamp
    package let removedAt: Timestamp?
    /// Since when it waits for a confirmation, after the records were brought back from a backup; `nil` otherwise.
    package let heldAt: Timestamp?

    package init(
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

    package var isActive: Bool { removedAt == nil && heldAt == nil }
    package var isRemoved: Bool { removedAt != nil }
    /// It waits for somebody of its organisation to say that it is still theirs.
    package var isHeld: Bool { heldAt != nil && !isRemoved }
    /// RFC 6749 §2.1: a public client cannot keep a secret.
    package var isPublic: Bool { authenticationMethod == .none }
    package var isConfidential: Bool { !isPublic }
    package var liveSecrets: [AppSecret] { secrets.filter(\.isLive) }

    /// The live secret that this text is. Digests of every live one are compared in constant time.
    package func secret(matching text: String) -> AppSecret? {
        let digest = Digest(of: text)
        return secrets.reduce(nil) { found, secret in secret.isLive && constantTimeEqual(secret.digest.text, digest.text) ? secret : found }
    }

    /// Whether it may call from here.
    /// - Parameter address: `nil` when it is not known, which no list contains.
    package func mayCall(from address: IPAddress?) -> Bool {
        guard !allowedNetworks.isEmpty else { return true }
        guard let address else { return false }
        return allowedNetworks.contains { $0.contains(address) }
    }

    /// The registered address that a request's names exactly; a native app's loopback address may vary its port (RFC 8252 §7.3).
    package func redirectURI(matching requested: String) -> RedirectURI? {
        redirectURIs.first { $0.matches(requested, anyLoopbackPort: kind == .native) }
    }
}

/// One client secret, as it is kept: the digest, and the last four characters by which people tell it from another.
package struct AppSecret: Hashable, Sendable {
    package let id: SecretID
    package let digest: Digest
    package let hint: String
    package let createdAt: Timestamp
    /// To the minute, written by a background job.
    package let lastUsedAt: Timestamp?
    package let lastUsedFrom: String?
    package let revokedAt: Timestamp?

    package init(
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

    package var isLive: Bool { revokedAt == nil }
}
