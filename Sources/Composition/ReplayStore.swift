internal import Foundation
internal import Primitives
import Storage
internal import StorageSQLite

/// Where the memory of what was used once is kept: in the database on PostgreSQL, in a folder beside it on SQLite.
enum ReplayStore {
    /// - Throws: `ConfigurationError` with one sentence when that cannot work, `DatabaseUnreachable` when it may work later; storage failures.
    static func open(_ configuration: Configuration, bench: Workbench) async throws -> any ReplayMemory {
        guard case .sqlite(let path) = configuration.database else {
            let table = ReplayTable(database: bench.database, clock: bench.clock)
            try await table.begin()
            return table
        }
        // Without it nobody could tell whether the journal's end was lost with the machine's power.
        guard let boot = try? String(contentsOfFile: bootID, encoding: .utf8), !boot.isEmpty else {
            throw ConfigurationError("\(bootID) cannot be read, and with SQLite it must: let this process see it, under systemd without ProcSubset=pid.")
        }
        do {
            return try ReplayJournal(folder(of: path), boot: boot, clock: bench.clock)
        } catch let error as StorageError {
            // What is left then passes: a lock that another process stands still with, a full disk.
            if isWritable(folder(of: path)) { throw DatabaseUnreachable(reason: error.description) }
            throw ConfigurationError("\(folder(of: path)) cannot be used: \(error). It may be removed: what was used once is remembered anew then.")
        }
    }

    private static let bootID = "/proc/sys/kernel/random/boot_id"

    private static func folder(of database: String) -> String { "\(database)-replays" }

    /// Whether this user may write to the folder and to what lies in it, as far as they are there.
    private static func isWritable(_ folder: String) -> Bool {
        let files = FileManager.default
        let inside = ((try? files.contentsOfDirectory(atPath: folder)) ?? []).map { "\(folder)/\($0)" }
        return ([folder] + inside).allSatisfy { files.isWritableFile(atPath: $0) || !files.fileExists(atPath: $0) }
    }

    /// Forgets everything, so that what was made before the next start is refused. No server runs.
    /// - Parameter database: the path of a SQLite file.
    static func forget(besides database: String) throws {
        guard FileManager.default.fileExists(atPath: folder(of: database)) else { return }
        do {
            try FileManager.default.removeItem(atPath: folder(of: database))
        } catch {
            throw ConfigurationError("\(folder(of: database)) cannot be removed: remove it yourself and try again.")
        }
    }
}
