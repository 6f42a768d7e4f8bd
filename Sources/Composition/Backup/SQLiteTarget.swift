internal import Foundation
internal import Primitives
internal import Storage
internal import StorageSQLite

/// The SQLite file that a backup is brought back to.
struct SQLiteTarget {
    let path: String

    /// What is set aside is called so, and then as `AsideName` says.
    private var asidePrefix: String { "\(path).replaced-" }

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

    /// One that was killed may have left a name to set aside by. Whoever opened the database in place by it would keep a second log for the same file, which
    /// damages it.
    func removeSecondNames() {
        guard let inPlace = FileIdentity(path) else { return }
        let prefix = URL(fileURLWithPath: asidePrefix)
        let folder = prefix.deletingLastPathComponent().path
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where name.hasPrefix(prefix.lastPathComponent) {
            if FileIdentity("\(folder)/\(name)") == inPlace { unlink("\(folder)/\(name)") }
        }
    }

    /// What ended in the draft may lie in its log, and the file alone gets the name.
    func foldDraft() async throws {
        do { try await SQLiteFile.fold(draft) } catch let error as StorageError {
            throw ConfigurationError("\(draft) cannot be written to its end (\(error)): is the disk full? What was in place is there still.")
        }
    }

    /// Gives the draft its name, and what had it another one. There is a database in place at any moment: a server that found none would make one.
    /// - Throws: `ConfigurationError`, which says what became of what was there.
    func takeDraft(at now: Timestamp) throws {
        let aside = AsideName.free(asidePrefix, at: now, isTaken: Self.exists)
        let before = FileIdentity(path)
        let notSetAside = "\(path) cannot be set aside: move it yourself and try again."
        guard !Self.exists(path) || setAside(as: aside) else { throw ConfigurationError(notSetAside) }
        // Of a damaged one: a log that stays would be read into the draft.
        for companion in Self.companions where Self.exists(path + companion) {
            guard rename(path + companion, aside + companion) == 0 else { throw ConfigurationError("\(notSetAside) \(putBack(before, from: aside))") }
        }
        FolderSync.settle(folderOf: path)
        guard rename(draft, path) == 0 else { throw ConfigurationError("\(path) cannot be written. \(putBack(before, from: aside))") }
        guard FolderSync.settle(folderOf: path) else {
            throw ConfigurationError("\(path) is restored, but its folder cannot be synced to the disk: after a power cut the database of before may be there.")
        }
    }

    /// By a second name. A file system without hard links leaves no database in place for a moment.
    private func setAside(as aside: String) -> Bool { link(path, aside) == 0 || (errno != EEXIST && rename(path, aside) == 0) }

    /// - Returns: where it is now, a sentence for the operator.
    private func putBack(_ before: FileIdentity?, from aside: String) -> String {
        if !Self.exists(path) { rename(aside, path) }
        // Where there are no hard links, a server may have made a database meanwhile.
        guard FileIdentity(path) == before else { return "What was there is \(aside)." }
        for companion in Self.companions { rename(aside + companion, path + companion) }
        removeSecondNames()
        return "What was there is in its place again."
    }

    private static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
}
