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
            let width = statement.columnNames.count
            var rows: [Storage.Row] = []
            let cursor = try GRDB.Row.fetchCursor(statement)
            while let row = try cursor.next() {
                rows.append(Storage.Row(columns: columns, values: (0..<width).map { SQLValue(row[$0] as DatabaseValue) }))
            }
            return rows
        }
    }

    @discardableResult
    func execute(_ sql: Storage.SQL) throws -> Int {
        try run(sql) { statement in
            try statement.execute()
            return connection.changesCount
        }
    }

    private func run<Result>(_ sql: Storage.SQL, _ step: (Statement) throws -> Result) throws -> Result {
        if let failure { throw failure }
        statistics.countStatement()
        do {
            let statement = try connection.cachedStatement(sql: sql.text)
            // The literal numbers its binds in the order they stand, so `$n` is the n-th parameter.
            try statement.setArguments(StatementArguments(sql.values.map(DatabaseValue.init(checking:))))
            return try step(statement)
        } catch {
            let failure = StorageError(sqlite: error)
            self.failure = failure
            throw failure
        }
    }
}

extension DatabaseValue {
    /// - Throws: for a NUL character: the text would end there, and PostgreSQL's text cannot hold it.
    fileprivate init(checking value: SQLValue) throws {
        switch value {
        case .text(let text):
            guard text?.utf8.contains(0) != true else { throw StorageError.failed(reason: "a text holds a NUL character") }
            self = text.databaseValue
        case .integer(let integer): self = integer.databaseValue
        case .boolean(let boolean): self = boolean.databaseValue
        }
    }
}

extension SQLValue {
    fileprivate init(_ value: DatabaseValue) {
        switch value.storage {
        case .null: self = .text(nil)
        case .int64(let integer): self = .integer(integer)
        case .double(let double): self = Int64(exactly: double).map { .integer($0) } ?? .text("\(double)")
        case .string(let text): self = .text(text)
        case .blob(let bytes): self = .text(String(decoding: bytes, as: UTF8.self))
        }
    }
}
