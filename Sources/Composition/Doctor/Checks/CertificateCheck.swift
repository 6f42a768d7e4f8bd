internal import Certificates
internal import Foundation
internal import NIOSSL
internal import Primitives
internal import Web

/// The certificate and its key belong together, the key is secret, and the certificate is valid for a while and one that clients take.
struct CertificateCheck: Check {
    private let name = "certificate"
    private static let warned = Duration.days(21)
    /// Where Debian keeps the authorities that its programs believe.
    private static let systemAnchors = "/etc/ssl/certs/ca-certificates.crt"

    func run(_ setUp: SetUp) async -> [Finding] {
        guard let files = setUp.configuration.tls else { return [] }
        do {
            _ = try ServerCertificate(files)
            let chain = try NIOSSLCertificate.fromPEMFile(files.certificate)
            guard let leaf = chain.first else { return [] }
            // One of a kind that a client's certificate may not be is not looked into.
            let read = chain.compactMap { try? ClientCertificate.read($0.toDERBytes()).get() }
            let doubts = read.count == chain.count ? names(read[0], setUp.configuration) + way(from: read[0], through: read, setUp.configuration) : []
            return [time(leaf, at: setUp.clock.now)] + doubts + [key(files.key)]
        } catch {
            return [.problem(name, "\(error)", "Name the certificate's chain and the key that it was made for.")]
        }
    }

    private func time(_ certificate: NIOSSLCertificate, at now: Timestamp) -> Finding {
        let (from, until) = (Timestamp(seconds: Int64(certificate.notValidBefore)), Timestamp(seconds: Int64(certificate.notValidAfter)))
        let renew = "Renew it, then send the server SIGHUP."
        if now < from { return .problem(name, "It is valid from \(from.rfc3339) only.", "Check the clock, or use the certificate before this one.") }
        if now >= until { return .problem(name, "It expired at \(until.rfc3339).", renew) }
        let days = (until - now).milliseconds / 86_400_000
        if now + Self.warned > until { return .warning(name, "It expires in \(days) days, at \(until.rfc3339).", renew) }
        return .ok(name, "It is valid until \(until.rfc3339) and its key fits.")
    }

    private func names(_ leaf: ClientCertificate, _ configuration: Configuration) -> [Finding] {
        Self.hosts(configuration).filter { !leaf.alternativeNames.covers($0) }.map { host in
            Finding.warning(
                name, "Its subject alternative names do not hold \(host), where clients ask for it: they refuse it.",
                "Get one that names \(host), or correct --issuer or --mtls-base.")
        }
    }

    /// The hosts that clients ask this certificate's listeners for. A proxy that tells for whom it speaks ends TLS, with a certificate of its own.
    private static func hosts(_ configuration: Configuration) -> [String] {
        var hosts = configuration.trustedProxies.isEmpty && configuration.issuer.isSecure ? [configuration.issuer.host] : []
        let isOurs = configuration.mutualTLSPort != nil && configuration.certificateProxies.isEmpty
        if isOurs, let host = configuration.mutualTLSBase?.host, !hosts.contains(host) { hosts.append(host) }
        return hosts
    }

    /// One that an authority issued by itself needs nothing behind it.
    private func way(from leaf: ClientCertificate, through chain: [ClientCertificate], _ configuration: Configuration) -> [Finding] {
        guard !leaf.isSelfSigned, !chain.contains(where: { $0.subject == leaf.issuer }) else { return [] }
        let files = [Self.systemAnchors, configuration.clientAuthorities].compactMap { $0 }
        let anchors = files.flatMap { (try? NIOSSLCertificate.fromPEMFile($0)) ?? [] }.compactMap { try? $0.toDERBytes() }
        guard !TrustAnchors(anchors).mayHaveIssued(leaf) else { return [] }
        return [
            Finding.warning(
                name,
                "\(configuration.tls?.certificate ?? "") does not hold the certificate of its issuer, \(leaf.issuer), without which most clients do not believe it.",
                "Put the issuer's certificate behind it in the file, then send the server SIGHUP.")
        ]
    }

    private func key(_ path: String) -> Finding {
        guard FileMode(path)?.isOpenToOthers == true else { return .ok("certificate key", "\(path) is its owner's alone.") }
        return .warning("certificate key", "Others may read \(path).", "Run: chmod 600 \(path)")
    }
}
