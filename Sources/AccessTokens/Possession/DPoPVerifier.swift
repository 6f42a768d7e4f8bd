internal import JOSE
public import OAuth
public import Primitives
public import Storage

/// Checks DPoP proofs (RFC 9449 §4.3) and lets each be used once, over all nodes (§11.1).
public struct DPoPVerifier: Sendable {
    private let nonces: DPoPNonces
    private let replays: any ReplayMemory
    private let keys = KnownPublicKeys()

    public init(nonces: DPoPNonces, replays: any ReplayMemory) {
        self.nonces = nonces
        self.replays = replays
    }

    /// For `DPoP-Nonce`.
    public func nonce(at now: Timestamp) -> String { nonces.nonce(at: now) }

    /// - Parameter headers: every `DPoP` header of the request.
    /// - Returns: `nil` without one.
    public func read(_ headers: [String], for target: DPoPProof.Target, at now: Timestamp) -> Result<DPoPProof?, DPoPProof.Refusal> {
        guard let text = headers.first else { return .success(nil) }
        guard headers.count == 1 else { return .failure(.severalProofs) }
        do {
            return .success(try DPoPProof(text, for: target, at: now, keys: keys) { nonces.validity(of: $0, at: now) })
        } catch {
            return .failure(error)
        }
    }

    /// Spends the proof.
    /// - Throws: storage failures.
    public func use(_ proof: DPoPProof) async throws -> DPoPProof.Refusal? { DPoPProof.Refusal(try await replays.use(proof.use)) }
}

extension DPoPProof {
    /// What may be done with it once.
    public var use: ReplayUse {
        ReplayUse(digest: Digest(of: "dpop\n\(thumbprint)\n\(tokenID)"), issuedAt: madeAfter, expiresAt: expiresAt)
    }
}

extension DPoPProof.Refusal {
    /// - Returns: `nil` for the first use.
    public init?(_ outcome: ReplayOutcome) {
        switch outcome {
        case .first: return nil
        case .replayed: self = .replayed
        case .tooOldToTell: self = .nonceNeeded
        }
    }
}
