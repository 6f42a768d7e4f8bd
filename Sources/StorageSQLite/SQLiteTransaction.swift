internal import GRDB
internal import Storage

/// One open transaction on one connection. A failed statement ends it, as PostgreSQL has it: what follows fails too, and so does the commit.
final class SQLiteTransaction: WriteTransaction {
    private let connection: GRDB.Database
    private let statistics: StorageStatistics
    private(set) var failure: StorageError?

    init(_ connection: GRDB.Database, _ statistics: StorageStatistics) {
        self.connection = connection
        self.statistics = statistics
    }

    var engine: Engine { .sqlite }

    func all(_ sql: Storage.SQL) throws -> [Storage.Row] {
        try run(sql) { statement in
            let columns = Storage.Row.Columns(statement.columnNames)
            var rows: [Storage.Row] = []
            while try statement.step() { rows.append(Storage.Row(columns: columns, values: statement.values)) }
            return rows
        }
    }

    @discardableResult
    func execute(_ sql: Storage.SQL) throws -> Int {
        try run(sql) { statement in
            while try statement.step() {}
            return connection.changesCount
        }
    }

    private func run<Result>(_ sql: Storage.SQL, _ body: (Statement) throws -> Result) throws -> Result {
        if let failure { throw failure }
        statistics.countStatement()
        do {
            let statement = try connection.cachedStatement(sql: sql.text)
            defer { statement.rewind() }
            // The literal numbers its binds in the order they stand, so `$n` is the n-th parameter.
            for (index, value) in sql.values.enumerated() { try statement.bind(value, at: index + 1) }
            return try body(statement)
        } catch {
            let failure = StorageError(sqlite: error)
            self.failure = failure
            throw failure
        }
    }
}
