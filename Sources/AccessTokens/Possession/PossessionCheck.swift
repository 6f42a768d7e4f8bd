public import OAuth
public import Primitives

/// Whether the sender of an access token holds what the token is bound to (RFC 9449 §7.1, RFC 8705 §3).
public struct PossessionCheck: Sendable {
    public let proofs: DPoPVerifier

    public init(proofs: DPoPVerifier) { self.proofs = proofs }

    /// What came with the token.
    public struct Evidence: Sendable {
        public let scheme: TokenScheme
        /// Every `DPoP` header.
        public let proofs: [String]
        public let target: DPoPProof.Target
        /// The digest of the certificate that the sender authenticated with, base64url.
        public let certificate: String?

        public init(scheme: TokenScheme, proofs: [String], target: DPoPProof.Target, certificate: String?) {
            self.scheme = scheme
            self.proofs = proofs
            self.target = target
            self.certificate = certificate
        }
    }

    /// Uses the proof that came, when all else is sound.
    /// - Throws: storage failures.
    public func refusal(of evidence: Evidence, for binding: TokenBinding, at now: Timestamp) async throws -> PossessionRefusal? {
        switch check(evidence, for: binding, at: now) {
        case .failure(let refusal): return refusal
        case .success(nil): return nil
        case .success(let proof?): return try await proofs.use(proof).map { .proof($0) }
        }
    }

    /// - Returns: the proof that came, still to be used; `nil` where the token is bound to no key.
    public func check(_ evidence: Evidence, for binding: TokenBinding, at now: Timestamp) -> Result<DPoPProof?, PossessionRefusal> {
        if let certificate = binding.certificate, evidence.certificate.map({ constantTimeEqual($0, certificate) }) != true {
            return .failure(evidence.certificate == nil ? .certificateMissing : .otherCertificate)
        }
        guard let key = binding.dpopKey else { return evidence.scheme == .dpop ? .failure(.notBoundToKey) : .success(nil) }
        // RFC 9449 §7.1: as a bearer token it would prove nothing.
        guard evidence.scheme == .dpop else { return .failure(.sentAsBearer) }
        switch proofs.read(evidence.proofs, for: evidence.target, at: now) {
        case .failure(let refusal): return .failure(.proof(refusal))
        case .success(nil): return .failure(.proofMissing)
        case .success(let proof?): return constantTimeEqual(proof.thumbprint, key) ? .success(proof) : .failure(.otherKey)
        }
    }
}

/// Why a bound token is not accepted from its sender.
public enum PossessionRefusal: Error, Hashable, Sendable {
    case certificateMissing
    case otherCertificate
    /// A bearer token under the scheme DPoP.
    case notBoundToKey
    case sentAsBearer
    case proofMissing
    case otherKey
    case proof(DPoPProof.Refusal)

    /// RFC 9449 §7.1, §9; RFC 8705 §3.
    public var code: OAuthError.Code {
        switch self {
        case .proof(.nonceNeeded): .useDPoPNonce
        case .proof, .proofMissing: .invalidDPoPProof
        case .certificateMissing, .otherCertificate, .notBoundToKey, .sentAsBearer, .otherKey: .invalidToken
        }
    }

    public var needsNonce: Bool { self == .proof(.nonceNeeded) }
    /// Whether the answer tells how to use DPoP rather than a certificate.
    public var isAboutDPoP: Bool { self != .certificateMissing && self != .otherCertificate }

    public var message: String {
        switch self {
        case .certificateMissing: "The access token is bound to a certificate, and none came with the request."
        case .otherCertificate: "The access token is bound to another certificate."
        case .notBoundToKey: "The access token is not bound to a DPoP key: send it as a bearer token."
        case .sentAsBearer: "The access token is bound to a DPoP key: send it with the scheme DPoP and a proof."
        case .proofMissing: "The request carries no DPoP proof."
        case .otherKey: "The DPoP proof was signed with another key than the one that the access token is bound to."
        case .proof(let refusal): refusal.message
        }
    }

    public var expected: String {
        switch self {
        case .certificateMissing, .otherCertificate: "the certificate that the token was issued to"
        case .notBoundToKey: "the scheme Bearer"
        case .sentAsBearer: "the scheme DPoP"
        case .proofMissing: "one DPoP header"
        case .otherKey: "a proof by the key whose thumbprint is the token’s jkt"
        case .proof: "a DPoP proof for this request"
        }
    }

    public var got: String {
        switch self {
        case .certificateMissing: "no certificate"
        case .otherCertificate: "another certificate"
        case .notBoundToKey: "the scheme DPoP"
        case .sentAsBearer: "the scheme Bearer"
        case .proofMissing: "no DPoP header"
        case .otherKey: "a proof by another key"
        case .proof(let refusal): refusal.rawValue
        }
    }
}
