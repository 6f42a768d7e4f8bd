public import Payments
public import AccessTokens
public import Applications
public import AsyncHTTPClient
internal import AuthorizationServer
internal import BankAPI
public import Certificates
internal import Consents
internal import CustomerPages
internal import Demo
import Gateway
import Hummingbird
public import Identity
public import Mail
public import Metering
internal import NIOPosix
import OAuth
internal import Pages
public import Passwords
internal import Portal
public import Primitives
public import RemoteDocuments
internal import Sandbox
internal import SecondFactorPages
internal import StaffPages
public import Storage
public import Web

/// Every room built and connected: what one process serves and the work it does beside.
public struct Platform: Sendable {
    public let bench: Workbench
    public let configuration: Configuration
    public let replays: any ReplayMemory
    public let possession: PossessionCheck
    public let feed: ChangeFeed
    public let keys: SigningKeys
    public let apps: AppDirectory
    public let secretUse: SecretUse
    public let signIn: SignIn
    public let sessions: Sessions
    public let recorder: DecisionRecorder
    public let quotas: Quotas
    public let passwords: PasswordHasher
    let outgoing: OutgoingMail
    let trust: ClientTrust
    let statementTrust: StatementTrust
    public let certificateCheck: ClientCertificateCheck
    public let clientCertificates: ClientCertificates
    /// The public listener's answers.
    public let responder: RoutesResponder
    /// The fake world, in demo mode.
    public let demoWorld: DemoWorld?

