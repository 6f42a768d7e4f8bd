internal import Logging
internal import Primitives
internal import Storage
internal import StoragePostgres

/// The database of a server that a backup is brought back to.
struct PostgresTarget {
    let url: String
    let logger: Logger

    /// - Throws: `ConfigurationError` while a server of ours is connected.
    func refuseWhileServed() async throws {
        let others = try await opened { database in
            try await database.read { tx in
                try tx.first(
                    """
                    SELECT COUNT(*) AS others
                    FROM pg_stat_activity
                    WHERE datname = current_database() AND application_name = 'wekeza' AND pid <> pg_backend_pid()
                    """)?["others"] as Int64? ?? 0
            }
        }
        guard others == 0 else { throw ConfigurationError("A server is connected to the database named by --database: stop every one, then restore.") }
    }

    /// Leaves the schema `public` empty. What it holds is set aside under another name, not deleted.
    /// - Throws: `ConfigurationError` when it holds something and is not to be replaced.
    func makeRoom(replacing: Bool, at now: Timestamp) async throws {
        try await opened { database in
            let isEmpty = try await database.read { tx in
                try tx.first("SELECT 1 AS one FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm') LIMIT 1") == nil
            }
            guard !isEmpty else { return }
            guard replacing else {
                throw ConfigurationError("The database named by --database holds tables already: name an empty one, or pass --replace to set them aside.")
            }
            try await database.write { tx in
                try tx.execute(SQL(stringLiteral: "ALTER SCHEMA public RENAME TO replaced_\(now.seconds)"))
                try tx.execute("CREATE SCHEMA public")
                try tx.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")
            }
        }
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
