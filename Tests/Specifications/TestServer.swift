import Applications
import AsyncHTTPClient
import Composition
import Events
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Identity
import Logging
import Mail
import Metering
import NIOCore
import NIOFoundationEssentialsCompat
import OAuth
import Passwords
import Primitives
import Storage
import TestSupport
import Web

/// The whole platform on a database of its own, reached through its routes: what a partner, a browser and a customer see. The demo world is there;
/// the clock stands still until a test moves it.
struct TestServer: Sendable {
    static let issuer = Issuer("http://localhost:8080")!  // a constant that parses

    let platform: Platform
    let clock: ManualClock
    let mailbox: MemoryMailbox
    let client: any TestClientProtocol
    let engine: Engine
    /// The address that requests come from; without one they come from no socket.
    var peer: String?
    /// What a proxy adds to each request.
    var told: HTTPFields = [:]
    /// The way over TLS; without one requests reach the routes directly.
    var route: Wire.Route?

    var issuer: Issuer { platform.configuration.issuer }

    /// Runs the body against a server of its own. Nothing runs in the background: `settle()` does what the background would have done.
    /// - Parameters:
    ///   - demo: whether the demo world is there, as after `wekeza serve --demo`.
    ///   - proxies: as `--trusted-proxies` and `--client-cert-proxies` name them.
    ///   - statementIssuers: the file of `--software-statement-issuers`.
    ///   - authorities: as the file of `--client-ca` holds them; with one there is a listener that asks for client certificates.
    ///   - front: what stands in front of the database.
    static func run<R: Sendable>(
        _ engine: Engine, demo: Bool = true, trusting proxies: [String] = [], authorities: String? = nil, statementIssuers: String? = nil,
        behind front: @Sendable (any Database) -> any Database = { $0 }, _ body: @escaping @Sendable (TestServer) async throws -> R
    ) async throws -> R {
        try await withDatabase(
            engine, migrations: AllMigrations.all(on: engine), contents: demo ? demoWorld : nil
        ) { database in
            let configuration = configuration(demo: demo, trusting: proxies, authorities: authorities, statementIssuers: statementIssuers)
            return try await run(engine, configuration, on: front(database), clock: ManualClock(), body)
        }
    }

    /// A server without the demo on a database that is there: what the next process of a deployment finds.
    static func run<R: Sendable>(
        _ engine: Engine, on database: any Database, at now: Timestamp, _ body: @escaping @Sendable (TestServer) async throws -> R
    ) async throws -> R {
        try await run(engine, configuration(demo: false), on: database, clock: ManualClock(now), body)
    }

    private static func run<R: Sendable>(
        _ engine: Engine, _ configuration: Configuration, on database: any Database, clock: ManualClock,
        _ body: @escaping @Sendable (TestServer) async throws -> R
    ) async throws -> R {
        let mailbox = MemoryMailbox()
        return try await TestReplayMemory.run(engine, on: database) { replays in
            let platform = try await platform(configuration, on: database, replays, clock: clock, mailbox: mailbox)
            return try await Application(responder: Peers(responder: platform.responder), logger: .quiet).test(.router) { client in
                try await body(TestServer(platform: platform, clock: clock, mailbox: mailbox, client: client, engine: engine))
            }
        }
    }

    /// Hears of every committed change and writes the records that wait.
    func settle() async throws {
        try await platform.feed.poll()
        try await platform.recorder.flush()
        try await platform.secretUse.flush()
    }

    var database: any Database { platform.bench.database }

    /// The same over TLS, with an https issuer: real sockets, the public listener's and that of mutual TLS.
    static func runOverTLS<R: Sendable>(
        _ engine: Engine, authorities: String? = nil, _ body: @escaping @Sendable (TestServer) async throws -> R
    ) async throws -> R {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("wire-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try await withDatabase(
            engine, migrations: AllMigrations.all(on: engine), contents: demoWorld
        ) { database in
            let (mailbox, clock) = (MemoryMailbox(), ManualClock())
            var configuration = configuration(issuer: Issuer("https://\(Wire.Listener.open.host)") ?? issuer, authorities: authorities)
            try Wire.configure(&configuration, folder: folder)
            return try await TestReplayMemory.run(engine, on: database) { [configuration] replays in
                let platform = try await platform(configuration, on: database, replays, clock: clock, mailbox: mailbox)
                return try await Wire.run(to: platform) { wire in
                    try await Application(responder: wire, logger: .quiet).test(.router) { client in
                        try await body(
                            TestServer(platform: platform, clock: clock, mailbox: mailbox, client: client, engine: engine, route: Wire.Route()))
                    }
                }
            }
        }
    }

