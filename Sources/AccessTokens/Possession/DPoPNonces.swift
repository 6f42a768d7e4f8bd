public import Primitives

/// Nonces that servers hand out for DPoP proofs (RFC 9449 §8). None is kept: a nonce is the number of its quarter of ten minutes under a key that all nodes
/// share, so that each of them knows its age.
public struct DPoPNonces: Sendable {
    private let authenticator: MessageAuthenticator

    public init(rootKey: RootKey) { authenticator = MessageAuthenticator(rootKey, purpose: "dpop-nonce") }

    /// Seconds in which the same nonce is handed out. It is good for the next such period too.
    private static let period: Int64 = 150

    public func nonce(at now: Timestamp) -> String { text(period: now.seconds / Self.period) }

    /// When the nonce was first handed out and until when it is good.
    /// - Returns: `nil` for one that is not ours, or too old.
    public func validity(of nonce: String, at now: Timestamp) -> (since: Timestamp, until: Timestamp)? {
        let current = now.seconds / Self.period
        // Another node's clock may have reached the next period.
        for period in [current, current - 1, current + 1] where constantTimeEqual(nonce, text(period: period)) {
            return (Timestamp(seconds: period * Self.period), Timestamp(seconds: (period + 2) * Self.period))
        }
        return nil
    }

    private func text(period: Int64) -> String { String(authenticator.code(for: String(period)).prefix(22)) }
}
