internal import Foundation

/// The files of an embedded database, and the folder that they are in.
enum DatabaseFiles {
    /// What of them is there and is not this user's to write: no later start opens the database either. A read-only file system is no such thing: it may be
    /// mounted for writing again.
    static func closed(_ path: String) -> String? {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        return [folder, path, "\(path)-wal", "\(path)-shm"].first { access($0, W_OK) != 0 && [EACCES, EPERM].contains(errno) }
    }
}
