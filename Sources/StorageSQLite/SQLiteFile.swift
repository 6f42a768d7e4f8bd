internal import Foundation
internal import GRDB
public import Storage

/// A database file as a whole: copied while it is used, and taken out of use.
public enum SQLiteFile {
    /// Copies the database as it stands at one moment, beside running servers, without a lock that they would wait for. Pages that held deleted rows are
    /// left behind (`VACUUM INTO`).
    /// - Parameter destination: a file that does not exist or is empty.
    /// - Throws: `StorageError`.
    public static func copy(_ path: String, to destination: String) async throws {
        try await onThread {
            guard FileManager.default.fileExists(atPath: path) else { throw StorageError.unavailable(reason: "there is no file \(path)") }
            var configuration = Configuration()
            configuration.readonly = true
            configuration.busyMode = .timeout(4)
            let source = try DatabaseQueue(path: path, configuration: configuration)
            try source.inDatabase { try $0.execute(sql: "VACUUM INTO ?", arguments: [destination]) }
            try source.close()
        }
    }

    /// A copy forgets the steps of its schema, so that nobody serves it as it is.
    public static func forgetMigrations(in copy: String) async throws {
        try await onThread {
            let database = try DatabaseQueue(path: copy)
            try database.write { try $0.execute(sql: "DELETE FROM migration") }
            try database.close()
        }
    }

    /// Folds the write-ahead log into the file, which is then whole by itself and on the disk, and goes on keeping a log.
    /// - Throws: `StorageError`, when the disk has no room for it, or another program reads from the log.
    public static func fold(_ path: String) async throws {
        try await onThread {
            let database = try DatabaseQueue(path: path)
            _ = try database.inDatabase { try $0.checkpoint(.truncate) }
            try database.close()
        }
    }

    /// Folds the write-ahead log into the file, which then keeps none.
    /// - Returns: `false` when the file is damaged.
    /// - Throws: `StorageError.unavailable` while any other program has it open, `StorageError.failed` when something else is in the way.
    @discardableResult
    public static func takeOutOfUse(_ path: String) async throws -> Bool {
        try await onThread {
            do {
                let database = try DatabaseQueue(path: path)
                // Refused while anybody else reads or writes the file.
                _ = try database.inDatabase { try String.fetchOne($0, sql: "PRAGMA journal_mode = DELETE") }
                try database.close()
                return true
            } catch let error as GRDB.DatabaseError {
                switch error.resultCode {
                case .SQLITE_BUSY, .SQLITE_LOCKED: break
                case .SQLITE_NOTADB, .SQLITE_CORRUPT:
                    // SQLite meets the damage before it asks who else is there.
                    guard Self.isLocked(path) else { return false }
                default: throw StorageError.failed(reason: error.message ?? "SQLite error \(error.extendedResultCode.rawValue)")
                }
                throw StorageError.unavailable(reason: "\(path) is open in another program")
            }
        }
    }

    /// Whether another process has the file locked. With a write-ahead log each has from its first read until it closes.
    private static func isLocked(_ path: String) -> Bool {
        guard let file = FileHandle(forReadingAtPath: path) else { return false }
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        (lock.l_start, lock.l_len) = lockedBytes
        return fcntl(file.fileDescriptor, F_GETLK, &lock) == 0 && lock.l_type != Int16(F_UNLCK)
    }

    /// Where they begin and how many they are: `PENDING_BYTE` and what follows (SQLite's `os.h`).
    private static let lockedBytes: (off_t, off_t) = (0x4000_0000, 512)

    /// Reads the database and changes nothing, neither in the file nor beside it.
    public static func look<Result: Sendable>(_ path: String, _ body: @escaping @Sendable (any ReadTransaction) throws -> Result) async throws -> Result {
        try await onThread {
            var configuration = Configuration()
            configuration.readonly = true
            configuration.busyMode = .timeout(2)
            // Without its index of the log nobody has the file open; SQLite would make one beside it unless told that nobody writes.
            let isOpen = FileManager.default.fileExists(atPath: "\(path)-shm")
            let quiet = URL(fileURLWithPath: path).absoluteString + "?immutable=1"
            let database = try DatabaseQueue(path: isOpen ? path : quiet, configuration: configuration)
            let result = try database.read { try body(SQLiteTransaction($0, StorageStatistics())) }
            try database.close()
            return result
        }
    }

    /// Whether the file says that it keeps a write-ahead log: bytes 18 and 19 of its header.
    public static func hasWriteAheadLog(_ path: String) -> Bool {
        guard let file = FileHandle(forReadingAtPath: path), let header = try? file.read(upToCount: 20), header.count == 20 else { return false }
        return header[18] == 2 && header[19] == 2
    }

    private static func onThread<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Swift.Result(catching: work).mapError { StorageError(sqlite: $0) })
            }
        }
    }
}
