public import Primitives
internal import Synchronization
internal import X509

/// A certificate whose chain, time and revocation were checked a moment ago.
public struct VerifiedClientCertificate: Hashable, Sendable {
    public let certificate: ClientCertificate
    /// Who vouches for it.
    public let authority: CertificateAuthorities.Kind
    /// When the first certificate of its chain or the first list is out of date, and all of it is to be asked anew.
    public let until: Timestamp
}

/// Says whether a certificate identifies a client: whether an authority that we trust issued it for that, and it is in force. To be asked at each request: a
/// connection lasts, and a resumed session carries the certificate of a handshake long ago.
public final class ClientCertificateCheck: Sendable {
    private let authorities: CertificateAuthorities
    private let revocationLists: RevocationLists?
    private let known: Mutex<RecentlyUsed<Thumbprint, KnownChain>>

    /// A way that was found once. Its times and revocations are looked at anew each time.
    private struct KnownChain: Sendable {
        let chain: [Certificate]
        /// Of the authorities it was found by.
        let edition: Int
    }

    /// The most intermediates that a client may send along.
    public static let longestChain = 4

    /// - Parameters:
    ///   - revocationLists: `nil` asks for no revocation.
    ///   - capacity: chains remembered at most, of ten or twenty kilobytes.
    public init(authorities: CertificateAuthorities, revocationLists: RevocationLists?, capacity: Int = 2_000) {
        self.authorities = authorities
        self.revocationLists = revocationLists
        known = Mutex(RecentlyUsed(capacity: capacity))
    }

    /// - Parameter intermediates: DER, as they came. A resumed session brings none: then those of the last time serve.
    public func check(
        _ certificate: ClientCertificate, intermediates: [[UInt8]], at now: Timestamp
    ) async -> Result<VerifiedClientCertificate, CertificateRefusal> {
        if let refusal = certificate.untimeliness(at: now) { return .failure(refusal) }
        // Tools mark what they sign by itself as an authority: that it is self-signed says more.
        if certificate.isSelfSigned, !authorities.current.anchors.contains(certificate.certificate) { return .failure(.selfSigned) }
        if let refusal = certificate.unfitness { return .failure(refusal) }
        let chain: [Certificate]
        switch await self.chain(of: certificate, intermediates, at: now) {
        case .success(let found): chain = found
        case .failure(let refusal): return .failure(refusal)
        }
        guard let anchor = chain.last else { return .failure(.untrustedChain) }
        let authority = authorities.kind(of: anchor)
        var until = chain.map(\.end).min() ?? certificate.certificate.end
        // The sandbox's own authority keeps no list: what was removed there is seen by its record.
        if authority == .configured, let revocationLists {
            switch revocationLists.check(chain, at: now) {
            case .success(let nextUpdate): until = min(until, nextUpdate ?? until)
            case .failure(let refusal): return .failure(refusal)
            }
        }
        return .success(VerifiedClientCertificate(certificate: certificate, authority: authority, until: until))
    }

    /// Of the authorities and of the lists: another one when others are trusted or in force.
    struct Edition: Hashable, Sendable {
        let authorities: Int
        let lists: Int
    }

    var edition: Edition { Edition(authorities: authorities.current.edition, lists: revocationLists?.edition ?? 0) }

    /// What the lists have against a certificate whose chain is not known.
    func objection(to certificate: ClientCertificate) -> CertificateRefusal? { revocationLists?.objection(to: certificate.certificate) }

    private func chain(of certificate: ClientCertificate, _ intermediates: [[UInt8]], at now: Timestamp) async -> Result<[Certificate], CertificateRefusal> {
        guard intermediates.count <= Self.longestChain else { return .failure(.chainTooLong) }
        let trusted = authorities.current
        let remembered = known.withLock { $0[certificate.thumbprint] }
        // Where an issuer's time is over there may be another way.
        if let remembered, remembered.edition == trusted.edition, remembered.chain.dropFirst().allSatisfy({ $0.isValid(at: now) }) {
            return .success(remembered.chain)
        }
        var sent = intermediates.compactMap { Certificate.reading($0) }
        guard sent.count == intermediates.count else { return .failure(.malformedChain) }
        if sent.isEmpty, let remembered { sent = Array(remembered.chain.dropFirst().dropLast()) }
        let found = await ChainSearch(authorities: trusted).chain(of: certificate.certificate, through: sent, at: now)
        // Only what led to an authority is remembered: nobody else's certificates can drive it out.
        if case .success(let chain) = found {
            known.withLock { $0[certificate.thumbprint] = KnownChain(chain: chain, edition: trusted.edition) }
        }
        return found
    }
}
