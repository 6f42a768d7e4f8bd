public import Primitives
internal import X509

/// Whether the certificates of an authority can be accepted, as far as its newest revocation list goes.
public struct RevocationStanding: Hashable, Sendable {
    public enum NewestList: Hashable, Sendable {
        case missing
        /// One clock is wrong.
        case early(from: Timestamp)
        case current(until: Timestamp)
        case stale(since: Timestamp)
    }

    public let authority: String
    /// `false` for one that only its list tells of: clients may send it along with their certificates.
    public let isTrusted: Bool
    public let list: NewestList
}

extension RevocationLists {
    /// Of each authority that is trusted and in its time, then of each other that there is a list of.
    public func standings(of authorities: CertificateAuthorities, at now: Timestamp) -> [RevocationStanding] {
        let (all, state) = (all, authorities.current)
        let trusted = state.anchors + state.intermediates
        let subjects = Set(trusted.map(\.subject))
        var standings: [RevocationStanding] = []
        for authority in trusted where authority.isValid(at: now) && authorities.kind(of: authority) == .configured {
            let list = all.newest(of: authority)?.standing(at: now) ?? .missing
            let standing = RevocationStanding(authority: DistinguishedName(authority.subject).text, isTrusted: true, list: list)
            // Two certificates of one key go by the same list.
            if !standings.contains(standing) { standings.append(standing) }
        }
        let others = Dictionary(grouping: all.filter { !subjects.contains($0.issuer) }) { $0.issuer }
        let newest = others.values.compactMap { lists in lists.max { $0.thisUpdate < $1.thisUpdate } }
        let untrusted = newest.map { list in
            RevocationStanding(authority: DistinguishedName(list.issuer).text, isTrusted: false, list: list.standing(at: now))
        }
        return standings + untrusted.sorted { $0.authority < $1.authority }
    }
}

extension RevocationList {
    fileprivate func standing(at now: Timestamp) -> RevocationStanding.NewestList {
        if isCurrent(at: now) { return .current(until: nextUpdate) }
        return now < nextUpdate ? .early(from: thisUpdate) : .stale(since: nextUpdate)
    }
}
