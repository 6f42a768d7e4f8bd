public import AccessTokens
public import Applications
public import Consents
public import Metering
public import Storage
public import Web

/// Every rule of the gateway, in the order in which a call meets them. The first that refuses answers. Where a consent has ended,
/// `consent_state` itself looks for what the call's key was answered before, since `idempotency` comes behind it.
public struct AllPolicies: Sendable {
    public let inOrder: [any Policy]

    public init(
        verifier: AccessTokenVerifier, possession: PossessionCheck, certificates: ClientCertificates, addresses: ServerAddresses, revocations: Revocations,
        apps: AppDirectory,
        consents: ConsentDirectory, database: any Database, quotas: Quotas, upstreams: Upstreams
    ) {
        let bursts = BurstLimiter()
        inOrder = [
            TokenPolicy(verifier: verifier),
            PossessionPolicy(possession: possession, addresses: addresses, certificates: certificates, apps: apps, bursts: bursts),
            RevocationPolicy(revocations: revocations),
            AppPolicy(apps: apps),
            AddressPolicy(),
            BurstPolicy(bursts: bursts),
            ScopePolicy(),
            RequestPolicy(),
            ConsentStatePolicy(consents: consents, database: database),
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
