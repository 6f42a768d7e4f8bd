import AsyncHTTPClient
import Certificates
import Composition
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL
import Primitives
import ServiceLifecycle
import TestSupport
import Web

/// Carries a test's requests through TLS to the server's own listeners, which bear names of their own and listen wherever there is room.
struct Wire: HTTPResponder {
    enum Listener: CaseIterable, Sendable {
        case open, mutualTLS

        var host: String { self == .open ? "bank.example" : "mtls.bank.example" }
    }

    /// Where a request goes, and what its sender shows in the handshake.
    struct Route: Sendable {
        var listener = Listener.open
        var identity: TestIdentity?
    }

    @TaskLocal static var route = Route()

    private let ports: [Listener: Int]
    private let trusted: NIOSSLCertificate
    private let client: HTTPClient

    /// Listens for as long as the body runs.
    static func run<R: Sendable>(to platform: Platform, _ body: @Sendable (Wire) async throws -> R) async throws -> R {
        let (running, listening) = AsyncStream<(Listener, Int)>.makeStream()
        let listeners = Listeners(
            platform.configuration, certificates: try ServerCertificates(platform.configuration, bench: platform.bench), platform: platform,
            drain: Drain(.zero), logger: .quiet)
        let services =
            try listeners.publicListeners(platform.responder) { listening.yield((.open, $0.localAddress?.port ?? 0)) }
            + listeners.mutualTLSListeners(platform.responder) { listening.yield((.mutualTLS, $0.localAddress?.port ?? 0)) }
        let group = ServiceGroup(services: services, logger: .quiet)
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { listening.finish() }
                try await group.run()
            }
            var ports: [Listener: Int] = [:]
            for await (listener, port) in running {
                ports[listener] = port
                if ports.count == Listener.allCases.count { break }
            }
            let wire = try Wire(ports: ports)
            let outcome: Result<R, any Error>
            do { outcome = .success(try await body(wire)) } catch { outcome = .failure(error) }
            try await wire.client.shutdown()
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return try outcome.get()
        }
    }

    private init(ports: [Listener: Int]) throws {
        self.ports = ports
        trusted = try NIOSSLCertificate(bytes: Array(Self.certificate.authority.utf8), format: .pem)
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.dnsOverride = Dictionary(uniqueKeysWithValues: Listener.allCases.map { ($0.host, "127.0.0.1") })
        client = HTTPClient(configuration: configuration)
    }

    func respond(to request: Request, context: AppContext) async throws -> Response {
        let route = Self.route
        var sent = HTTPClientRequest(url: "https://\(route.listener.host):\(ports[route.listener] ?? 0)\(request.uri)")
        sent.method = HTTPMethod(rawValue: request.method.rawValue)
        for field in request.headers where field.name != .contentLength { sent.headers.add(name: field.name.rawName, value: field.value) }
        let body = try await request.body.collect(upTo: 1 << 22)
        if body.readableBytes > 0 { sent.body = .bytes(body) }
        sent.tlsConfiguration = try tls(route.identity)
        let received = try await client.execute(sent, timeout: .seconds(30))
        var headers = HTTPFields()
        for (name, value) in received.headers { HTTPField.Name(name).map { headers.append(HTTPField(name: $0, value: value)) } }
        return Response(
            status: .init(code: Int(received.status.code)), headers: headers,
            body: ResponseBody(byteBuffer: try await received.body.collect(upTo: 1 << 24)))
    }

    private func tls(_ identity: TestIdentity?) throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates([trusted])
        if let identity {
            configuration.certificateChain = [.certificate(try NIOSSLCertificate(bytes: identity.der, format: .der))]
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: identity.key, format: .der))
        }
        return configuration
    }

    // MARK: The server's certificate

    private static let certificate = try! DevelopmentCertificate.make(  // names that are names
        hosts: Listener.allCases.map(\.host), at: SystemClock().now, randomness: SystemRandom())

    /// What the server is started with.
    static func configure(_ configuration: inout Configuration, folder: URL) throws {
        let files = Configuration.TLSFiles(
            certificate: folder.appendingPathComponent("server.pem").path, key: folder.appendingPathComponent("server.key").path)
        try certificate.certificate.write(toFile: files.certificate, atomically: true, encoding: .utf8)
        try certificate.key.write(toFile: files.key, atomically: true, encoding: .utf8)
        configuration.tls = files
        (configuration.host, configuration.port, configuration.mutualTLSPort) = ("127.0.0.1", 0, 0)
        configuration.mutualTLSBase = MutualTLSBase("https://\(Listener.mutualTLS.host)")
    }
}
