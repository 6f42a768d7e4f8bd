public import Certificates
import OAuth
public import Primitives
public import Storage

/// The sandbox's own authority: it issues certificates to apps on request, so that mutual TLS can be built before a bank's authority is at hand. It lies in the
/// database, its key sealed under the root key, so that every node issues and believes the same.
public struct SandboxAuthority: Sendable {
    public let authority: IssuingAuthority
    private let randomness: any RandomSource

    /// How long a certificate lasts.
    public static let lifetime = Duration.days(90)
    private static let ownLifetime = Duration.days(3650)

    /// Opens the authority, making it when there is none, or when another root key sealed it: whoever gives up a root key gives up what it sealed.
    public static func load(database: any Database, rootKey: RootKey, randomness: any RandomSource, at now: Timestamp) async throws -> SandboxAuthority {
        let sealer = Sealer(rootKey, purpose: "sandbox-authority")
        let authority = try await database.write { tx in
            if let kept = try read(sealer, in: tx) { return kept }
            let made = try IssuingAuthority.make(
                commonName: "Wekeza sandbox authority", validFrom: now - .hours(1), until: now + ownLifetime, randomness: randomness)
            try tx.execute(
                """
                INSERT INTO sandbox_authority (id, certificate, sealed_private, created_at)
                VALUES ('current', \(Base64URL.encode(made.certificate)), \(sealer.seal(made.privateKey)), \(now))
                ON CONFLICT (id) DO NOTHING
                """)
            // Of two that make one at once, the first is believed.
            if let kept = try read(sealer, in: tx) { return kept }
            try tx.execute(
                """
                UPDATE sandbox_authority
                SET certificate = \(Base64URL.encode(made.certificate)), sealed_private = \(sealer.seal(made.privateKey)), created_at = \(now)
                WHERE id = 'current'
                """)
            return made
        }
        return SandboxAuthority(authority: authority, randomness: randomness)
    }

    private static func read(_ sealer: Sealer, in tx: any ReadTransaction) throws -> IssuingAuthority? {
        guard let row = try tx.first("SELECT certificate, sealed_private FROM sandbox_authority WHERE id = 'current'"),
            let certificate = Base64URL.decode(try row["certificate"] as String), let key = sealer.open(try row["sealed_private"])
        else { return nil }
        return IssuingAuthority(certificate: certificate, privateKey: key)
    }

    /// A certificate for a sandbox app: its client id is the common name.
    public func issue(to request: CertificateRequest, for app: App, at now: Timestamp) throws -> AppCertificate {
        let der = try authority.issue(
            to: request, commonName: app.clientID.text, organisation: app.organisationName, validFrom: now - .minutes(5), until: now + Self.lifetime,
            randomness: randomness)
        return AppCertificate(try ClientCertificate.read(der).get(), of: app.id, source: .request, at: now)
    }

    /// PEM: for whoever wants to check what it issued.
    public var pem: String { PEMText.encode(authority.certificate, label: "CERTIFICATE") }
}
