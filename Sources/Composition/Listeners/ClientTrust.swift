internal import Certificates
internal import Foundation
internal import Logging

/// Whom client certificates are believed from, as `--client-ca` and `--crl-dir` name it.
struct ClientTrust: Sendable {
    let authorities: CertificateAuthorities
    let revocationLists: RevocationLists?
    private let file: String?

    /// - Parameter sandbox: the certificate of the sandbox's own authority, DER.
    /// - Throws: `ConfigurationError` when the authorities or the folder of lists cannot be used. A single list that cannot ends no start.
    init(_ configuration: Configuration, sandbox: [UInt8]?) throws {
        file = configuration.clientAuthorities
        do {
            authorities = try CertificateAuthorities(configured: try Self.read(file), sandbox: sandbox)
        } catch let refusal as CertificateAuthorityRefusal {
            throw ConfigurationError("--client-ca must name a PEM file of authorities; in \(file ?? "it") \(refusal).")
        }
        do {
            revocationLists = try configuration.revocationLists.map { try RevocationLists(directory: $0) }
        } catch let refusal as RevocationFileRefusal {
            throw ConfigurationError("--crl-dir must name a folder of revocation lists; \(refusal).")
        }
    }

    /// Reads the authorities again.
    /// - Throws: `ConfigurationError`; those in use stay.
    func reload() throws {
        do {
            try authorities.replace(configured: try Self.read(file))
        } catch let refusal as CertificateAuthorityRefusal {
            throw ConfigurationError("In \(file ?? "--client-ca") \(refusal).")
        }
    }

    /// Reads the revocation lists that changed, and tells, the first time, of those that the start could not use.
    func refresh(logger: Logger) {
        do {
            for refusal in try revocationLists?.refresh() ?? [] {
                // Without one before it, its authority's certificates are refused.
                logger.error(
                    refusal.leavesList ? "a revocation list stays as it was" : "a revocation list cannot be used", metadata: ["error": "\(refusal)"])
            }
        } catch {
            logger.error("the revocation lists stay as they were", metadata: ["error": "\(error)"])
        }
    }

    private static func read(_ file: String?) throws -> [[UInt8]] {
        guard let file else { return [] }
        guard let data = FileManager.default.contents(atPath: file), data.count <= 10_000_000, let text = String(data: data, encoding: .utf8),
            let certificates = (try? PEMText(text))?.certificates, !certificates.isEmpty
        else { throw ConfigurationError("--client-ca must name a PEM file with the certificates of authorities, not \(file).") }
        return certificates
    }
}
