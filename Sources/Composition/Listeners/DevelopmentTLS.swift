internal import Certificates
internal import Foundation
internal import Primitives
internal import Web

/// The files `DATA/tls/authority.pem`, `server.pem` and `server.key` of demo mode: made by the first start, and made anew before they expire or when the server
/// is reached by another name.
struct DevelopmentTLS {
    let folder: String
    let hosts: [String]
    let randomness: any RandomSource

    private static let renewed = Duration.days(30)

    /// - Parameter issuer: its host is served beside the loopback names.
    init(_ configuration: Configuration, randomness: any RandomSource) {
        folder = "\(configuration.dataDirectory)/tls"
        hosts = [configuration.issuer.host, configuration.mutualTLSBase?.host ?? "localhost"].reduce(into: ["localhost", "127.0.0.1", "::1"]) { hosts, host in
            if !hosts.contains(host) { hosts.append(host) }
        }
        self.randomness = randomness
    }

    var files: Configuration.TLSFiles { .init(certificate: "\(folder)/server.pem", key: "\(folder)/server.key") }

    var authority: String { "\(folder)/authority.pem" }

    /// - Throws: `ConfigurationError` when they cannot be written.
    func make(at now: Timestamp) throws {
        if let text = try? String(contentsOfFile: files.certificate, encoding: .utf8),
            DevelopmentCertificate.serves(text, hosts: hosts, until: now + Self.renewed)
        {
            return
        }
        let made = try DevelopmentCertificate.make(hosts: hosts, at: now, randomness: randomness)
        let draft = "\(folder).\(randomness.alphanumerics(8))"
        let manager = FileManager.default
        do {
            try manager.createDirectory(atPath: draft, withIntermediateDirectories: true)
            try write(made.authority, to: "\(draft)/authority.pem", mode: 0o644)
            try write(made.certificate, to: "\(draft)/server.pem", mode: 0o644)
            try write(made.key, to: "\(draft)/server.key", mode: 0o600)
            try? manager.removeItem(atPath: folder)
            // All three appear at once: of two processes that start together one wins, and both use its files.
            guard rename(draft, folder) == 0 || manager.fileExists(atPath: files.key) else { throw CocoaError(.fileWriteUnknown) }
            try? manager.removeItem(atPath: draft)
        } catch {
            try? manager.removeItem(atPath: draft)
            throw ConfigurationError("The development certificate cannot be written to \(folder): give this user the right to write there.")
        }
    }

    private func write(_ text: String, to path: String, mode: Int) throws {
        guard FileManager.default.createFile(atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: mode]) else {
            throw CocoaError(.fileWriteUnknown)
        }
    }
}
