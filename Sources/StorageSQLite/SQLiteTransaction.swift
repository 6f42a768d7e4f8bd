internal import GRDB
internal import Storage

/// One open transaction on one connection. A failed statement ends it, as PostgreSQL has it: what follows fails too, and so does the commit.
final class SQLiteTransaction: WriteTransaction {
    private let connection: GRDB.Database
    private let statistics: StorageStatistics
    private(set) var failure: StorageError?
    let late = LateRows()
    let announcements = Announcements()

    init(_ connection: GRDB.Database, _ statistics: StorageStatistics) {
        self.connection = connection
        self.statistics = statistics
    }

    var engine: Engine { .sqlite }

    func all(_ sql: Storage.SQL) throws -> [Storage.Row] {
        try run(sql) { statement, cached in
            let columns = Storage.Row.Columns(cached.columnNames)
            var rows: [Storage.Row] = []
            while try statement.step() { rows.append(Storage.Row(columns: columns, values: statement.values)) }
            return rows
        }
    }

    @discardableResult
    func execute(_ sql: Storage.SQL) throws -> Int {
        try run(sql) { statement, _ in
            while try statement.step() {}
            return connection.changesCount
        }
    }

    func insertLateRows() throws {
        let statements = late.rows.statements(on: .sqlite)
        late.rows = RowsToInsert()
        for statement in statements { try execute(statement) }
    }

    private func run<Result>(_ sql: Storage.SQL, _ body: (PreparedStatement, GRDB.Statement) throws -> Result) throws -> Result {
        if let failure { throw failure }
        do {
            let cached = try connection.cachedStatement(sql: sql.text)
            statistics.countStatement(isWriting: !cached.isReadonly)
            let statement = PreparedStatement(handle: cached.sqliteStatement)
            return try statement.run(with: sql.values) { try body(statement, cached) }
        } catch {
            let failure = StorageError(sqlite: error)
            self.failure = failure
            throw failure
        }
    }
}
