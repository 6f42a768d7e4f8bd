package import Primitives
internal import Synchronization

/// What stands behind a certificate that shows who holds its key (RFC 8705 §3), whoever issued it. It is in its time.
package enum CertificateStanding: Hashable, Sendable {
    /// An authority that we trust vouches for it and did not revoke it.
    case vouched(CertificateAuthorities.Kind)
    /// No authority that we trust says anything about it, for this reason.
    case alone(CertificateRefusal)
}

/// The standing of each certificate, remembered until time, a revocation list or the authorities change it: it is asked at each call with a bound token, where
/// judging anew would cost more than the rest of the call.
package final class CertificateStandings: Sendable {
    private let check: ClientCertificateCheck
    private let known: Mutex<RecentlyUsed<Thumbprint, Known>>

    private struct Known: Sendable {
        let standing: CertificateStanding
        let since: Timestamp
        let until: Timestamp
        let edition: ClientCertificateCheck.Edition
    }

    /// - Parameter capacity: standings remembered at most, of about two hundred bytes.
    package init(check: ClientCertificateCheck, capacity: Int = 20_000) {
        self.check = check
        known = Mutex(RecentlyUsed(capacity: capacity))
    }

    /// - Parameters:
    ///   - der: as it came.
    ///   - intermediates: what came along, DER.
    package func standing(of der: [UInt8], intermediates: [[UInt8]], at now: Timestamp) async -> Result<CertificateStanding, CertificateRefusal> {
        let (thumbprint, edition) = (Thumbprint(ofDER: der), check.edition)
        if let known = known.withLock({ $0[thumbprint] }), known.edition == edition, known.since <= now, now < known.until { return .success(known.standing) }
        let judged = await judge(der, intermediates, at: now)
        if case .success(let (standing, until)) = judged {
            known.withLock { $0[thumbprint] = Known(standing: standing, since: now, until: until, edition: edition) }
        }
        return judged.map { $0.standing }
    }

    private func judge(
        _ der: [UInt8], _ intermediates: [[UInt8]], at now: Timestamp
    ) async -> Result<(standing: CertificateStanding, until: Timestamp), CertificateRefusal> {
        let certificate: ClientCertificate
        switch ClientCertificate.read(der) {
        case .success(let read): certificate = read
        case .failure(let refusal): return .failure(refusal)
        }
        switch await check.check(certificate, intermediates: intermediates, at: now) {
        case .success(let verified): return .success((.vouched(verified.authority), verified.until))
        case .failure(let refusal) where refusal.isNobodysWord:
            // Who leaves the chain out gains nothing.
            return check.isListed(certificate) ? .failure(.revoked) : .success((.alone(refusal), certificate.certificate.end))
        case .failure(let refusal): return .failure(refusal)
        }
    }
}

extension CertificateRefusal {
    /// Whether it says no more than that no authority of ours vouches for a client's certificate.
    fileprivate var isNobodysWord: Bool {
        switch self {
        case .selfSigned, .unknownIssuer, .foreignIssuer, .untrustedChain, .wrongUsage, .weakSignature: true
        default: false
        }
    }
}
