public import Primitives

/// Remembers what may be used once and expires by itself: the `jti` of client assertions (RFC 7523 §3) and of DPoP proofs (RFC 9449 §11.1).
///
/// Processes share it and it survives them, but no use waits for a disk (docs/decisions/0013-used-once.md). What a power cut took from it is made up for: what
/// was made before it began is refused.
public protocol ReplayMemory: Sendable {
    /// Uses it; of many at once, over all processes, one is the first.
    /// - Throws: `StorageError`; whether it was used is not known then, so it counts as used.
    func use(_ use: ReplayUse) async throws -> ReplayOutcome

    /// Uses two in one step. Each is used for itself, whatever becomes of the other.
    /// - Throws: `StorageError`; whether they were used is not known then, so they count as used.
    func use(_ one: ReplayUse, with other: ReplayUse) async throws -> (ReplayOutcome, ReplayOutcome)

    /// Forgets what has long expired.
    /// - Returns: how many uses went.
    func purge() async throws -> Int
}

/// Something that may be used once.
public struct ReplayUse: Hashable, Sendable {
    /// Of what it is, and of whom: two uses are the same when this is.
    public let digest: Digest
    public let issuedAt: Timestamp
    /// When it would be refused anyway.
    public let expiresAt: Timestamp

    public init(digest: Digest, issuedAt: Timestamp, expiresAt: Timestamp) {
        self.digest = digest
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
    }
}

public enum ReplayOutcome: Hashable, Sendable {
    case first
    case replayed
    /// It is older than this memory, so it may have been used before.
    case tooOldToTell
}