    private static let demoWorld = TestContents("demo world") { database in
        try await TestReplayMemory.run(.sqlite, on: database) { replays in
            _ = try await platform(configuration(), on: database, replays, clock: ManualClock(), mailbox: MemoryMailbox())
        }
    }

    /// Read once for all servers: reading was two fifths of what all tests took.
    private static let assets = Result {
        try Assets(folder: URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../..").standardizedFileURL.path)
    }

    private static func configuration(
        issuer: Issuer = issuer, demo: Bool = true, trusting proxies: [String] = [], authorities: String? = nil, statementIssuers: String? = nil
    ) -> Configuration {
        var configuration = Configuration(issuer: issuer)
        configuration.trustedProxies = TrustedProxies(proxies.compactMap(IPNetwork.init))
        configuration.certificateProxies = configuration.trustedProxies
        configuration.clientAuthorities = authorities
        configuration.statementIssuers = statementIssuers
        if authorities != nil { configuration.mutualTLSBase = MutualTLSBase("https://localhost:8443") }
        configuration.demo = demo
        return configuration
    }

    private static func platform(
        _ configuration: Configuration, on database: any Database, _ replays: TestReplayMemory, clock: ManualClock, mailbox: MemoryMailbox
    ) async throws -> Platform {
        let bench = Workbench(database: database, clock: clock, logger: .quiet)
        let instant = ContinuousClock.now
        // It has been up for an hour.
        _ = try await replays.started(ManualClock(clock.now - .hours(1)))
        return try await Platform(
            configuration, assets: try assets.get(), bench: bench, rootKey: .test, replays: try await replays.started(clock),
            passwords: PasswordHasher(settings: .test, concurrency: 4, queueLimit: 1000), mailer: mailbox,
            http: .shared, riskDeadline: .seconds(3), documentTimeout: .minutes(5),
            feedClock: { instant })
    }
}

/// Stands for the sockets: takes a request's peer from a field that only tests know.
struct Peers: HTTPResponder {
    static let field = HTTPField.Name("X-Test-Peer")!  // a valid name
    let responder: RoutesResponder

    func respond(to request: Request, context: AppContext) async throws -> Response {
        guard let peer = request.headers[Self.field] else { return try await responder.respond(to: request, context: context) }
        var (head, context) = (request.head, context)
        head.headerFields[Self.field] = nil
        context.peer = IPAddress(peer)
        context.client = ClientAddress(context.peer)
        return try await responder.respond(to: Request(head: head, body: request.body), context: context)
    }
}

// MARK: Requests

extension TestServer {
    /// The same server, called from this address.
    func called(from peer: String) -> TestServer {
        var server = self
        server.peer = peer
        return server
    }

    func get(_ uri: String, headers: HTTPFields = [:]) async throws -> TestResponse {
        try await send(.get, uri, headers: headers)
    }

    func send(_ method: HTTPRequest.Method, _ uri: String, headers: HTTPFields = [:], body: String? = nil) async throws -> TestResponse {
        var headers = headers
        headers[Peers.field] = peer
        for field in told { headers[field.name] = field.value }
        return try await Wire.$route.withValue(route ?? Wire.Route()) {
            try await client.executeRequest(uri: uri, method: method, headers: headers, body: body.map { ByteBuffer(string: $0) })
        }
    }

    /// A form as a program posts it.
    func post(_ uri: String, form: [(name: String, value: String)], headers: HTTPFields = [:]) async throws -> TestResponse {
        var headers = headers
        if headers[.contentType] == nil { headers[.contentType] = "application/x-www-form-urlencoded" }
        return try await send(.post, uri, headers: headers, body: Parameters(form).urlEncoded)
    }

    func post(_ uri: String, json: String, headers: HTTPFields = [:]) async throws -> TestResponse {
        var headers = headers
        headers[.contentType] = "application/json"
        return try await send(.post, uri, headers: headers, body: json)
    }

