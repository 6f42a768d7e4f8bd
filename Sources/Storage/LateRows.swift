/// Rows that a transaction inserts when its body has ended: those of one table with one statement, wherever in the body they came up. They are written with the
/// rest or not at all; the body itself does not read them.
public final class LateRows {
    /// In the order in which their tables came up first.
    private var tables: [(insertion: String, rows: [[SQLValue]])] = []

    /// As many as one statement takes on both engines.
    private static let most = 500

    public init() {}

    fileprivate func add(_ rows: [[SQLValue]], by insertion: String) -> [SQL] {
        let place = tables.firstIndex { $0.insertion == insertion } ?? tables.count
        if place == tables.count { tables.append((insertion, [])) }
        tables[place].rows += rows
        var full: [SQL] = []
        while tables[place].rows.count >= Self.most {
            full.append(Self.statement(insertion, Array(tables[place].rows.prefix(Self.most))))
            tables[place].rows.removeFirst(Self.most)
        }
        return full
    }

    fileprivate func takeAll() -> [SQL] {
        defer { tables = [] }
        return tables.filter { !$0.rows.isEmpty }.map { Self.statement($0.insertion, $0.rows) }
    }

    /// All rows as one statement, where the engine inserts into several tables with one: constraints are checked behind it.
    /// - Returns: `nil` when there are none.
    public func takeTogether() -> SQL? {
        defer { tables = [] }
        guard let last = tables.lastIndex(where: { !$0.rows.isEmpty }) else { return nil }
        var sql = SQL.StringInterpolation(literalCapacity: 512, interpolationCount: 64)
        for (number, table) in tables[..<last].filter({ !$0.rows.isEmpty }).enumerated() {
            sql.appendLiteral("\(number == 0 ? "WITH" : ",") late\(number) AS (\(table.insertion)")
            sql.appendInterpolation(rows: table.rows)
            sql.appendLiteral(") ")
        }
        sql.appendLiteral(tables[last].insertion)
        sql.appendInterpolation(rows: tables[last].rows)
        return SQL(stringInterpolation: sql)
    }

    fileprivate static func statement(_ insertion: String, _ rows: [[SQLValue]]) -> SQL {
        var sql = SQL.StringInterpolation(literalCapacity: insertion.utf8.count + 40 * rows.count, interpolationCount: 8 * rows.count)
        sql.appendLiteral(insertion)
        sql.appendInterpolation(rows: rows)
        return SQL(stringInterpolation: sql)
    }
}

extension WriteTransaction {
    /// Inserts rows at the end of the transaction.
    /// - Parameter columns: in the order of each row's values.
    public func insertLate(_ rows: [[SQLValue]], into table: String, _ columns: String) throws {
        for statement in late.add(rows, by: "INSERT INTO \(table) (\(columns)) VALUES ") { try execute(statement) }
    }

    /// Inserts rows, now or at the end of the transaction.
    public func insert(_ rows: [[SQLValue]], late isLate: Bool, into table: String, _ columns: String) throws {
        guard !rows.isEmpty else { return }
        guard isLate else { return _ = try execute(LateRows.statement("INSERT INTO \(table) (\(columns)) VALUES ", rows)) }
        try insertLate(rows, into: table, columns)
    }

    /// For the drivers, behind the body.
    public func insertLateRows() throws {
        for statement in late.takeAll() { try execute(statement) }
    }
}
