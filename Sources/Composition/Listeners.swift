internal import Foundation
package import Hummingbird
internal import HummingbirdCore
internal import HummingbirdTLS
package import Logging
package import ServiceLifecycle
package import Web

/// The sockets of one process.
package enum Listeners {
    /// The public listener: HTTP, or HTTPS when the set-up names a certificate. `localhost` listens on 127.0.0.1 and, where the machine has it, on ::1.
    package static func publicListeners(
        _ configuration: Configuration, responder: some HTTPResponder<AppContext>, logger: Logger
    ) throws -> [any Service] {
        let http = HTTPServerBuilder.http1(configuration: .init(idleTimeout: .seconds(60)))
        let server = try configuration.tls.map { try HTTPServerBuilder.tls(http, tlsConfiguration: tlsConfiguration($0)) } ?? http
        return hosts(configuration.host).map { host in
            Application(
                responder: responder, server: server,
                configuration: .init(address: .hostname(host, port: configuration.port), serverName: nil, backlog: 1024), logger: logger)
        }
    }

    /// The operations listener, on loopback only.
    package static func operations(_ configuration: Configuration, responder: some HTTPResponder<AppContext>, logger: Logger) -> any Service {
        Application(
            responder: responder, configuration: .init(address: .hostname("127.0.0.1", port: configuration.opsPort), serverName: nil), logger: logger)
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

    /// TLS 1.2 with the suites of BCP 195 and TLS 1.3.
    private static func tlsConfiguration(_ files: Configuration.TLSFiles) throws -> TLSConfiguration {
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(files.certificate)
            let key = try NIOSSLPrivateKey(file: files.key, format: .pem)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
            configuration.minimumTLSVersion = .tlsv12
            configuration.cipherSuiteValues = [
                .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
                .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            ]
            return configuration
        } catch {
            throw ConfigurationError("--tls-cert and --tls-key must name PEM files of a certificate chain and its key: \(error).")
        }
    }
}
