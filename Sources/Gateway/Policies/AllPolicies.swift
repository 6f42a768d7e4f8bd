public import AccessTokens
public import Applications
public import Consents
public import Metering
public import Storage
public import Web

/// Every rule of the gateway, in the order in which a call meets them. The first that refuses answers.
public struct AllPolicies: Sendable {
    public let inOrder: [any Policy]

    public init(
        verifier: AccessTokenVerifier, possession: PossessionCheck, certificates: ClientCertificates, addresses: ServerAddresses, revocations: Revocations,
        apps: AppDirectory,
        consents: ConsentDirectory, database: any Database, quotas: Quotas, upstreams: Upstreams
    ) {
        inOrder = [
            TokenPolicy(verifier: verifier),
            PossessionPolicy(possession: possession, addresses: addresses, certificates: certificates, apps: apps),
            RevocationPolicy(revocations: revocations),
            AppPolicy(apps: apps),
            AddressPolicy(),
            BurstPolicy(limiter: BurstLimiter()),
            RequestPolicy(),
            ScopePolicy(),
            ConsentStatePolicy(consents: consents),
            AuthenticationLevelPolicy(),
            PermissionPolicy(),
            AccountPolicy(),
            DataWindowPolicy(),
            IdempotencyPolicy(database: database),
            RoutePolicy(upstreams: upstreams),
            DailyQuotaPolicy(quotas: quotas),
        ]
    }

    /// For tests of single rules.
    init(inOrder: [any Policy]) { self.inOrder = inOrder }
}
