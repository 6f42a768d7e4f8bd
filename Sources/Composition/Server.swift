internal import AsyncHTTPClient
import Hummingbird
internal import Logging
internal import Mail
internal import Metrics
internal import NIOCore
internal import Passwords
internal import Primitives
internal import ServiceLifecycle
internal import Storage
internal import Telemetry
internal import UnixSignals
internal import Web

/// One process: opens, migrates, seeds, listens, and stops in order.
public enum Server {
    /// Runs until SIGTERM or SIGINT, then drains, stops accepting, finishes what is in flight (20 seconds at most) and flushes.
    /// - Throws: `ConfigurationError` for a set-up that cannot work.
    public static func run(_ configuration: Configuration, environment: [String: String]) async throws {
        // Untrapped it ends the process. What comes while the server starts is done once it runs.
        let hangUps = await UnixSignalsSequence(trapping: .sighup)
        let configuration =
            configuration.isMutualTLSPortNamed || (ListeningPort.mutualTLS(configuration)?.refusals ?? []).isEmpty
            ? configuration : configuration.withoutMutualTLS()
        FileDescriptors.raiseLimit()
        LoggingSystem.bootstrap { ECSLogHandler(label: $0) }
        let registry = PrometheusRegistry()
        MetricsSystem.bootstrap(registry)
        var logger = Logger(label: "wekeza")
        logger.logLevel = configuration.logLevel

        let master = try MasterKeyFile.load(directory: configuration.dataDirectory, environment: environment, randomness: SystemRandom())
        let bench = try await Workbench.open(configuration, logger: logger)
        let loose = try await bench.database.read { try LooseSettings(in: $0) }
        let warnings = [loose.warning, IssuerCheck.warning(of: configuration.issuer)].compactMap { $0 } + UnknownVariables(environment).warnings
        for (found, advice) in warnings { logger.warning("\(found) \(advice)") }
        let rootKey = try await bench.openRootKey(by: master)
        let replays = try await ReplayStore.open(configuration, bench: bench)
        let http = HTTPClient(configuration: .init(redirectConfiguration: .disallow, timeout: .init(connect: .seconds(2), read: .seconds(10))))
        do {
            try await serve(
                configuration, bench: bench, rootKey: rootKey, replays: replays, registry: registry, http: http, hangUps: hangUps, logger: logger)
        } catch {
            // The client must be shut down on every way out: it traps otherwise and hides the reason.
            try? await http.shutdown()
            throw error
        }
        try await http.shutdown()
        await bench.database.close()
    }

    private static func serve(
        _ configuration: Configuration, bench: Workbench, rootKey: RootKey, replays: any ReplayMemory, registry: PrometheusRegistry, http: HTTPClient,
        hangUps: UnixSignalsSequence, logger: Logger
    ) async throws {
        if !configuration.demo, try await DemoWorld.isIn(bench.database) {
            throw ConfigurationError("\(DemoWorld.refusal.found): \(DemoWorld.refusal.advice).")
        }
        let platform = try await Platform(
            configuration, assets: try Assets(folder: configuration.assets), bench: bench, rootKey: rootKey, replays: replays, passwords: PasswordHasher(),
            mailer: mailer(configuration), http: http)
        registry.observeProcess()
        registry.observe("log_lines_dropped_total", .counter, help: "Lines of the log that standard output did not take.") {
            Double(StandardOutput.linesDropped)
        }
        registry.observe("sql_statements_total", .counter, help: "Statements run for repositories.") { Double(bench.database.statistics.statements) }
        registry.observe("sql_writing_statements_total", .counter, help: "Those of them that write.") {
            Double(bench.database.statistics.writingStatements)
        }
        registry.observe("sql_commits_total", .counter, help: "Durable commits.") { Double(bench.database.statistics.commits) }

        let certificates = try ServerCertificates(configuration, bench: bench)
        let drain = Drain(configuration.drain)
        let listeners = Listeners(configuration, certificates: certificates, platform: platform, drain: drain, logger: logger)
        let greeting = Greeting(configuration, world: platform.demoWorld)
        let open = OpenSockets()
        let all = Listeners.count(configuration)
        let running: @Sendable (any Channel) -> Void = { if open.add($0) == all { greeting.print() } }
        let operations = Operations(platform: platform, registry: registry, drain: drain, sockets: open, of: all).routes.buildResponder()
        let sockets =
            try listeners.publicListeners(platform.responder, running: running) + listeners.mutualTLSListeners(platform.responder, running: running)
            + [listeners.operations(operations, running: running)]
        // The drain stops first, then the listeners, and jobs flush after them: services stop in the reverse order of this list.
        let services =
            [
                Reload(
                    hangUps: hangUps, certificates: certificates.all, trust: platform.trust, statementTrust: platform.statementTrust, logger: logger)
            ] + platform.jobs + sockets + [drain]
        var group = ServiceGroupConfiguration(services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        group.maximumGracefulShutdownDuration = configuration.drain + .seconds(20)
        // A port found taken later cancels the services that run, and their complaints stand before the one sentence that helps.
        for port in ListeningPort.all(configuration) { try port.check() }
        try await ServiceGroup(configuration: group).run()
    }

    private static func mailer(_ configuration: Configuration) -> any Mailer {
        if let mail = configuration.mail { SMTPMailer(settings: mail) } else { MemoryMailbox() }
    }
}
