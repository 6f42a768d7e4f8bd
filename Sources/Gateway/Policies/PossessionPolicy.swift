import AccessTokens
import Certificates
import HTTPTypes
import Hummingbird
import OAuth
import Web

/// A bound token is sent by whoever it was issued to: with its certificate (RFC 8705 §3) or a proof of its DPoP key (RFC 9449 §7.1).
struct PossessionPolicy: Policy {
    let name = "possession"
    let possession: PossessionCheck
    let addresses: ServerAddresses

    func check(_ call: inout Call) async throws -> Verdict {
        guard let claims = call.claims, let token = call.token else { return .skipped("no token") }
        // Most tokens: nothing to prove, and nothing to put together for it.
        if !claims.binding.isBound, token.scheme == .bearer { return .skipped("the token is not bound to its sender") }
        let evidence = PossessionCheck.Evidence(
            scheme: token.scheme, proofs: call.request.headers[values: .dpop],
            target: DPoPProof.Target(method: call.request.method.rawValue, addresses: addresses.all(call.request.uri.path), accessToken: token.text),
            certificate: claims.binding.certificate == nil ? nil : call.clientCertificate.map { Thumbprint(ofDER: $0.der).text })
        guard let refusal = try await possession.refusal(of: evidence, for: claims.binding, at: call.now) else {
            return .passed(claims.binding.dpopKey == nil ? "sent with its certificate" : "sent with a proof of its key")
        }
        let isProof = refusal.code != .invalidToken
        var verdict = refused(
            isProof ? .invalidDPoPProof : .invalidToken, refusal.message, at: isProof ? "/header/DPoP" : "/header/Authorization", expected: refusal.expected,
            got: refusal.got, challenge: BearerChallenge(text: DPoPChallenge.text(refusal)))
        if refusal.needsNonce, case .refused(var problem) = verdict {
            problem.headers[.dpopNonce] = possession.proofs.nonce(at: call.now)
            verdict = .refused(problem)
        }
        return verdict
    }
}

extension HTTPField.Name {
    static let dpop = HTTPField.Name("DPoP")!  // a valid name
    static let dpopNonce = HTTPField.Name("DPoP-Nonce")!  // a valid name
}
