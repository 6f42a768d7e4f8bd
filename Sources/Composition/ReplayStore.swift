internal import Foundation
internal import Primitives
package import Storage
internal import StorageSQLite

/// Where the memory of what was used once is kept: in the database on PostgreSQL, in a folder beside it on SQLite.
enum ReplayStore {
    static func open(_ configuration: Configuration, bench: Workbench) async throws -> any ReplayMemory {
        guard case .sqlite(let path) = configuration.database else {
            let table = ReplayTable(database: bench.database, clock: bench.clock)
            try await table.begin()
            return table
        }
        let boot = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
        do {
            return try ReplayJournal("\(path)-replays", boot: boot ?? "", clock: bench.clock)
        } catch let error as StorageError {
            throw ConfigurationError("\(path)-replays cannot be used: \(error). It may be removed: what was used once is remembered anew then.")
        }
    }
}
