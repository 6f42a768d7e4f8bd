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

    /// Folds the write-ahead log into the file, which is then whole by itself.
    /// - Throws: `StorageError.unavailable` while any other program has it open.
    public static func takeOutOfUse(_ path: String) async throws {
        try await onThread {
            let database = try DatabaseQueue(path: path)
            do {
                // Refused while anybody else reads or writes the file.
                _ = try database.inDatabase { try String.fetchOne($0, sql: "PRAGMA journal_mode = DELETE") }
            } catch let error as GRDB.DatabaseError where error.resultCode == .SQLITE_BUSY {
                throw StorageError.unavailable(reason: "\(path) is open in another program")
            }
            try database.close()
        }
    }

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
