internal import Logging
internal import Primitives
internal import Storage
internal import StoragePostgres

/// The database of a server that a backup is brought back to.
struct PostgresTarget {
    let url: String
    let logger: Logger

    /// What is set aside is called so, and then as `AsideName` says. No step of the schema is.
    private static let prefix = "replaced_"

    /// - Throws: `ConfigurationError` while a server of ours is connected, or what a killed restore started: it goes on by itself.
    func refuseWhileServed() async throws {
        let isServed = try await opened { database in
            // PostgreSQL ends its process a moment after the server that was stopped has left.
            for _ in 0..<20 {
                let others = try await database.read { tx in
                    try tx.first(
                        """
                        SELECT COUNT(*) AS others
                        FROM pg_stat_activity
                        WHERE datname = current_database() AND application_name IN ('wekeza', 'pg_restore') AND pid <> pg_backend_pid()
                        """)?["others"] as Int64? ?? 0
                }
                if others == 0 { return false }
                try await Task.sleep(for: .milliseconds(50))
            }
            return true
        }
        guard !isServed else {
            throw ConfigurationError(
                "A server is connected to the database named by --database, or the pg_restore of a restore that was killed: stop every one, then restore.")
        }
    }

    /// - Throws: `ConfigurationError` when a restore was stopped before it brought anything back: `public` holds no deployment then.
    func refuseWhileSetAside() async throws {
        guard let schema = try await opened({ database in try await database.read { try Self.leftAside(in: $0) } }) else { return }
        throw ConfigurationError(
            "A restore was stopped before it brought anything back, and what the database held lies in the schema \(schema): "
                + "run wekeza restore FILE --replace again, or put it back by \(Self.wayBack(of: schema)).")
    }

    /// Leaves the schema `public` empty but for a mark that says that a restore is under way. What it holds is set aside under another name, not deleted. Both
    /// happen at once: a server that is started when the restore was killed does not take `public` for a new deployment.
    /// - Returns: the name; `nil` when `public` is empty, and stays without a mark.
    /// - Throws: `ConfigurationError` when it holds something and is not to be replaced.
    func makeRoom(replacing: Bool, at now: Timestamp) async throws -> String? {
        try await opened { database in
            let (isEmpty, left, free) = try await database.read { tx in
                (try Self.isEmpty(in: tx), try Self.leftAside(in: tx), try Self.freeName(at: now, in: tx))
            }
            guard !isEmpty else { return nil }
            guard replacing else {
                throw ConfigurationError("The database named by --database holds tables already: name an empty one, or pass --replace to set them aside.")
            }
            let schema = left ?? free
            do {
                try await database.write { tx in
                    // A restore that was killed set aside what is worth keeping.
                    try tx.execute(SQL(stringLiteral: left == nil ? "ALTER SCHEMA public RENAME TO \(schema)" : "DROP SCHEMA public CASCADE"))
                    try tx.execute("CREATE SCHEMA public")
                    try tx.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")
                    try tx.execute(#"CREATE TABLE migration (name TEXT COLLATE "C" PRIMARY KEY, applied_at BIGINT NOT NULL)"#)
                    try Restorations().begin(with: [AppliedMigration(name: schema, at: now)], at: now, in: tx)
                }
            } catch StorageError.undecided(let reason) {
                throw StorageError.undecided(reason: "\(reason); what the database held may lie in the schema \(schema)")
            }
            return schema
        }
    }

    /// Puts back what was set aside for a restore that failed. One that is whole stays: the answer to its last commit was lost.
    /// - Returns: what became of it, a sentence for the operator.
    func putBack(_ schema: String) async -> String {
        do {
            guard try await !isWhole() else {
                return "The database is restored all the same: only the answer to its last commit was lost. What it held before lies in the schema \(schema)."
            }
            // With more patience than a transaction has: removing the files of large tables takes longer.
            try await PostgresDatabase.administer(url: url, Self.wayBack(of: schema))
            return "What the database held is in its place again."
        } catch {
            return "What the database held lies in the schema \(schema), and could not be put back (\(error)): "
                + "run wekeza restore with --replace again, or put it back by \(Self.wayBack(of: schema))."
        }
    }

    private func isWhole() async throws -> Bool {
        try await opened { database in
            try await database.read { tx in
                guard try tx.hasTable("migration"), try !Restorations().isUnfinished(in: tx) else { return false }
                return try !Restorations().appliedMigrations(in: tx).isEmpty
            }
        }
    }

    /// Both or neither: PostgreSQL runs what comes as one text as one transaction.
    private static func wayBack(of schema: String) -> String { "DROP SCHEMA public CASCADE; ALTER SCHEMA \(schema) RENAME TO public" }

    private static func isEmpty(in tx: any ReadTransaction) throws -> Bool {
        try tx.first("SELECT 1 AS one FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm') LIMIT 1") == nil
    }

    /// What a restore set aside that was killed before the backup's tables were there: they come with a list of steps that does not name it.
    private static func leftAside(in tx: any ReadTransaction) throws -> String? {
        guard try tx.hasTable("migration"), try Restorations().isUnfinished(in: tx) else { return nil }
        return try Restorations().appliedMigrations(in: tx).map(\.name).first { $0.hasPrefix(prefix) }
    }

    private static func freeName(at now: Timestamp, in tx: any ReadTransaction) throws -> String {
        let taken: [String] = try tx.all("SELECT nspname::TEXT AS name FROM pg_namespace").map { try $0["name"] }
        return AsideName.free(prefix, at: now, isTaken: { taken.contains($0) })
    }

    private func opened<Result: Sendable>(_ work: (PostgresDatabase) async throws -> Result) async throws -> Result {
        let database = try await PostgresDatabase.open(url: url, connections: 1, logger: logger)
        do {
            let result = try await work(database)
            await database.close()
            return result
        } catch {
            await database.close()
            throw error
        }
    }
}
