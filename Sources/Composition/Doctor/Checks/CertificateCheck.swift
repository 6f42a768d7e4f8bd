internal import Foundation
internal import NIOSSL
internal import Primitives

/// The certificate and its key belong together, the key is secret, and the certificate is valid for a while.
struct CertificateCheck: Check {
    private let name = "certificate"
    private static let warned = Duration.days(21)

    func run(_ setUp: SetUp) async -> [Finding] {
        guard let files = setUp.configuration.tls else { return [] }
        do {
            _ = try ServerCertificate(files)
            guard let leaf = try NIOSSLCertificate.fromPEMFile(files.certificate).first else { return [] }
            return [time(leaf, at: setUp.clock.now), key(files.key)]
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

    private func key(_ path: String) -> Finding {
        guard FileMode(path)?.isOpenToOthers == true else { return .ok("certificate key", "\(path) is its owner's alone.") }
        return .warning("certificate key", "Others may read \(path).", "Run: chmod 600 \(path)")
    }
}
