internal import HummingbirdTLS
internal import NIOCore
internal import NIOSSL
internal import Synchronization

/// The certificate of a listener and its key, as they stand in their files. Each handshake takes what was read last, so that a renewed certificate needs no restart.
final class ServerCertificate: Sendable {
    private struct Pair {
        let chain: [NIOSSLCertificateSource]
        let key: NIOSSLPrivateKeySource
    }

    private let files: Configuration.TLSFiles
    private let current: Mutex<Pair>

    /// - Throws: `ConfigurationError` when the files do not hold a certificate chain and its key.
    init(_ files: Configuration.TLSFiles) throws {
        self.files = files
        current = Mutex(try Self.read(files))
    }

    /// Reads the files again.
    /// - Throws: `ConfigurationError`; the pair in use stays.
    func reload() throws {
        let pair = try Self.read(files)
        current.withLock { $0 = pair }
    }

    /// TLS 1.3, and TLS 1.2 with the suites that BCP 195 recommends (RFC 9325 §4.2). The library makes no renegotiation and no compression.
    var configuration: TLSConfiguration {
        let pair = current.withLock { $0 }
        var configuration = TLSConfiguration.makeServerConfiguration(certificateChain: pair.chain, privateKey: pair.key)
        configuration.minimumTLSVersion = .tlsv12
        configuration.cipherSuiteValues = [
            .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
            .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        ]
        configuration.sslContextCallback = { [self] _, promise in
            let pair = current.withLock { $0 }
            var override = NIOSSLContextConfigurationOverride()
            override.certificateChain = pair.chain
            override.privateKey = pair.key
            promise.succeed(override)
        }
        return configuration
    }

    /// The same, and the client is asked for a certificate. What it presents is not compared with anything here.
    var askingForClientCertificate: TLSConfiguration {
        var configuration = configuration
        configuration.certificateVerification = .optionalVerification
        configuration.trustRoots = .certificates([])
        return configuration
    }

    private static func read(_ files: Configuration.TLSFiles) throws -> Pair {
        let pair: Pair
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(files.certificate)
            let key = try NIOSSLPrivateKey(file: files.key, format: .pem)
            pair = Pair(chain: chain.map { .certificate($0) }, key: .privateKey(key))
        } catch {
            throw ConfigurationError("--tls-cert and --tls-key must name PEM files of a certificate chain and its key: \(error).")
        }
        do {
            _ = try NIOSSLContext(configuration: .makeServerConfiguration(certificateChain: pair.chain, privateKey: pair.key))
        } catch {
            throw ConfigurationError(
                "--tls-cert and --tls-key do not fit each other. The key in \(files.key) has to be that of the first certificate in \(files.certificate): "
                    + "\(error).")
        }
        return pair
    }
}
