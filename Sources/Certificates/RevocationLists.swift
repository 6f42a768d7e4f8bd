public import Primitives
internal import Synchronization
internal import X509

/// The lists of all authorities, as they stand in a folder. They are read again when a file changes, without a restart.
public final class RevocationLists: Sendable {
    private let folder: RevocationListFolder
    private let state: Mutex<State>

    private struct State: Sendable {
        var entries: [String: RevocationListFolder.Entry]
        /// Rises with each list that came, went or changed.
        var edition = 0

        var lists: [RevocationList] { entries.values.compactMap(\.list) }

        func holdsSame(as other: State) -> Bool { Set(lists.map { ObjectIdentifier($0) }) == Set(other.lists.map { ObjectIdentifier($0) }) }
    }

    /// About a hundred thousand certificates.
    public static let largestFile = 5_000_000

    /// Reads the lists of a folder.
    /// - Throws: `RevocationFileRefusal` for the first file that cannot be used.
    public init(directory: String) throws {
        folder = RevocationListFolder(path: directory)
        let (entries, refusals) = try folder.read(knowing: [:])
        if let refusal = refusals.first { throw refusal }
        state = Mutex(State(entries: entries))
    }

    /// Looks for files that came, went or changed. One that cannot be used leaves the list that was there before, for as long as that is current.
    /// - Returns: what could not be used.
    /// - Throws: when the folder itself cannot be read; then all lists stay.
    public func refresh() throws -> [RevocationFileRefusal] {
        let (entries, refusals) = try folder.read(knowing: state.withLock { $0.entries })
        state.withLock {
            let changed = State(entries: entries, edition: $0.edition + 1)
            $0 = changed.holdsSame(as: $0) ? State(entries: entries, edition: $0.edition) : changed
        }
        return refusals
    }

    /// When the first list goes out of date; `nil` when there are none.
    public var nextUpdate: Timestamp? { all.map(\.nextUpdate).min() }

    public var count: Int { all.count }

    var edition: Int { state.withLock { $0.edition } }

    private var all: [RevocationList] { state.withLock { $0.lists } }

    /// Looks for each certificate of a chain in its issuer's newest list. Without a current list the issuer's certificates are refused: what the list would
    /// say is not known.
    /// - Returns: until when the lists say so.
    func check(_ chain: [Certificate], at now: Timestamp) -> Result<Timestamp?, CertificateRefusal> {
        let all = all
        var until: Timestamp?
        for (certificate, issuer) in zip(chain, chain.dropFirst()) {
            let name = DistinguishedName(issuer.subject).text
            let signed = all.filter { $0.issuer == issuer.subject && $0.isSigned(by: issuer) }
            guard let newest = signed.max(by: { $0.thisUpdate < $1.thisUpdate }) else { return .failure(.noRevocationList(issuer: name)) }
            guard !newest.revokes(certificate.serialNumber) else { return .failure(.revoked) }
            guard newest.isCurrent(at: now) else { return .failure(.staleRevocationList(issuer: name)) }
            until = min(until ?? newest.nextUpdate, newest.nextUpdate)
        }
        return .success(until)
    }

    /// Whether a list of its issuer's name holds a certificate, whoever signed the list: only the operator puts lists there. For certificates whose chain was
    /// left out.
    func names(_ certificate: Certificate) -> Bool { all.contains { $0.issuer == certificate.issuer && $0.revokes(certificate.serialNumber) } }
}
