package import Primitives
internal import Synchronization

/// Remembers what may be used once and expires by itself: the `jti` of client assertions (RFC 7523 §3) and of DPoP proofs (RFC 9449 §11.1).
///
/// Nodes share it and it survives their processes, but no use waits for a disk: on PostgreSQL the table is unlogged, on SQLite it lies in a file of its own
/// that is not synced. What a power cut took from it is made up for by `completeSince`: what was made before then is refused.
package final class ReplayMemory: Sendable {
    private let database: any Database
    private let clock: any WallClock
    private let queue = Mutex(Queue())

    /// - Parameter database: with `migrations` applied.
    package init(database: any Database, clock: any WallClock) {
        self.database = database
        self.clock = clock
    }

    /// Something that may be used once.
    package struct Use: Hashable, Sendable {
        /// Of what it is, and of whom: two uses are the same when this is.
        package let digest: Digest
        package let issuedAt: Timestamp
        /// When it would be refused anyway.
        package let expiresAt: Timestamp

        package init(digest: Digest, issuedAt: Timestamp, expiresAt: Timestamp) {
            self.digest = digest
            self.issuedAt = issuedAt
            self.expiresAt = expiresAt
        }
    }

    package enum Outcome: Hashable, Sendable {
        case first
        case replayed
        /// It is older than this memory, so it may have been used before.
        case tooOldToTell
    }

    /// Uses it; of many at once, over all nodes, one is the first.
    /// - Throws: `StorageError`; whether it was used is not known then, so it counts as used.
    package func use(_ use: Use) async throws -> Outcome { try await self.use(all: [use])[0] }  // one for each

    /// Uses two in one exchange with the database. Each is used for itself, whatever becomes of the other.
    /// - Throws: `StorageError`; whether they were used is not known then, so they count as used.
    package func use(_ one: Use, with other: Use) async throws -> (Outcome, Outcome) {
        let outcomes = try await use(all: [one, other])
        return (outcomes[0], outcomes[1])  // one for each
    }

    private func use(all uses: [Use]) async throws -> [Outcome] {
        try await withCheckedThrowingContinuation { continuation in
            let isFirst = queue.withLock { queue in
                queue.waiting.append((uses, continuation))
                defer { queue.isWriting = true }
                return !queue.isWriting
            }
            if isFirst { Task { await writeAll() } }
        }
    }

    private struct Queue {
        var waiting: [(uses: [Use], continuation: CheckedContinuation<[Outcome], any Error>)] = []
        var isWriting = false
    }

    /// Those that came while one group was written are the next group: one exchange with the database serves all of them.
    private func writeAll() async {
        while true {
            let group = queue.withLock { queue in
                let group = queue.waiting
                queue.waiting = []
                queue.isWriting = !group.isEmpty
                return group
            }
            guard !group.isEmpty else { return }
            do {
                var outcomes = try await write(group.flatMap(\.uses))[...]
                for (uses, continuation) in group {
                    continuation.resume(returning: Array(outcomes.prefix(uses.count)))
                    outcomes = outcomes.dropFirst(uses.count)
                }
            } catch {
                for member in group { member.continuation.resume(throwing: error) }
            }
        }
    }

    private func write(_ uses: [Use]) async throws -> [Outcome] {
        // The same one twice within the group: the first may win.
        var distinct: [Digest: Use] = [:]
        for use in uses where distinct[use.digest] == nil { distinct[use.digest] = use }
        var won = try await database.write { [distinct, clock] tx in
            let won = try Self.insert(Array(distinct.values), in: tx)
            guard won.values.contains(nil) else { return won.compactMapValues { $0 } }
            // The memory was lost while this process ran: what was made until now is not believed, what is made from now on is.
            let completeSince = clock.now + .seconds(1)
            try Self.mark(boot: "", completeSince: completeSince, in: tx)
            return won.mapValues { $0 ?? completeSince }
        }
        return uses.map { use in
            guard let completeSince = won.removeValue(forKey: use.digest) else { return .replayed }
            return use.issuedAt < completeSince ? .tooOldToTell : .first
        }
    }

    /// - Returns: the digests that were new, each with the time since which nothing was forgotten.
    private static func insert(_ uses: [Use], in tx: any WriteTransaction) throws -> [Digest: Timestamp?] {
        var won: [Digest: Timestamp?] = [:]
        for row in try tx.insert(uses.map { [$0.digest.sqlValue, $0.expiresAt.sqlValue] }, by: insertion) {
            let digest: String = try row["digest"]
            let completeSince: Timestamp? = try row["complete_since"]
            won.updateValue(completeSince, forKey: Digest(stored: digest))
        }
        return won
    }

    private static let insertion = SQL.Insertion(
        into: "used_once", columns: ["digest", "expires_at"],
        ending: "ON CONFLICT (digest) DO NOTHING RETURNING digest, (SELECT complete_since FROM replay_memory WHERE id = 1) AS complete_since")
}

extension ReplayMemory {
    /// A machine's power cut takes unsynced files along, and PostgreSQL empties unlogged tables when it recovers: then memory begins anew.
    /// - Parameter boot: changes when the machine starts; `nil` where the database tells a loss by itself.
    package func begin(boot: String? = nil) async throws {
        try await database.write { [clock] tx in try Self.mark(boot: boot ?? "", completeSince: clock.now, in: tx) }
    }

    private static func mark(boot: String, completeSince: Timestamp, in tx: any WriteTransaction) throws {
        try tx.execute(
            """
            INSERT INTO replay_memory (id, boot, complete_since) VALUES (1, \(boot), \(completeSince))
            ON CONFLICT (id) DO UPDATE SET boot = excluded.boot, complete_since = excluded.complete_since WHERE replay_memory.boot <> excluded.boot
            """)
    }

    /// Forgets what has long expired.
    /// - Returns: how many went, at most `limit`.
    package func purge(limit: Int = 10_000) async throws -> Int {
        // A clock that ran ahead and is set back makes expired things valid again, which must not be forgotten meanwhile.
        let moment = clock.now - .hours(3)
        return try await database.write { tx in
            try tx.execute(
                "DELETE FROM used_once WHERE digest IN (SELECT digest FROM used_once WHERE expires_at < \(moment) ORDER BY expires_at LIMIT \(limit))")
        }
    }

    package static let migrations: [Migration] = [
        Migration(
            "storage.replay_memory_0001",
            """
            CREATE UNSYNCED_TABLE used_once (
                digest TEXT PRIMARY KEY,
                expires_at BIGINT NOT NULL
            ) BY_KEY;
            CREATE INDEX used_once_by_expiry ON used_once (expires_at);
            CREATE UNSYNCED_TABLE replay_memory (
                id BIGINT PRIMARY KEY,
                boot TEXT NOT NULL,
                complete_since BIGINT NOT NULL
            );
            """)
    ]
}
