internal import Foundation
internal import Primitives
internal import Storage
internal import StorageSQLite

/// The SQLite file that a backup is brought back to.
struct SQLiteTarget {
    let path: String

    /// Of the files that lie beside a database and belong to it.
    private static let companions = ["-wal", "-shm", "-journal"]

    /// Where everything happens until it is safe: a restore that is stopped at any moment leaves what was there.
    var draft: String { "\(path).restoring" }

    /// Takes what is in place out of use.
    /// - Throws: `ConfigurationError` while somebody uses it, or when it holds something and is not to be replaced.
    func refuseUnlessFree(replacing: Bool) async throws {
        guard !isEmpty else { return }
        guard replacing else {
            throw ConfigurationError("\(path) holds a database already: name another one, or pass --replace to set it aside.")
        }
        // One that is damaged is set aside as it is: it is what has to be replaced.
        if Self.exists(path) { _ = try await takeOutOfUse() }
    }

    private var isEmpty: Bool {
        guard !Self.companions.contains(where: { Self.exists(path + $0) }) else { return false }
        return !Self.exists(path) || (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) == 0
    }

    /// - Returns: `false` when the database is damaged.
    func takeOutOfUse() async throws -> Bool {
        do { return try await SQLiteFile.takeOutOfUse(path) } catch let error as StorageError {
            guard !error.isUnavailable else { throw ConfigurationError("A server or another program has \(path) open: stop it, then restore.") }
            throw ConfigurationError(
                "The database in place, \(path), cannot be taken out of use: \(error). Nothing was changed: mend that, or move the file away and try again.")
        }
    }

    func removeDraft() {
        for file in [draft] + Self.companions.map({ draft + $0 }) { unlink(file) }
    }

    /// What ended in the draft may lie in its log, and the file alone gets the name.
    func foldDraft() async throws {
        do { try await SQLiteFile.fold(draft) } catch let error as StorageError {
            throw ConfigurationError("\(draft) cannot be written to its end (\(error)): is the disk full? What was in place is there still.")
        }
    }

    /// Gives the draft its name, and what had it another one. There is a database in place at any moment: a server that found none would make one.
    func takeDraft(at now: Timestamp) throws {
        let aside = "\(path).replaced-\(now.seconds)"
        let notSetAside = ConfigurationError("\(path) cannot be set aside: move it yourself and try again.")
        guard !Self.exists(path) || setAside(as: aside) else { throw notSetAside }
        // Of a damaged one: a log that stays would be read into the draft.
        for companion in Self.companions where Self.exists(path + companion) {
            guard rename(path + companion, aside + companion) == 0 else { throw notSetAside }
        }
        FolderSync.settle(folderOf: path)
        guard rename(draft, path) == 0 else { throw ConfigurationError("\(path) cannot be written. What was there is \(aside).") }
        guard FolderSync.settle(folderOf: path) else {
            throw ConfigurationError("\(path) is restored, but its folder cannot be synced to the disk: after a power cut the database of before may be there.")
        }
    }

    /// By a second name. A file system without hard links leaves no database in place for a moment.
    private func setAside(as aside: String) -> Bool { link(path, aside) == 0 || (errno != EEXIST && rename(path, aside) == 0) }

    private static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
}
