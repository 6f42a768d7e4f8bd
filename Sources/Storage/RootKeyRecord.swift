public import Primitives

/// The deployment's root key as the database holds it: sealed under the operator's master key. One row; keeping it is what the first start does.
public struct RootKeyRecord: Sendable {
    public init() {}

    private static let id = "current"

    /// - Returns: `nil` when there is none yet.
    /// - Throws: `RootKeyFailure` when the master key does not open it; storage failures.
    public func open(by master: MasterKey, in tx: any ReadTransaction) throws -> RootKey? {
        guard let sealed = try sealed(in: tx) else { return nil }
        guard let key = master.open(sealed) else { throw RootKeyFailure.sealedByAnotherMasterKey }
        return key
    }

    /// Keeps the first root key. Of two processes that do so at once, the first is believed.
    /// - Returns: the one that is kept.
    /// - Throws: `RootKeyFailure` when another process kept one under another master key; storage failures.
    public func keep(_ key: RootKey, under master: MasterKey, at now: Timestamp, in tx: any WriteTransaction) throws -> RootKey {
        try tx.execute(
            """
            INSERT INTO root_key (id, sealed, created_at, sealed_at) VALUES (\(Self.id), \(master.seal(key)), \(now), \(now))
            ON CONFLICT (id) DO NOTHING
            """)
        guard let kept = try open(by: master, in: tx) else { throw StorageError.failed(reason: "the root key is not there after it was kept") }
        return kept
    }

    /// Seals the root key under another master key.
    /// - Returns: `false` when the other master key sealed it already.
    /// - Throws: `RootKeyFailure` when there is none, neither opens it, or somebody else sealed it at this moment; storage failures.
    public func reseal(from master: MasterKey, to replacement: MasterKey, at now: Timestamp, in tx: any WriteTransaction) throws -> Bool {
        guard let sealed = try sealed(in: tx) else { throw RootKeyFailure.sealedByAnotherMasterKey }
        guard replacement.open(sealed) == nil else { return false }
        guard let key = master.open(sealed) else { throw RootKeyFailure.sealedByAnotherMasterKey }
        let changed = try tx.execute(
            "UPDATE root_key SET sealed = \(replacement.seal(key)), sealed_at = \(now) WHERE id = \(Self.id) AND sealed = \(sealed)")
        guard changed == 1 else { throw RootKeyFailure.sealedByAnotherMasterKey }
        return true
    }

    /// As it is kept; `nil` when there is none yet, or the schema is of a version that had none.
    public func sealed(in tx: any ReadTransaction) throws -> String? {
        guard try tx.hasTable("root_key") else { return nil }
        return try tx.first("SELECT sealed FROM root_key WHERE id = \(Self.id)").map { try $0["sealed"] }
    }
}

/// Why the root key cannot be used.
public enum RootKeyFailure: Error, Hashable, Sendable, CustomStringConvertible {
    case sealedByAnotherMasterKey

    public var description: String { "The keys in this database are sealed under another master key: start with the one that they were sealed under last." }
}
