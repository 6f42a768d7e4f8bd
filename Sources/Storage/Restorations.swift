public import Primitives

/// One step of the schema that a database has, and since when.
public struct AppliedMigration: Hashable, Sendable, Codable {
    public let name: String
    public let at: Timestamp

    public init(name: String, at: Timestamp) {
        self.name = name
        self.at = at
    }
}

/// The times that this database was brought back from a copy of itself. Nothing that was spent or ended between copy and return may live again, so what
/// travels outside (refresh tokens, sealed forms) is keyed by the latest return (docs/decisions/0010-restore.md).
public struct Restorations: Sendable {
    public init() {}

    /// A row of `migration` while a return is under way: a database that has it is not served.
    private static let marker = "restoration.unfinished"

    /// The steps of the schema, in the order in which they were applied.
    public func appliedMigrations(in tx: any ReadTransaction) throws -> [AppliedMigration] {
        try tx.all("SELECT name, applied_at FROM migration WHERE name <> \(Self.marker) ORDER BY applied_at, name").map {
            AppliedMigration(name: try $0["name"], at: try $0["applied_at"])
        }
    }

    /// Says that a return has begun. A copy comes without its list of steps, so that nobody serves it by hand: they come with its manifest.
    public func begin(with migrations: [AppliedMigration], at now: Timestamp, in tx: any WriteTransaction) throws {
        for migration in migrations + [AppliedMigration(name: Self.marker, at: now)] {
            try tx.execute("INSERT INTO migration (name, applied_at) VALUES (\(migration.name), \(migration.at)) ON CONFLICT DO NOTHING")
        }
    }

    /// Says that everything that must stay ended is ended.
    /// - Parameter salt: random, so that two returns of one copy do not share keys.
    public func finish(salt: String, copyTakenAt: Timestamp?, at now: Timestamp, in tx: any WriteTransaction) throws {
        try tx.execute("INSERT INTO restoration (salt, copy_taken_at, restored_at) VALUES (\(salt), \(copyTakenAt), \(now))")
        try tx.execute("DELETE FROM migration WHERE name = \(Self.marker)")
    }

    /// How far a return came that has not finished.
    public enum Stage: Hashable, Sendable {
        /// The tables, or their list of steps, are not there: only the backup has them.
        case bringingBack
        /// The copy is whole, and not everything that must stay ended is ended.
        case ending
    }

    /// A database that is at a stage is not served: it has the mark, or tables that no step made, as a copy has that nobody has finished.
    /// - Returns: `nil` for a database in use, and for an empty one.
    public func unfinished(in tx: any ReadTransaction) throws -> Stage? {
        // One of ours by its name, in a database that may be another program's. First: a start beside this one commits a table and its step at once.
        let hasTables = try tx.hasTable("token_grant")
        let names: [String] = try tx.hasTable("migration") ? tx.all("SELECT name FROM migration").map { try $0["name"] } : []
        let hasSteps = names.contains { $0 != Self.marker }
        guard names.contains(Self.marker) || (hasTables && !hasSteps) else { return nil }
        return hasTables && hasSteps ? .ending : .bringingBack
    }

    public func isUnfinished(in tx: any ReadTransaction) throws -> Bool { try unfinished(in: tx) != nil }

    /// When this database was last brought back.
    public func latest(in tx: any ReadTransaction) throws -> Timestamp? {
        try tx.first("SELECT restored_at FROM restoration ORDER BY id DESC LIMIT 1").map { try $0["restored_at"] }
    }

    /// The key of everything that is handed out and comes back: another one after each return.
    public func travelKey(of rootKey: RootKey, in tx: any ReadTransaction) throws -> RootKey {
        guard let row = try tx.first("SELECT salt FROM restoration ORDER BY id DESC LIMIT 1") else { return rootKey }
        return rootKey.renewed(by: try row["salt"])
    }
}

extension ReadTransaction {
    /// Whether the schema has a table, for who reads a database of any version.
    public func hasTable(_ name: String) throws -> Bool {
        let tables: SQL =
            switch engine {
            case .sqlite: "SELECT name FROM sqlite_master WHERE type = 'table' AND name = \(name)"
            case .postgres: "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename = \(name)"
            }
        return try first(tables) != nil
    }

    /// Walks through a table by its key, some thousand rows at a time: no statement then runs long, however many rows there are.
    /// - Parameter page: the rows behind a key, in the order of `id`.
    public func walk(_ page: (_ after: String) -> SQL, _ visit: ([Row]) throws -> Void) throws {
        var after = ""
        while true {
            let rows = try all(page(after))
            guard let last = rows.last else { return }
            try visit(rows)
            after = try last["id"]
        }
    }
}