    /// A call of the API with an access token.
    func call(_ uri: String, token: String, method: HTTPRequest.Method = .get, json: String? = nil, headers: HTTPFields = [:]) async throws -> TestResponse {
        var headers = headers
        headers[.authorization] = "Bearer \(token)"
        if json != nil { headers[.contentType] = "application/json" }
        return try await send(method, uri, headers: headers, body: json)
    }
}

extension TestResponse {
    var text: String { String(buffer: body) }

    /// The body as a JSON object; empty when it is none.
    var json: [String: Any] { (try? JSONSerialization.jsonObject(with: Data(buffer: body))) as? [String: Any] ?? [:] }

    /// The `error` of OAuth's answers, the `code` of problems.
    var errorCode: String? { (json["error"] ?? json["code"]) as? String }

    var location: String? { headers[.location] }
}

// MARK: Apps

/// A registered app and the secret it was shown.
struct TestApp: Sendable {
    let app: App
    let secret: String?

    var clientID: String { app.clientID.text }
    var redirectURI: String { app.redirectURIs.first?.text ?? "" }

    /// RFC 6749 §2.3.1.
    var basic: HTTPFields {
        let text = "\(Parameters.encode(clientID)):\(Parameters.encode(secret ?? ""))"
        return [.authorization: "Basic \(Data(text.utf8).base64EncodedString())"]
    }
}

extension TestServer {
    /// Registers an app in an organisation of its own.
    /// - Parameter world: whose customers it meets; `nil` for an empty world of its own.
    func register(
        _ kind: AppKind = .web, name: String = "Acme Budget", redirectURIs: [String] = ["https://app.example.com/callback"],
        allowedNetworks: [String] = [], method: ClientAuthenticationMethod? = nil, grantTypes: Set<GrantType>? = nil, scopes: ScopeSet? = nil,
        plan: Plan = .free, environment: AppEnvironment = .sandbox, world: OrganisationID? = DemoWorld.organisation, profile: SecurityProfile = .oauth21,
        metadata: ClientMetadata = ClientMetadata()
    ) async throws -> TestApp {
        let now = clock.now
        return try await database.write { tx in
            let organisation = OrganisationID.random(from: SystemRandom())
            _ = try Organisations().create(
                id: organisation, name: name, world: world, plan: plan, owner: nil, by: .commandLine, at: now, requestID: nil, in: tx)
            let new = NewApp(
                organisationID: organisation, name: name, purpose: "To show your month.", kind: kind, environment: environment, profile: profile,
                redirectURIs: kind == .backend ? [] : redirectURIs.map(RedirectURI.init(registered:)),
                allowedNetworks: allowedNetworks.compactMap(IPNetwork.init), grantTypes: grantTypes,
                scopes: scopes ?? (kind == .web ? ScopeSet(Scope.allCases.filter { $0 != .paymentsWrite }) : nil), authenticationMethod: method,
                metadata: metadata)
            let (app, secret) = try Applications.Apps().create(new, by: .commandLine, at: now, requestID: nil, in: tx).get()
            return TestApp(app: app, secret: secret?.value)
        }
    }

    /// A second app of the same organisation.
    func sibling(
        of app: TestApp, _ kind: AppKind = .web, method: ClientAuthenticationMethod? = nil, scopes: ScopeSet? = nil,
        metadata: ClientMetadata = ClientMetadata()
    ) async throws -> TestApp {
        let now = clock.now
        return try await database.write { tx in
            let new = NewApp(
                organisationID: app.app.organisationID, name: "Sibling", kind: kind,
                redirectURIs: kind == .backend ? [] : ["https://sibling.example.com/callback"].map(RedirectURI.init(registered:)), scopes: scopes,
                authenticationMethod: method, metadata: metadata)
            let (app, secret) = try Applications.Apps().create(new, by: .commandLine, at: now, requestID: nil, in: tx).get()
            return TestApp(app: app, secret: secret?.value)
        }
    }

    /// The token endpoint, with the app's credentials unless told otherwise.
    func token(_ app: TestApp, _ form: [(name: String, value: String)], headers: HTTPFields? = nil) async throws -> TestResponse {
        let isPublic = app.app.isPublic
        return try await post(
            "/oauth2/token", form: isPublic ? form + [("client_id", app.clientID)] : form, headers: headers ?? (isPublic ? [:] : app.basic))
    }

    func appToken(_ app: TestApp, scope: String = "consents.write") async throws -> String {
        let answer = try await token(app, [("grant_type", "client_credentials"), ("scope", scope)])
        return answer.json["access_token"] as? String ?? ""
    }
}
