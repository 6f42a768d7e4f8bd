internal import Primitives
internal import Synchronization
internal import X509

/// The lists of all authorities, as they stand in a folder. They are read again when a file changes, without a restart.
public final class RevocationLists: Sendable {
    private let folder: RevocationListFolder
    private let state: Mutex<State>

    private struct State: Sendable {
        var entries: [String: RevocationListFolder.Entry]
        /// What the start could not use.
        var untold: [RevocationFileRefusal] = []
        /// Rises with each list that came, went or changed.
        var edition = 0

        var lists: [RevocationList] { entries.values.compactMap(\.list) }

        /// Whether there is a file that never held a list that can be used: it may be meant for any authority.
        var holdsUnread: Bool { entries.values.contains { $0.list == nil } }

        func holdsSame(as other: State) -> Bool {
            holdsUnread == other.holdsUnread && Set(lists.map { ObjectIdentifier($0) }) == Set(other.lists.map { ObjectIdentifier($0) })
        }
    }

    /// About a hundred thousand certificates.
    public static let largestFile = 5_000_000

    /// Reads the lists of a folder. One bad file must not end every start: it is left out, so that its authority's certificates are refused, and the first
    /// ``refresh()`` tells of it.
    /// - Throws: `RevocationFileRefusal` when the folder itself cannot be read.
    public init(directory: String) throws {
        folder = RevocationListFolder(path: directory)
        let (entries, refusals) = try folder.read(knowing: [:])
        state = Mutex(State(entries: entries, untold: refusals))
    }

    /// Looks for files that came, went or changed. One that cannot be used leaves the list that was there before, for as long as that is current.
    /// - Returns: what could not be used, each once.
    /// - Throws: when the folder itself cannot be read; then all lists stay.
    public func refresh() throws -> [RevocationFileRefusal] {
        let (entries, refusals) = try folder.read(knowing: state.withLock { $0.entries })
        return state.withLock {
            let untold = $0.untold
            let changed = State(entries: entries, edition: $0.edition + 1)
            $0 = changed.holdsSame(as: $0) ? State(entries: entries, edition: $0.edition) : changed
            return untold + refusals
        }
    }

    public var count: Int { all.count }

    var edition: Int { state.withLock { $0.edition } }

    var all: [RevocationList] { state.withLock { $0.lists } }

    /// Looks for each certificate of a chain in its issuer's newest list. Without a current list the issuer's certificates are refused: what the list would
    /// say is not known.
    /// - Returns: until when the lists say so.
    func check(_ chain: [Certificate], at now: Timestamp) -> Result<Timestamp?, CertificateRefusal> {
        let all = all
        var until: Timestamp?
        for (certificate, issuer) in zip(chain, chain.dropFirst()) {
            let name = DistinguishedName(issuer.subject).text
            guard let newest = all.newest(of: issuer) else { return .failure(.noRevocationList(issuer: name)) }
            guard !newest.revokes(certificate.serialNumber) else { return .failure(.revoked) }
            guard newest.isCurrent(at: now) else { return .failure(.staleRevocationList(issuer: name)) }
            until = min(until ?? newest.nextUpdate, newest.nextUpdate)
        }
        return .success(until)
    }

    /// What speaks against a certificate whose chain was left out, by the lists of its issuer's name, whoever signed them: only the operator puts lists there.
    /// Without such a list, a file that was never read may be the one that holds it.
    func objection(to certificate: Certificate) -> CertificateRefusal? {
        let (lists, holdsUnread) = state.withLock { ($0.lists, $0.holdsUnread) }
        let named = lists.filter { $0.issuer == certificate.issuer }
        guard !named.contains(where: { $0.revokes(certificate.serialNumber) }) else { return .revoked }
        guard holdsUnread, named.isEmpty, certificate.issuer != certificate.subject else { return nil }
        return .noRevocationList(issuer: DistinguishedName(certificate.issuer).text)
    }
}

extension [RevocationList] {
    /// The one that counts of an issuer: the newest that it signed.
    func newest(of issuer: Certificate) -> RevocationList? {
        filter { $0.issuer == issuer.subject && $0.isSigned(by: issuer) }.max { $0.thisUpdate < $1.thisUpdate }
    }
}
