internal import Certificates
internal import Foundation
package import Hummingbird
internal import HummingbirdCore
internal import HummingbirdTLS
package import Logging
package import NIOCore
internal import NIOSSL
internal import Primitives
package import ServiceLifecycle
package import Web

/// The sockets of one process.
package struct Listeners {
    private let configuration: Configuration
    private let certificates: ServerCertificates
    private let check: ClientCertificateCheck
    private let clock: any WallClock
    private let drain: Drain
    private let logger: Logger
    /// How many connections one socket holds at a time; more wait in its backlog.
    private let mostConnections: Int

    /// How long a connection may be silent.
    private static let idleTimeout = Duration.seconds(60)
    /// How long a request may take to arrive.
    private static let requestTimeout = Duration.seconds(30)
    /// Monitoring asks one question at a time.
    private static let mostOperationsConnections = 32

    package init(_ configuration: Configuration, certificates: ServerCertificates, platform: Platform, drain: Drain, logger: Logger) {
        self.configuration = configuration
        self.certificates = certificates
        check = platform.certificateCheck
        clock = platform.bench.clock
        self.drain = drain
        self.logger = logger
        mostConnections = FileDescriptors.connections / (Self.count(configuration) - 1)
    }

    /// The public listener: HTTP, or HTTPS when the set-up names a certificate. `localhost` listens on 127.0.0.1 and, where the machine has it, on ::1.
    /// - Parameter running: is called once for each socket that listens.
    package func publicListeners(_ responder: some HTTPResponder<AppContext>, running: @escaping @Sendable (any Channel) -> Void) throws -> [any Service] {
        let http = http(lastAnswers: [LastAnswer(drain)])
        let server = try certificates.publicListener.map { try HTTPServerBuilder.tls(http, tlsConfiguration: $0.configuration) } ?? http
        return listeners(responder, server: server, port: configuration.port, portFlag: "--port", running: running)
    }

    /// The listener that asks for a client certificate, where there is one: HTTPS with the same answers.
    package func mutualTLSListeners(_ responder: some HTTPResponder<AppContext>, running: @escaping @Sendable (any Channel) -> Void) throws -> [any Service] {
        guard let port = configuration.mutualTLSPort, let certificate = certificates.mutualTLS else { return [] }
        let context = try NIOSSLContext(configuration: certificate.askingForClientCertificate)
        let server = HTTPServerBuilder { [drain, check, clock] responder in
            MutualTLSChannel(base: Self.channel(responder, lastAnswers: [LastAnswer(drain)]), context: context) { presented in
                // Finds and remembers the chain, for requests on this session and on those that resume it.
                guard case .success(let certificate) = ClientCertificate.read(presented.der) else { return }
                _ = await check.check(certificate, intermediates: presented.chain, at: clock.now)
            }
        }
        return listeners(responder, server: server, port: port, portFlag: "--tls-port", running: running)
    }

    private func listeners(
        _ responder: some HTTPResponder<AppContext>, server: HTTPServerBuilder, port: Int, portFlag: String, running: @escaping @Sendable (any Channel) -> Void
    ) -> [any Service] {
        Self.hosts(configuration.host).map { host in
            let application = Application(
                responder: responder, server: server,
                configuration: .init(
                    address: .hostname(host, port: port), serverName: nil, backlog: 1024,
                    availableConnectionsDelegate: .maximum(mostConnections, logger: logger)),
                onServerRunning: { running($0) }, logger: logger)
            return Listening(listener: application, host: host, port: port, portFlag: portFlag)
        }
    }

    /// The operations listener, on loopback only.
    func operations(_ responder: some HTTPResponder<AppContext>, running: @escaping @Sendable (any Channel) -> Void) -> any Service {
        let application = Application(
            responder: responder, server: http(),
            configuration: .init(
                address: .hostname("127.0.0.1", port: configuration.opsPort), serverName: nil,
                availableConnectionsDelegate: .maximum(Self.mostOperationsConnections, logger: logger)),
            onServerRunning: { running($0) }, logger: logger)
        return Listening(listener: application, host: "127.0.0.1", port: configuration.opsPort, portFlag: "--ops-port")
    }

    /// - Parameter lastAnswers: made anew for each connection.
    private func http(lastAnswers: @autoclosure @escaping @Sendable () -> [any RemovableChannelHandler] = []) -> HTTPServerBuilder {
        HTTPServerBuilder { responder in Self.channel(responder, lastAnswers: lastAnswers()) }
    }

    private static func channel(
        _ responder: @escaping HTTPChannelHandler.Responder, lastAnswers: @autoclosure @escaping @Sendable () -> [any RemovableChannelHandler]
    ) -> LoopBoundChannel<HTTP1Channel> {
        LoopBoundChannel(
            base: HTTP1Channel(
                responder: responder,
                configuration: .init(
                    additionalChannelHandlers: [RequestDeadline(.init(requestTimeout))] + lastAnswers(), idleTimeout: .init(idleTimeout))))
    }

    /// Sockets that a start opens, operations included.
    static func count(_ configuration: Configuration) -> Int {
        hosts(configuration.host).count * (configuration.mutualTLSPort == nil ? 1 : 2) + 1
    }

    private static func hosts(_ host: String) -> [String] {
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
