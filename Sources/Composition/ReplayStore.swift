internal import Foundation
internal import Primitives
import Storage
internal import StorageSQLite

/// Where the memory of what was used once is kept: in the database on PostgreSQL, in a folder beside it on SQLite.
enum ReplayStore {
    /// - Throws: `ConfigurationError` with one sentence when that cannot work, `TemporaryFailure` when it may work later; storage failures.
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
            if isSound(folder(of: path)) { throw TemporaryFailure("\(folder(of: path)) cannot be used now (\(error)): start again when it can.") }
            throw ConfigurationError("\(folder(of: path)) cannot be used: \(error). It may be removed: what was used once is remembered anew then.")
        }
    }

    private static let bootID = "/proc/sys/kernel/random/boot_id"

    private static func folder(of database: String) -> String { "\(database)-replays" }

    /// Whether this user may write to the folder and to what lies in it, as far as they are there, and none of that is a folder.
    private static func isSound(_ folder: String) -> Bool {
        let inside = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).map { "\(folder)/\($0)" }
        return isWritable(folder) && inside.allSatisfy { isWritable($0) && !isFolder($0) }
    }

    private static func isWritable(_ path: String) -> Bool {
        FileManager.default.isWritableFile(atPath: path) || !FileManager.default.fileExists(atPath: path)
    }

    private static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
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
