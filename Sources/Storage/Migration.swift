public import Primitives

/// One forward step of the schema. A room lists its steps in `AllMigrations.swift`; once merged a step never changes.
public struct Migration: Sendable {
    /// Unique over all rooms, with the room first: `identity.0001_people`.
    public let name: String
    /// Statements in the shared dialect, separated by semicolons. Columns are TEXT, BIGINT, BOOLEAN; `AUTO_ID` stands for a
    /// counting primary key, which the engines spell differently, `UNSYNCED_TABLE` for a table that no commit waits for, and `BY_KEY` behind a table's columns
    /// for rows that are kept in the primary key's own tree, where the engine can.
    public let script: String

    public init(_ name: String, _ script: String) {
        self.name = name
        self.script = script
    }
}

extension Database {
    /// Applies the migrations that this database has not seen, each in a transaction of its own, in order. Safe when two processes start at once:
    /// each step takes the engine's migration lock and looks again whether it is still to be done.
    /// - Returns: the names applied now.
    @discardableResult
    public func migrate(_ migrations: [Migration], at now: Timestamp) async throws -> [String] {
        var applied: [String] = []
        for migration in migrations where try await runScript(migration.script, named: migration.name, at: now.seconds) {
            applied.append(migration.name)
        }
        return applied
    }
}
