package import Primitives
internal import Synchronization
internal import X509

/// The lists of all authorities, as they stand in a folder. They are read again when a file changes, without a restart.
package final class RevocationLists: Sendable {
    private let folder: RevocationListFolder
    private let lists: Mutex<[String: RevocationListFolder.Entry]>

    /// About a hundred thousand certificates.
    package static let largestFile = 5_000_000

    /// Reads the lists of a folder.
    /// - Throws: `RevocationFileRefusal` for the first file that cannot be used.
    package init(directory: String) throws {
        folder = RevocationListFolder(path: directory)
        let (entries, refusals) = try folder.read(knowing: [:])
        if let refusal = refusals.first { throw refusal }
        lists = Mutex(entries)
    }

    /// Looks for files that came, went or changed. One that cannot be used leaves the list that was there before, for as long as that is current.
    /// - Returns: what could not be used.
    /// - Throws: when the folder itself cannot be read; then all lists stay.
    package func refresh() throws -> [RevocationFileRefusal] {
        let (entries, refusals) = try folder.read(knowing: lists.withLock { $0 })
        lists.withLock { $0 = entries }
        return refusals
    }

    /// When the first list goes out of date; `nil` when there are none.
    package var nextUpdate: Timestamp? { lists.withLock { $0.values.compactMap(\.list?.nextUpdate).min() } }

    package var count: Int { lists.withLock { $0.values.count { $0.list != nil } } }

    /// Looks for each certificate of a chain in its issuer's newest list. Without a current list the issuer's certificates are refused: what the list would
    /// say is not known.
    func refusal(of chain: [Certificate], at now: Timestamp) -> CertificateRefusal? {
        let all = lists.withLock { $0.values.compactMap(\.list) }
        for (certificate, issuer) in zip(chain, chain.dropFirst()) {
            let name = DistinguishedName(issuer.subject).text
            let signed = all.filter { $0.issuer == issuer.subject && $0.isSigned(by: issuer) }
            guard let newest = signed.max(by: { $0.thisUpdate < $1.thisUpdate }) else { return .noRevocationList(issuer: name) }
            guard !newest.revokes(certificate.serialNumber) else { return .revoked }
            guard newest.isCurrent(at: now) else { return .staleRevocationList(issuer: name) }
        }
        return nil
    }
}
