internal import Foundation
public import Primitives
public import Storage
internal import StorageSQLite

/// The memory of what was used once as an engine keeps it, of its own, and what another process has of it.
public struct TestReplayMemory: Sendable {
    private let engine: Engine
    private let database: any Database
    private let folder: URL

    /// Runs the body with one that began when its clock says. On PostgreSQL the database has to have `ReplayTable.migrations`.
    public static func run<R>(
        _ engine: Engine, on database: any Database, isolation: isolated (any Actor)? = #isolation, _ body: (TestReplayMemory) async throws -> R
    ) async throws -> R {
        let memory = TestReplayMemory(
            engine: engine, database: database, folder: FileManager.default.temporaryDirectory.appendingPathComponent("replays-\(UUID().uuidString)"))
        defer { try? FileManager.default.removeItem(at: memory.folder) }
        return try await body(memory)
    }

    /// What a process that starts now has.
    public func started(_ clock: any WallClock) async throws -> any ReplayMemory {
        switch engine {
        case .sqlite: return try ReplayJournal(folder.path, boot: "one", clock: clock, patience: .seconds(30))
        case .postgres:
            let table = ReplayTable(database: database, clock: clock)
            try await table.begin()
            return table
        }
    }
}
