internal import Certificates
internal import Foundation
internal import Primitives

/// The authorities of client certificates and the lists of what they revoked can be read, and are not out of date.
struct ClientTrustCheck: Check {
    private let name = "client authorities"
    private static let warned = Duration.days(21)
    private static let listsWarned = Duration.hours(12)

    func run(_ setUp: SetUp) async -> [Finding] {
        guard setUp.configuration.clientAuthorities != nil else { return [] }
        do {
            let trust = try ClientTrust(setUp.configuration, sandbox: nil)
            let now = setUp.clock.now
            return [authorities(trust.authorities, at: now)] + (trust.revocationLists.map { [lists($0, at: now)] } ?? [])
        } catch {
            return [.problem(name, "\(error)", "Correct --client-ca or --crl-dir.")]
        }
    }

    private func authorities(_ authorities: CertificateAuthorities, at now: Timestamp) -> Finding {
        let renew = "Put the authority's next certificate into the file too, then send the server SIGHUP."
        guard let (authority, until) = authorities.firstToExpire else { return .ok(name, "None is trusted.") }
        if until <= now { return .problem(name, "\(authority) expired at \(until.rfc3339).", renew) }
        if until <= now + Self.warned { return .warning(name, "\(authority) expires at \(until.rfc3339).", renew) }
        return .ok(name, "The first of them expires at \(until.rfc3339).")
    }

    private func lists(_ lists: RevocationLists, at now: Timestamp) -> Finding {
        let fetch = "Fetch the lists anew; a job of yours must do so before they are out of date. They are read without a restart."
        guard let until = lists.nextUpdate else {
            return .problem("revocation lists", "There are none: every certificate of --client-ca is refused.", fetch)
        }
        if until <= now { return .problem("revocation lists", "One is out of date since \(until.rfc3339): its authority's certificates are refused.", fetch) }
        if until <= now + Self.listsWarned { return .warning("revocation lists", "One is out of date from \(until.rfc3339).", fetch) }
        return .ok("revocation lists", "\(lists.count) are current, the first until \(until.rfc3339).")
    }
}
