internal import Certificates
internal import Foundation
internal import Primitives

/// The authorities of client certificates and the lists of what they revoked can be read, and are not out of date.
struct ClientTrustCheck: Check {
    private let name = "client authorities"
    private let listsName = "revocation lists"
    private static let warned = Duration.days(21)
    private static let listsWarned = Duration.hours(12)

    func run(_ setUp: SetUp) async -> [Finding] {
        guard setUp.configuration.clientAuthorities != nil else { return [] }
        do {
            let trust = try ClientTrust(setUp.configuration, sandbox: nil)
            let now = setUp.clock.now
            return try authorities(trust.authorities.terms(at: now), at: now) + lists(trust, at: now)
        } catch {
            return [.problem(name, "\(error)", "Correct --client-ca or --crl-dir.")]
        }
    }

    private func authorities(_ terms: [AuthorityTerm], at now: Timestamp) -> [Finding] {
        guard let first = terms.map(\.until).min() else {
            return [.problem(name, "None of them is valid yet: every certificate that they issued is refused.", "Check the clock.")]
        }
        let wrong = terms.compactMap { ending($0, at: now) } + terms.flatMap { outlived($0) }
        return wrong.isEmpty ? [.ok(name, "The first of them expires at \(first.rfc3339).")] : wrong
    }

    private func ending(_ term: AuthorityTerm, at now: Timestamp) -> Finding? {
        let renew = "Put the authority's next certificate into the file too, then send the server SIGHUP."
        if term.until <= now { return Finding.problem(name, "\(term.name) expired at \(term.until.rfc3339).", renew) }
        if term.until <= now + Self.warned { return Finding.warning(name, "\(term.name) expires at \(term.until.rfc3339).", renew) }
        return nil
    }

    private func outlived(_ term: AuthorityTerm) -> [Finding] {
        term.outlived.map { end in
            Finding.warning(
                name, "A certificate of \(term.name) expired at \(end.rfc3339), beside one that is valid.",
                "Take it out of the file of --client-ca, then send the server SIGHUP.")
        }
    }

    private func lists(_ trust: ClientTrust, at now: Timestamp) throws -> [Finding] {
        guard let lists = trust.revocationLists else { return [] }
        let standings = lists.standings(of: trust.authorities, at: now)
        let wrong = try lists.refresh().map { unusable($0) } + standings.compactMap { finding($0, at: now) }
        guard wrong.isEmpty, let first = standings.compactMap(\.end).min() else { return wrong }
        return [.ok(listsName, "\(lists.count) can be used; each authority's newest is current, the first until \(first.rfc3339).")]
    }

    private func unusable(_ refusal: RevocationFileRefusal) -> Finding {
        .problem(listsName, "\(refusal), and a start goes on without it.", "Fetch it anew, or take it out of the folder where it is no list.")
    }

    private func finding(_ standing: RevocationStanding, at now: Timestamp) -> Finding? {
        let authority = standing.authority
        var fetch = "Fetch it anew; a job of yours must do so before it is out of date. It is read without a restart."
        if !standing.isTrusted { fetch += " Where no client's chain leads through that authority, take the list out of the folder." }
        switch standing.list {
        case .missing: return Finding.problem(listsName, "There is none of \(authority): its certificates are refused.", fetch)
        case .early(let from):
            return Finding.problem(
                listsName, "The newest of \(authority) begins at \(from.rfc3339): its certificates are refused.", "Check the clock. \(fetch)")
        case .stale(let since):
            return Finding.problem(listsName, "The newest of \(authority) is out of date since \(since.rfc3339): its certificates are refused.", fetch)
        case .current(let until):
            guard until <= now + Self.listsWarned else { return nil }
            return Finding.warning(listsName, "The newest of \(authority) is out of date from \(until.rfc3339).", fetch)
        }
    }
}

extension RevocationStanding {
    /// When the list that is current goes out of date.
    fileprivate var end: Timestamp? {
        if case .current(let until) = list { until } else { nil }
    }
}
