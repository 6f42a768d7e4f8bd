internal import Certificates
internal import Connections
internal import Foundation
public import Hummingbird
internal import HummingbirdCore
internal import HummingbirdTLS
public import Logging
public import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import Primitives
public import ServiceLifecycle
public import Web

/// The sockets of one process.
public struct Listeners {
    private let configuration: Configuration
    private let certificates: ServerCertificates
    private let check: ClientCertificateCheck
    private let clock: any WallClock
    private let randomness: any RandomSource
    private let drain: Drain
    private let logger: Logger
    /// How many connections one socket holds at a time; more wait in its backlog.
    private let mostConnections: Int

    /// Monitoring asks one question at a time.
    private static let mostOperationsConnections = 32

    public init(_ configuration: Configuration, certificates: ServerCertificates, platform: Platform, drain: Drain, logger: Logger) {
        self.configuration = configuration
        self.certificates = certificates
        check = platform.certificateCheck
        clock = platform.bench.clock
        randomness = platform.bench.randomness
        self.drain = drain
        self.logger = logger
        mostConnections = FileDescriptors.connections / (Self.count(configuration) - 1)
    }

    /// The public listener: HTTP, or HTTPS when the set-up names a certificate. `localhost` listens on 127.0.0.1 and, where the machine has it, on ::1.
    /// - Parameter running: is called once for each socket that listens.
    public func publicListeners(_ responder: some HTTPResponder<AppContext>, running: @escaping @Sendable (any Channel) -> Void) throws -> [any Service] {
        let http = connection(responder, isDraining: { [drain] in drain.isOn })
        let connection: any ServerChildChannel = try certificates.publicListener.map { try TLSChannel(http, tlsConfiguration: $0.configuration) } ?? http
        return listeners(connection, port: configuration.port, portFlag: "--port", running: running)
    }

    /// The listener that asks for a client certificate, where there is one: HTTPS with the same answers.
    public func mutualTLSListeners(_ responder: some HTTPResponder<AppContext>, running: @escaping @Sendable (any Channel) -> Void) throws -> [any Service] {
        guard let port = configuration.mutualTLSPort, let certificate = certificates.mutualTLS else { return [] }
        let connection = MutualTLSChannel(
            base: connection(responder, isDraining: { [drain] in drain.isOn }),
            context: try NIOSSLContext(configuration: certificate.askingForClientCertificate)
        ) { [check, clock] presented in
            // Finds and remembers the chain, for requests on this session and on those that resume it.
            guard case .success(let certificate) = ClientCertificate.read(presented.der) else { return }
            _ = await check.check(certificate, intermediates: presented.chain, at: clock.now)
        }
        return listeners(connection, port: port, portFlag: "--tls-port", running: running)
    }

    private func listeners(
        _ connection: any ServerChildChannel, port: Int, portFlag: String, running: @escaping @Sendable (any Channel) -> Void
    ) -> [any Service] {
        Self.hosts(configuration.host).map { host in
            listener(connection, host: host, port: port, portFlag: portFlag, most: mostConnections, running: running)
        }
    }

    /// The operations listener, on loopback only.
    func operations(_ responder: some HTTPResponder<AppContext>, running: @escaping @Sendable (any Channel) -> Void) -> any Service {
        listener(
            connection(responder), host: "127.0.0.1", port: configuration.opsPort, portFlag: "--ops-port", most: Self.mostOperationsConnections,
            running: running)
    }

    private func listener(
        _ connection: any ServerChildChannel, host: String, port: Int, portFlag: String, most: Int, running: @escaping @Sendable (any Channel) -> Void
    ) -> any Service {
        let server = connection.server(
            configuration: .init(address: .hostname(host, port: port), backlog: 1024, availableConnectionsDelegate: .maximum(most, logger: logger)),
            onServerRunning: { running($0) }, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger)
        return Listening(listener: server, host: host, port: ListeningPort(number: port, hosts: [host], flag: portFlag))
    }

    private func connection(_ responder: some HTTPResponder<AppContext>, isDraining: @escaping @Sendable () -> Bool = { false }) -> HTTPConnection {
        HTTPConnection(issuer: configuration.issuer, clock: clock, randomness: randomness, isDraining: isDraining) { request, context in
            try await responder.respond(to: request, context: context)
        }
    }

    /// Sockets that a start opens, operations included.
    static func count(_ configuration: Configuration) -> Int {
        hosts(configuration.host).count * (configuration.mutualTLSPort == nil ? 1 : 2) + 1
    }

    /// The addresses that the public listener and the one for client certificates have a socket for.
    static func hosts(_ host: String) -> [String] {
        guard host == "localhost" else { return [host] }
        return hasIPv6Loopback ? ["127.0.0.1", "::1"] : ["127.0.0.1"]
    }

    /// Whether a socket can be bound to ::1 on this machine.
    private static var hasIPv6Loopback: Bool {
        let descriptor = socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_addr = in6addr_loopback
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size)) == 0 }
        }
    }
}
