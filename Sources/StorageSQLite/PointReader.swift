internal import GRDB
internal import GRDBSQLite
internal import Storage

/// A read-only connection for single statements, by SQLite's own calls: GRDB's queue costs as much as most of them. It is closed when nobody holds it any more.
final class PointReader: @unchecked Sendable {
    // Used by one thread at a time: `PointReaders` hands it out.
    private let connection: OpaquePointer
    private var kept: [String: KeptStatement] = [:]

    /// More than the program has; lists of varying length are not to fill the memory.
    private static let keptLimit = 200

    /// - Parameter patience: how long it waits for a lock of another process, in seconds.
    init(path: String, patience: Double) throws {
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(path, &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nil)
        guard code == SQLITE_OK, let opened else {
            sqlite3_close(opened)
            throw DatabaseError(resultCode: ResultCode(rawValue: code), message: "\(path) cannot be opened")
        }
        connection = opened
        sqlite3_busy_timeout(opened, CInt(patience * 1000))
        guard sqlite3_exec(opened, SQLiteDatabase.temporaryStore, nil, nil, nil) == SQLITE_OK else { throw lastError }
    }

    deinit {
        forgetStatements()
        sqlite3_close(connection)
    }

    /// Whether it is in no transaction.
    var isFree: Bool { sqlite3_get_autocommit(connection) != 0 }

    /// What the body reads is of one snapshot, which takes the file's lock once for all of it. Where it cannot begin, each statement has its own as ever.
    func inTransaction<Result>(_ body: () -> Result) -> Result {
        _ = try? rows(of: "BEGIN")
        defer { _ = try? rows(of: "COMMIT") }
        return body()
    }

    func rows(of sql: Storage.SQL) throws -> [Storage.Row] {
        let kept = try statement(sql.text)
        let statement = kept.statement
        return try statement.run(with: sql.values) {
            var rows: [Storage.Row] = []
            guard try statement.step() else { return rows }
            let columns = kept.columns
            repeat { rows.append(Storage.Row(columns: columns, values: statement.values)) } while try statement.step()
            return rows
        }
    }

    private func statement(_ text: String) throws -> KeptStatement {
        if let known = kept[text] { return known }
        if kept.count >= Self.keptLimit { forgetStatements() }
        var prepared: OpaquePointer?
        let code = sqlite3_prepare_v3(connection, text, -1, CUnsignedInt(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        guard code == SQLITE_OK, let prepared else { throw lastError }
        let statement = KeptStatement(PreparedStatement(handle: prepared))
        kept[text] = statement
        return statement
    }

    private func forgetStatements() {
        for kept in kept.values { sqlite3_finalize(kept.statement.handle) }
        kept = [:]
    }

    private var lastError: DatabaseError { DatabaseError(of: connection) }
}

/// A statement that is run again and again, and the names of its columns.
private final class KeptStatement {
    let statement: PreparedStatement
    private var names: (columns: Storage.Row.Columns, preparations: CInt)?

    init(_ statement: PreparedStatement) { self.statement = statement }

    /// Once it has stepped: that is when SQLite notices that the schema has changed, and prepares it again.
    var columns: Storage.Row.Columns {
        let preparations = sqlite3_stmt_status(statement.handle, SQLITE_STMTSTATUS_REPREPARE, 0)
        if let names, names.preparations == preparations { return names.columns }
        let columns = Storage.Row.Columns(statement.columnNames)
        names = (columns, preparations)
        return columns
    }
}

/// One statement, of a snapshot that was taken after it was asked for.
struct PointRead: ReadTransaction {
    let reader: PointReader
    let statistics: StorageStatistics

    var engine: Engine { .sqlite }

    func all(_ sql: Storage.SQL) throws -> [Storage.Row] {
        statistics.countStatement()
        do { return try reader.rows(of: sql) } catch { throw StorageError(sqlite: error) }
    }
}
