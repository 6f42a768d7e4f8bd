import AccessTokens
import Applications
import Certificates
import HTTPTypes
import Hummingbird
import Metering
import OAuth
import Primitives
import Web

/// A bound token is sent by whoever it was issued to: with its certificate, which is still in force (RFC 8705 §3), or a proof of its DPoP key (RFC 9449 §7.1).
struct PossessionPolicy: Policy {
    let name = "possession"
    let possession: PossessionCheck
    let addresses: ServerAddresses
    let certificates: ClientCertificates
    let apps: AppDirectory
    let bursts: BurstLimiter

    /// Most tokens: nothing to prove, and nothing to put together for it.
    func checkAtOnce(_ call: inout Call) -> Verdict? {
        guard let claims = call.claims, let token = call.token else { return .skipped(.noToken) }
        return !claims.binding.isBound && token.scheme == .bearer ? .skipped(.unbound) : nil
    }

    func check(_ call: inout Call) async throws -> Verdict {
        guard let claims = call.claims, let token = call.token else { return .skipped(.noToken) }
        let evidence = PossessionCheck.Evidence(
            scheme: token.scheme, proofs: call.request.headers[values: .dpop],
            target: DPoPProof.Target(method: call.request.method.rawValue, addresses: addresses.all(call.request.uri.path), accessToken: token.text),
            certificate: claims.binding.certificate == nil ? nil : call.clientCertificate.map { Thumbprint(ofDER: $0.der).text })
        switch possession.check(evidence, for: claims.binding, at: call.now) {
        case .failure(let refusal): return refused(refusal, at: call.now)
        case .success(let proof?):
            if let refusal = try await use(proof, of: claims.appID, for: &call) { return refused(.proof(refusal), at: call.now) }
        case .success(nil): break
        }
        if let refusal = try await certificateRefusal(of: call, claims) { return refused(refusal, under: token.scheme) }
        return .passed(claims.binding.dpopKey == nil ? .sentWithCertificate : .sentWithProof)
    }

    /// Uses the proof, and one of the app's burst with it: what was used is remembered for hours, so an app gets no more of that memory than of calls. Where
    /// its burst has no room nothing is used, and the rule of the burst refuses the call. A proof that was used before gives its place back, whoever found it.
    private func use(_ proof: DPoPProof, of appID: AppID, for call: inout Call) async throws -> DPoPProof.Refusal? {
        guard let app = try await apps.find(appID) else { return try await possession.proofs.use(proof) }
        let standing = bursts.take(app.id, limit: app.plan.burst, at: call.now)
        call.burst = standing
        guard standing.retryAfter == nil else { return nil }
        do {
            guard let refusal = try await possession.proofs.use(proof) else { return nil }
            bursts.giveBack(app.id, limit: app.plan.burst)
            call.burst = nil
            return refusal
        } catch {
            bursts.giveBack(app.id, limit: app.plan.burst)
            throw error
        }
    }

    private func refused(_ refusal: PossessionRefusal, at now: Timestamp) -> Verdict {
        let isProof = refusal.code != .invalidToken
        var verdict = refused(
            isProof ? .invalidDPoPProof : .invalidToken, refusal.message, at: isProof ? "/header/DPoP" : "/header/Authorization", expected: refusal.expected,
            got: refusal.got, challenge: BearerChallenge(text: DPoPChallenge.text(refusal)))
        if refusal.needsNonce, case .refused(var problem) = verdict {
            problem.headers[.dpopNonce] = possession.proofs.nonce(at: now)
            verdict = .refused(problem)
        }
        return verdict
    }

    /// A connection lasts, and so does a token: what was in force when both began may be expired or revoked by now.
    private func certificateRefusal(of call: Call, _ claims: AccessTokenClaims) async throws -> CertificateRefusal? {
        guard claims.binding.certificate != nil, let presented = call.clientCertificate, let app = try await apps.find(claims.appID) else { return nil }
        return try await certificates.refusal(ofBound: presented.der, intermediates: presented.chain, for: app, at: call.now)
    }

    private func refused(_ refusal: CertificateRefusal, under scheme: TokenScheme) -> Verdict {
        let detail = "The certificate that the access token is bound to is not accepted: \(refusal.code)."
        return refused(.invalidToken, detail, expected: "a certificate in force", got: refusal.code, challenge: .invalidToken(detail, under: scheme))
    }
}

extension HTTPField.Name {
    static let dpop = HTTPField.Name("DPoP")!  // a valid name
    static let dpopNonce = HTTPField.Name("DPoP-Nonce")!  // a valid name
}
