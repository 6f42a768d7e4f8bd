internal import Storage
internal import StorageSQLite

/// The database answers, is of a version and encoding that we can use, and keeps what it confirms.
struct DatabaseCheck: Check {
    private let name = "database"

    func run(_ setUp: SetUp) async -> [Finding] {
        guard setUp.hasDatabase else { return [.ok(name, "It does not exist yet: the first start makes it.")] }
        do {
            return if let file = setUp.databaseFile { try await embedded(file, setUp) } else { try await server(setUp) }
        } catch {
            return [.problem(name, "It cannot be opened: \(error).", advice(setUp))]
        }
    }

    private func advice(_ setUp: SetUp) -> String {
        guard let file = setUp.databaseFile else { return "Check the address in --database, that PostgreSQL runs, and that it lets this user in." }
        if let closed = DatabaseFiles.closed(file) { return "Give \(closed) to the user that the server runs as." }
        return "Bring it back with wekeza restore, or name another file with --database."
    }

    private func embedded(_ file: String, _ setUp: SetUp) async throws -> [Finding] {
        // The list of tables stands in the file: a file that is no database answers nothing.
        let version = try await setUp.look { tx in
            try tx.first("SELECT sqlite_version() AS version, COUNT(*) AS tables FROM sqlite_master")?["version"] as String? ?? ""
        }
        let answers = Finding.ok(name, "SQLite \(version) reads \(file).")
        guard SQLiteFile.hasWriteAheadLog(file) else {
            return [
                answers,
                .warning(
                    "durability", "\(file) keeps no write-ahead log: another program changed its journal mode.",
                    "The next start changes it back; keep other programs away from the file."),
            ]
        }
        return [answers, .ok("durability", "It keeps a write-ahead log, and a start sets synchronous=FULL or refuses.")]
    }

    private func server(_ setUp: SetUp) async throws -> [Finding] {
        let (settings, loose) = try await setUp.look { tx in
            let rows = try tx.all("SELECT name, setting FROM pg_settings WHERE name IN ('server_version', 'max_connections')")
            let settings = try rows.map { (try $0["name"] as String, try $0["setting"] as String) }
            return (Dictionary(settings, uniquingKeysWith: { first, _ in first }), try LooseSettings(in: tx))
        }
        return [
            .ok(name, "PostgreSQL \(settings["server_version"] ?? "") answers, in UTF8."), durability(loose),
            connections(settings, each: setUp.configuration.databaseConnections),
        ]
    }

    private func durability(_ loose: LooseSettings) -> Finding {
        if let (found, advice) = loose.warning { return .problem("durability", found, advice) }
        return .ok("durability", "PostgreSQL confirms a commit when it is on the disk, and each connection turns synchronous_commit on where it is off.")
    }

    /// - Parameter each: how many a node opens at most.
    private func connections(_ settings: [String: String], each: Int) -> Finding {
        let most = settings["max_connections"].flatMap { Int($0) } ?? 0
        let found = "PostgreSQL takes \(most) connections; each node opens up to \(each)."
        let needed = Self.nodes * each + Self.others
        guard most >= needed else {
            return .warning(
                "connections", found, "Raise max_connections in postgresql.conf to \(needed), enough for \(Self.nodes) nodes, or lower --database-connections.")
        }
        return .ok("connections", found)
    }

    /// Nodes that there should be room for.
    private static let nodes = 4
    /// Connections of this program's commands, of backups and of those who look after the database.
    private static let others = 8
}
