public import Primitives
internal import Synchronization

/// What stands behind a certificate that shows who holds its key (RFC 8705 §3), whoever issued it. It is in its time.
public enum CertificateStanding: Hashable, Sendable {
    /// An authority that we trust vouches for it and did not revoke it.
    case vouched(CertificateAuthorities.Kind)
    /// No authority that we trust says anything about it, for this reason.
    case alone(CertificateRefusal)
}

/// The standing of each certificate, remembered until time, a revocation list or the authorities change it: it is asked at each call with a bound token, where
/// judging anew would cost more than the rest of the call.
public final class CertificateStandings: Sendable {
    private let check: ClientCertificateCheck
    private let known: Mutex<RecentlyUsed<Thumbprint, Known>>

    private struct Known: Sendable {
        /// `nil` for what was refused: that is asked anew each time.
        let standing: CertificateStanding?
        let since: Timestamp
        let until: Timestamp
        let edition: ClientCertificateCheck.Edition
        /// The certificate and what came along, DER: what the standing was found by. `nil` where that is large.
        let chain: [[UInt8]]?
        /// The chains by which no authority vouches.
        let untrusted: UntrustedChains

        func stands(at now: Timestamp, in edition: ClientCertificateCheck.Edition) -> CertificateStanding? {
            self.edition == edition && since <= now && now < until ? standing : nil
        }

        /// The same for whoever brings these: that no authority vouches was found by some chains, and another may lead to one.
        func stands(for intermediates: [[UInt8]], at now: Timestamp, in edition: ClientCertificateCheck.Edition) -> CertificateStanding? {
            let standing = stands(at: now, in: edition)
            guard case .alone? = standing, !intermediates.isEmpty else { return standing }
            return untrusted.refusal(of: UntrustedChains.Chain(intermediates)).map { .alone($0) }
        }

        /// That they lead to no authority holds no longer than the standing does.
        func untrustedChains(at now: Timestamp, in edition: ClientCertificateCheck.Edition) -> UntrustedChains {
            stands(at: now, in: edition) == nil ? UntrustedChains() : untrusted
        }
    }

    /// A certificate with four intermediates of RSA keys of 4096 bits, in bytes of DER. Of what is larger the standing is kept, and a digest.
    private static let largestChain = 12_000

    /// - Parameter capacity: certificates remembered at most, of one or two kilobytes.
    public init(check: ClientCertificateCheck, capacity: Int = 10_000) {
        self.check = check
        known = Mutex(RecentlyUsed(capacity: capacity))
    }

    /// - Parameters:
    ///   - der: as it came.
    ///   - intermediates: what came along, DER.
    public func standing(of der: [UInt8], intermediates: [[UInt8]], at now: Timestamp) async -> Result<CertificateStanding, CertificateRefusal> {
        let (thumbprint, edition) = (Thumbprint(ofDER: der), check.edition)
        let seen = known.withLock { $0[thumbprint] }
        if let standing = seen?.stands(for: intermediates, at: now, in: edition) { return .success(standing) }
        // A resumed session brings the certificate alone: what came along before serves.
        let chain = (intermediates.isEmpty ? seen?.chain : nil) ?? ([der] + intermediates)
        let others = Array(chain.dropFirst())
        let judged = await judge(der, others, at: now)
        let judgement = try? judged.get()
        let broughtAlong = UntrustedChains.Chain(others)
        let kept = self.kept(chain, judged.map { $0.standing }, before: seen?.chain)
        known.withLock {
            // Found meanwhile, by a call at the same time.
            let meanwhile = $0[thumbprint]
            if case .vouched? = meanwhile?.stands(at: now, in: edition) { return }
            var untrusted = meanwhile?.untrustedChains(at: now, in: edition) ?? UntrustedChains()
            if case .alone(let refusal)? = judgement?.standing { untrusted.append(broughtAlong, refusal) }
            $0[thumbprint] = Known(
                standing: judgement?.standing, since: now, until: judgement?.until ?? now, edition: edition, chain: kept, untrusted: untrusted)
        }
        return judged.map { $0.standing }
    }

    /// The standing of a certificate that did not come along, as far as it came lately.
    /// - Returns: `nil` for one that is not remembered.
    public func standing(ofSeen thumbprint: Thumbprint, at now: Timestamp) async -> Result<CertificateStanding, CertificateRefusal>? {
        guard let seen = known.withLock({ $0[thumbprint] }) else { return nil }
        if let standing = seen.stands(at: now, in: check.edition) { return .success(standing) }
        guard let der = seen.chain?.first else { return nil }
        return await standing(of: der, intermediates: [], at: now)
    }

    /// What is kept of a chain. Anybody can bring a broken one: then what came before stays. Of one that cannot be read only the certificate is kept.
    private func kept(_ chain: [[UInt8]], _ judged: Result<CertificateStanding, CertificateRefusal>, before: [[UInt8]]?) -> [[UInt8]]? {
        let kept =
            switch judged {
            case .success: chain
            case .failure(.malformedChain), .failure(.chainTooLong): (before == chain ? nil : before) ?? Array(chain.prefix(1))
            case .failure: before ?? chain
            }
        return kept.map(\.count).reduce(0, +) <= Self.largestChain ? kept : nil
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
            if let objection = check.objection(to: certificate) { return .failure(objection) }
            return .success((.alone(refusal), certificate.certificate.end))
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
