internal import Foundation
internal import Primitives
package import Storage
internal import StorageSQLite

/// Where the memory of what was used once is kept: in the database on PostgreSQL, in an unsynced file beside it on SQLite.
package struct ReplayStore: Sendable {
    package let memory: ReplayMemory
    /// Of its own on SQLite.
    private let file: (any Database)?

    package static func open(_ configuration: Configuration, bench: Workbench) async throws -> ReplayStore {
        guard case .sqlite(let path) = configuration.database else {
            let memory = ReplayMemory(database: bench.database, clock: bench.clock)
            try await memory.begin()
            return ReplayStore(memory: memory, file: nil)
        }
        do {
            let file = try await SQLiteDatabase.open(path: "\(path)-replays", durability: .process, logger: bench.logger)
            try await file.migrate(ReplayMemory.migrations, at: bench.clock.now)
            let memory = ReplayMemory(database: file, clock: bench.clock)
            try await memory.begin(boot: try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8))
            return ReplayStore(memory: memory, file: file)
        } catch let error as StorageError {
            throw ConfigurationError("The file \(path)-replays cannot be opened: \(error). It may be removed: what was used once is remembered anew then.")
        }
    }

    package func close() async { await file?.close() }
}
