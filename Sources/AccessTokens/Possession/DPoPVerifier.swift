package import OAuth
package import Primitives
package import Storage

/// Checks DPoP proofs (RFC 9449 §4.3) and lets each be used once, over all nodes (§11.1).
package struct DPoPVerifier: Sendable {
    private let nonces: DPoPNonces
    private let replays: ReplayMemory

    package init(nonces: DPoPNonces, replays: ReplayMemory) {
        self.nonces = nonces
        self.replays = replays
    }

    /// For `DPoP-Nonce`.
    package func nonce(at now: Timestamp) -> String { nonces.nonce(at: now) }

    /// - Parameter headers: every `DPoP` header of the request.
    /// - Returns: `nil` without one.
    package func read(_ headers: [String], for target: DPoPProof.Target, at now: Timestamp) -> Result<DPoPProof?, DPoPProof.Refusal> {
        guard let text = headers.first else { return .success(nil) }
        guard headers.count == 1 else { return .failure(.severalProofs) }
        do {
            return .success(try DPoPProof(text, for: target, at: now) { nonces.validity(of: $0, at: now) })
        } catch {
            return .failure(error)
        }
    }

    /// Spends the proof.
    /// - Throws: storage failures.
    package func use(_ proof: DPoPProof) async throws -> DPoPProof.Refusal? {
        let use = ReplayMemory.Use(
            digest: Digest(of: "dpop\n\(proof.thumbprint)\n\(proof.tokenID)"), issuedAt: proof.madeAfter, expiresAt: proof.expiresAt)
        return switch try await replays.use(use) {
        case .first: nil
        case .replayed: .replayed
        case .tooOldToTell: .nonceNeeded
        }
    }
}
