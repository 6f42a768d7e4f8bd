public import Primitives
internal import Synchronization

/// The memory of what was used once in a table, for nodes on PostgreSQL: it is unlogged, so that it survives the processes and no commit waits for a disk.
public final class ReplayTable: ReplayMemory {
    private let database: any Database
    private let clock: any WallClock
    private let queue = Mutex(Queue())

    /// - Parameter database: with `migrations` applied.
    public init(database: any Database, clock: any WallClock) {
        self.database = database
        self.clock = clock
    }

    public func use(_ use: ReplayUse) async throws -> ReplayOutcome { try await self.use(all: [use])[0] }  // one for each

    public func use(_ one: ReplayUse, with other: ReplayUse) async throws -> (ReplayOutcome, ReplayOutcome) {
        let outcomes = try await use(all: [one, other])
        return (outcomes[0], outcomes[1])  // one for each
    }

    private func use(all uses: [ReplayUse]) async throws -> [ReplayOutcome] {
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
        var waiting: [(uses: [ReplayUse], continuation: CheckedContinuation<[ReplayOutcome], any Error>)] = []
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

    private func write(_ uses: [ReplayUse]) async throws -> [ReplayOutcome] {
        // The same one twice within the group: the first may win.
        var distinct: [Digest: ReplayUse] = [:]
        for use in uses where distinct[use.digest] == nil { distinct[use.digest] = use }
        var won = try await database.write { [distinct, clock] tx in
            let won = try Self.insert(Array(distinct.values), in: tx)
            guard won.values.contains(nil) else { return won.compactMapValues { $0 } }
            // The memory was lost while this process ran: what was made until now is not believed, what is made from now on is.
            let completeSince = clock.now + .seconds(1)
            try Self.mark(completeSince: completeSince, in: tx)
            return won.mapValues { $0 ?? completeSince }
        }
        return uses.map { use in
            guard let completeSince = won.removeValue(forKey: use.digest) else { return .replayed }
            return use.issuedAt < completeSince ? .tooOldToTell : .first
        }
    }

    /// - Returns: the digests that were new, each with the time since which nothing was forgotten.
    private static func insert(_ uses: [ReplayUse], in tx: any WriteTransaction) throws -> [Digest: Timestamp?] {
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

extension ReplayTable {
    /// PostgreSQL empties unlogged tables when it recovers: then memory begins anew.
    public func begin() async throws {
        try await database.write { [clock] tx in try Self.mark(completeSince: clock.now, in: tx) }
    }

    private static func mark(completeSince: Timestamp, in tx: any WriteTransaction) throws {
        try tx.execute(
            """
            INSERT INTO replay_memory (id, boot, complete_since) VALUES (1, '', \(completeSince)) ON CONFLICT (id) DO NOTHING
            """)
    }

    /// Forgets everything: what was made before the next `begin` is not believed. A copy that another tool made may lack the newest uses. No server runs.
    public static func forget(in tx: any WriteTransaction) throws {
        // At once, however many uses there are: row by row a busy day would take longer than a statement may.
        try tx.execute("TRUNCATE replay_memory, used_once")
    }

    public func purge() async throws -> Int {
        let moment = clock.now - WrongClock.memory
        var forgotten = 0
        while true {
            let some = try await database.write { tx in
                try tx.execute(
                    "DELETE FROM used_once WHERE digest IN (SELECT digest FROM used_once WHERE expires_at < \(moment) ORDER BY expires_at LIMIT \(Self.purged))"
                )
            }
            forgotten += some
            if some < Self.purged { return forgotten }
        }
    }

    /// Rows that one transaction deletes at most.
    private static let purged = 10_000

    public static let migrations: [Migration] = [
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
