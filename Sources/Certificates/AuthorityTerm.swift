public import Primitives
internal import X509

/// How long clients' certificates can come from one authority: its certificate, and what follows on it under the same name.
public struct AuthorityTerm: Hashable, Sendable {
    public let name: String
    /// The end of the last certificate that is valid, or that begins before such a one ends.
    public let until: Timestamp
    /// When those ended that stand beside a valid one: nothing needs them any more.
    public let outlived: [Timestamp]

    /// - Returns: `nil` for an authority that is there before its time.
    init?(_ name: String, of certificates: [Certificate], at now: Timestamp) {
        let begun = certificates.filter { Timestamp($0.notValidBefore) <= now }.map { Timestamp($0.notValidAfter) }
        guard let end = begun.max() else { return nil }
        self.name = name
        until = certificates.filter { Timestamp($0.notValidBefore) <= end }.map { Timestamp($0.notValidAfter) }.max() ?? end
        outlived = end > now ? begun.filter { $0 <= now } : []
    }
}

extension CertificateAuthorities {
    /// Of each authority that is trusted and whose time has begun, by name.
    public func terms(at now: Timestamp) -> [AuthorityTerm] {
        let trusted = current
        return Dictionary(grouping: trusted.anchors + trusted.intermediates) { DistinguishedName($0.subject) }
            .compactMap { AuthorityTerm($0.key.text, of: $0.value, at: now) }
            .sorted { $0.name < $1.name }
    }
}