    /// - Parameters:
    ///   - mailer: where mail leaves by; in demo mode a mailbox whose page is `/demo/mailbox`.
    ///   - http: for `/demo`.
    ///   - riskDeadline: how long a risk decision may take; tests, which crowd a machine, give it longer.
    ///   - documentTimeout: how long an app's `jwks_uri` may take; the same holds of it.
    ///   - feedClock: by which what is remembered counts as confirmed; tests hold it still.
    public init(
        _ configuration: Configuration, assets: Assets, bench: Workbench, rootKey: RootKey, replays: any ReplayMemory, passwords: PasswordHasher,
        mailer: any Mailer, http: HTTPClient,
        riskDeadline: Duration = PaymentProcess.deadline, documentTimeout: Duration = DocumentFetcher.patience,
        feedClock: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) async throws {
        let (database, randomness, logger) = (bench.database, bench.randomness, bench.logger)
        let addresses = ServerAddresses(issuer: configuration.issuer, mutualTLS: configuration.mutualTLSBase)
        let issuer = addresses.issuer
        let now = bench.clock.now
        // What is handed out and comes back (refresh tokens, sealed forms): keyed anew after each restore from a backup.
        let travelKey = try await database.read { try Restorations().travelKey(of: rootKey, in: $0) }
        self.bench = bench
        self.configuration = configuration
        self.replays = replays
        self.passwords = passwords

        // What changes is heard before anything is remembered.
        let feed = ChangeFeed(database: database, logger: logger, now: feedClock)
        try await feed.poll()
        self.feed = feed
        keys = try await SigningKeys.load(database: database, rootKey: rootKey, feed: feed, randomness: randomness, at: now)
        apps = AppDirectory(database: database, feed: feed)
        secretUse = SecretUse(database: database)
        signIn = SignIn(database: database, passwords: passwords)
        sessions = Sessions(database: database, randomness: randomness)
        recorder = DecisionRecorder(database: database, logger: logger)
        outgoing = OutgoingMail(mailer: mailer, logger: logger)
        quotas = Quotas(database: database, clock: bench.clock, logger: logger)
        let sandboxAuthority = try await SandboxAuthority.load(database: database, rootKey: rootKey, randomness: randomness, at: now)
        trust = try ClientTrust(configuration, sandbox: sandboxAuthority.authority.certificate)
        statementTrust = try StatementTrust(configuration)
        certificateCheck = ClientCertificateCheck(authorities: trust.authorities, revocationLists: trust.revocationLists)
        clientCertificates = ClientCertificates(check: certificateCheck, database: database, feed: feed)

        let pages = PageRenderer(templates: assets.templates, files: assets.files, isDemo: configuration.demo)
        let seeder = WorldSeeder(database: database)
        let cookies = CookiePolicy(secure: issuer.isSecure)
        let csrf = CSRF(rootKey: travelKey)
        let trustedProxies: [any RequestStep] = configuration.trustedProxies.isEmpty ? [] : [ProxyTrust(configuration.trustedProxies)]
        let steps: [any RequestStep] = [
            RequestLog(),
            RequestIdentity(issuer: issuer, mutualTLSBase: configuration.mutualTLSBase, clock: bench.clock, randomness: randomness),
            SecurityHeaders(secure: issuer.isSecure),
            HTMLErrors(pages: pages),
            RefusalWordings([AuthorizationServerRoutes.refusalWording, GatewayRoutes.refusalWording]),
            HostCheck(),
            ClientCertTrust(configuration.certificateProxies),
            FormOrigin(),
        ]
        let routes = Routes(trustedProxies + steps)

        // Tokens
        let revocations = Revocations(database: database, feed: feed)
        let consents = ConsentDirectory(database: database, feed: feed)
        let verifier = AccessTokenVerifier(keys: keys, issuer: issuer.text)
        possession = PossessionCheck(proofs: DPoPVerifier(nonces: DPoPNonces(rootKey: travelKey), replays: replays))
        let documents = DocumentFetcher(allowsLoopback: configuration.demo, timeout: documentTimeout)
        let authorization = AuthorizationEndpoint(
            database: database, apps: apps, keys: keys, clientKeys: ClientKeys(fetcher: documents), rootKey: travelKey, issuer: issuer, randomness: randomness)
        AuthorizationServerRoutes(
            database: database, apps: apps, secretUse: secretUse, keys: keys, verifier: verifier, revocations: revocations,
            replays: replays, possession: possession, authorization: authorization, certificates: clientCertificates,
            registration: RegistrationPolicy(openFor: configuration.demo ? DemoWorld.organisation : nil, issuers: statementTrust.issuers), rootKey: travelKey,
            addresses: addresses, randomness: randomness
        ).add(to: routes)

        // The API
        let upstreams = Upstreams(
            platform: ConsentOperations(database: database, randomness: randomness),
            sandbox: BankUpstream(database: database, randomness: randomness, riskDeadline: riskDeadline),
            live: try configuration.upstream.map { try HTTPUpstream($0, on: MultiThreadedEventLoopGroup.singleton) },
            controls: SandboxControls(database: database, randomness: randomness))
        let policies = AllPolicies(
            verifier: verifier, possession: possession, certificates: clientCertificates, addresses: addresses, revocations: revocations, apps: apps,
            consents: consents, database: database,
            quotas: quotas, upstreams: upstreams)
        GatewayRoutes(contract: assets.contract, policies: policies, database: database, quotas: quotas, recorder: recorder).add(to: routes)

        // Pages
        assets.files.add(to: routes)
        let factors = FactorTools(
            database: database, rootKey: rootKey, travelKey: travelKey, pages: pages, cookies: cookies, randomness: randomness, signIn: signIn,
            sessions: sessions, outgoing: outgoing)
        let site = try PortalSite(
            database: database, rootKey: rootKey, travelKey: travelKey, pages: pages, cookies: cookies, passwords: passwords, signIn: signIn,
            sessions: sessions, factors: factors, seedWorld: { try await seeder.seed(world: $0, passwordHash: $1, at: $2) }, quotas: quotas,
            contract: assets.contract, contractDirectory: assets.contractFolder, certificateCheck: certificateCheck, sandboxAuthority: sandboxAuthority,
            randomness: randomness, logger: logger)
        PortalPages(site: site).add(to: routes)
        CustomerRoutes(
            pages: pages, cookies: cookies, csrf: csrf, database: database, randomness: randomness, signIn: signIn, sessions: sessions,
            passwords: passwords, authorization: authorization, apps: apps, factors: factors
        ).add(to: routes)
        StaffRoutes(
            pages: pages, cookies: cookies, csrf: csrf, database: database, randomness: randomness, signIn: signIn, sessions: sessions, factors: factors
        ).add(to: routes)
        demoWorld = configuration.demo ? DemoWorld(bench: bench, rootKey: rootKey, issuer: issuer, passwords: passwords) : nil
        if let world = demoWorld {
            try await world.seed()
            let mailbox = mailer as? MemoryMailbox
            DemoPages(
                pages: pages, cookies: cookies, rootKey: travelKey, randomness: randomness, issuer: issuer, clientID: DemoWorld.clientID.text,
                clientSecret: world.clientSecret, http: http,
                mailbox: mailbox.map { mailbox in
                    { @Sendable in mailbox.messages.map { MailboxEntry(to: $0.to, subject: $0.subject, text: $0.text, sentAt: $0.sentAt) } }
                },
                phones: { now in
                    try await database.read { [factors = factors.factors] tx in
                        let shown = try factors.codesForDemo(at: now, limit: 20, in: tx)
                        let people = try People().find(shown.map(\.person), in: tx)
                        return shown.map { PhoneEntry(name: people[$0.person]?.name ?? "", code: $0.code, secondsLeft: $0.secondsLeft) }
                    }
                }
            ).add(to: routes)
        }
        responder = routes.buildResponder()
    }
}
