internal import CSQLite
internal import Dispatch
internal import Foundation
internal import GRDB
public import Logging
public import Storage
internal import Synchronization

/// The embedded engine: one file in WAL mode, many readers beside one writer whose commits are grouped and durable (`synchronous=FULL`).
///
/// Several processes may open one file: writers wait for each other up to `busyTimeout`, readers never wait, and each process hears of the other's
/// changes through the change log.
public final class SQLiteDatabase: Storage.Database, @unchecked Sendable {
    // GRDB's pool is thread-safe; the rest is immutable.
    private let pool: DatabasePool
    private let turnReads: TurnReads
    private let queue: WriteQueue
    private let isOpen = Atomic(true)
    public let statistics = StorageStatistics()
    public let ownChanges = OwnChanges()

    public var engine: Engine { .sqlite }

    /// How long a writer waits for another process's transaction, in seconds, before `StorageError.unavailable`.
    private static let busyTimeout = 4.0

    /// Opens the file, making it when it does not exist.
    /// - Throws: `StorageError`, also when the file cannot promise durable commits.
    public static func open(path: String, logger: Logger) async throws -> SQLiteDatabase {
        _ = memoryIsUncounted
        var configuration = Configuration()
        configuration.busyMode = .timeout(busyTimeout)
        configuration.foreignKeysEnabled = true
        configuration.maximumReaderCount = 8
        configuration.persistentReadOnlyConnections = true
        configuration.prepareDatabase(keepOffTheTemporaryFolder)
        do {
            let pool = try await onThread { [configuration] in
                createPrivately(path)
                return try DatabasePool(path: path, configuration: configuration)
            }
            try await pool.writeWithoutTransaction { connection in
                try setDurability(connection)
                try setSizes(connection)
            }
            let pointReaders = try await onThread { try PointReaders(path: path, patience: busyTimeout) }
            logger.debug("database opened", metadata: ["engine": "sqlite", "path": "\(path)"])
            return SQLiteDatabase(pool: pool, turnReads: TurnReads(pointReaders))
        } catch {
            throw StorageError(sqlite: error)
        }
    }

    /// Once for the process, before its first database. What was opened by other means goes on being counted.
    private static let memoryIsUncounted = sqlite3_leave_memory_uncounted() == SQLITE_OK

    private init(pool: DatabasePool, turnReads: TurnReads) {
        self.pool = pool
        self.turnReads = turnReads
        queue = WriteQueue(pool: pool, statistics: statistics, ownChanges: ownChanges)
    }

    public func read<Result: Sendable>(_ body: @escaping @Sendable (any ReadTransaction) throws -> Result) async throws -> Result {
        do {
            return try await pool.read { [statistics] connection in try body(SQLiteTransaction(connection, statistics)) }
        } catch {
            throw StorageError.translating(error)
        }
    }

    public func readOne<Result: Sendable>(_ body: @escaping @Sendable (any ReadTransaction) throws -> Result) async throws -> Result {
        do {
            let result = try await turnReads.read { [statistics] in try body(OneStatement(PointRead(reader: $0, statistics: statistics))) }
            if let result { return result }
        } catch {
            throw StorageError.translating(error)
        }
        return try await read { try body(OneStatement($0)) }
    }

    /// Whoever waits at the same time shares a sync, and nobody sees a commit before it.
    public func write<Result: Sendable>(_ body: @escaping @Sendable (any WriteTransaction) throws -> Result) async throws -> Result {
        try await queue.run(readsLateRows: true, body)
    }

    @discardableResult
    public func writeOne(_ sql: Storage.SQL) async throws -> [Storage.Row] { try await queue.run(readsLateRows: false) { try $0.all(sql) } }

    public func insert(_ rows: RowsToInsert) async throws { try await queue.run(readsLateRows: false) { $0.late.rows = rows } }

    public func runScript(_ script: String, named name: String, at now: Int64) async throws -> Bool {
        do {
            return try await pool.writeWithoutTransaction { connection in
                var isNew = false
                try connection.inTransaction(.immediate) {
                    try connection.execute(sql: "CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY, applied_at BIGINT NOT NULL)")
                    isNew = try Int.fetchOne(connection, sql: "SELECT 1 FROM migration WHERE name = ?", arguments: [name]) == nil
                    guard isNew else { return .rollback }
                    try connection.execute(sql: Self.dialect(script))
                    try connection.execute(sql: "INSERT INTO migration (name, applied_at) VALUES (?, ?)", arguments: [name, now])
                    return .commit
                }
                return isNew
            }
        } catch {
            throw StorageError(sqlite: error, during: name)
        }
    }

    public func close() async {
        guard isOpen.exchange(false, ordering: .relaxed) else { return }
        // The file is whole by itself then. Beside another process, which reads from the log, and on a full disk it stays as it is.
        _ = try? await pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        // What is still being read fails to close: the process ends it.
        try? await Self.onThread { [pool, turnReads] in
            turnReads.close()
            try pool.close()
        }
    }

    /// The shared dialect in SQLite's words. Every table is synced.
    private static func dialect(_ script: String) -> String {
        script
            .replacing("AUTO_ID", with: "INTEGER PRIMARY KEY AUTOINCREMENT")
            .replacing("UNSYNCED_TABLE", with: "TABLE")
            .replacing("BY_KEY", with: "WITHOUT ROWID")
    }

    /// A new file is its owner's alone; SQLite gives the write-ahead log the permissions of the file. What fails here, opening reports.
    private static func createPrivately(_ path: String) {
        guard !FileManager.default.fileExists(atPath: path) else { return }
        _ = FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
    }

    /// Each savepoint of a grouped commit keeps the pages it changes, to be able to go back: in memory, not in a file of the temporary folder, where each page
    /// costs two writes and a full disk fails the commit.
    private static func keepOffTheTemporaryFolder(_ connection: GRDB.Database) throws { try connection.execute(sql: temporaryStore) }

    static let temporaryStore = "PRAGMA temp_store = MEMORY"

    /// GRDB opens with `synchronous=NORMAL`, where a power cut may lose commits that were already answered.
    private static func setDurability(_ connection: GRDB.Database) throws {
        try connection.execute(sql: "PRAGMA synchronous = FULL")
        let synchronous = try Int.fetchOne(connection, sql: "PRAGMA synchronous")
        let journal = try String.fetchOne(connection, sql: "PRAGMA journal_mode")
        guard synchronous == 2, journal == "wal" else {
            throw StorageError.failed(reason: "SQLite does not promise durable commits (synchronous \(synchronous ?? -1), journal \(journal ?? "none"))")
        }
    }

    /// Pages that one group of writes after the other changes again are kept, and copied from the write-ahead log into the file once for many groups.
    private static func setSizes(_ connection: GRDB.Database) throws {
        // KiB, where the sign says so.
        try connection.execute(sql: "PRAGMA cache_size = -16384")
        // Pages of 4 KiB.
        try connection.execute(sql: "PRAGMA wal_autocheckpoint = 8192")
    }

    /// Opening and closing touch the disk: not on the cooperative pool.
    private static func onThread<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Swift.Result(catching: work)) }
        }
    }
}
