/// Rows that a transaction inserts when its body has ended: those of one table together, wherever in the body they came up, and on SQLite with those of its
/// neighbours (`CommitSync.shared`). They are written with the rest or not at all; the body itself does not read them.
public final class LateRows {
    /// In the order in which their tables came up first. Where rows go: `INTO token_grant (id, …) VALUES`.
    private var tables: [(place: String, rows: [[SQLValue]])] = []

    /// As many as one statement takes on both engines.
    private static let most = 500

    public init() {}

    fileprivate func add(_ rows: [[SQLValue]], to place: String, on engine: Engine) -> [SQL] {
        let number = tables.firstIndex { $0.place == place } ?? tables.count
        if number == tables.count { tables.append((place, [])) }
        tables[number].rows += rows
        var full: [SQL] = []
        while tables[number].rows.count >= Self.most {
            full.append(Self.statement(place, Array(tables[number].rows.prefix(Self.most)), on: engine))
            tables[number].rows.removeFirst(Self.most)
        }
        return full
    }

    /// Takes over the rows of another transaction.
    public func append(_ other: LateRows) {
        for table in other.tables {
            if let number = tables.firstIndex(where: { $0.place == table.place }) { tables[number].rows += table.rows } else { tables.append(table) }
        }
        other.tables = []
    }

    fileprivate func takeAll(on engine: Engine) -> [SQL] {
        defer { tables = [] }
        return tables.flatMap { place, rows in
            var (statements, rest) = ([SQL](), rows[...])
            while !rest.isEmpty {
                let size = Self.size(for: rest.count)
                statements.append(Self.statement(place, Array(rest.prefix(size)), on: engine))
                rest.removeFirst(size)
            }
            return statements
        }
    }

    /// Each size is a statement that stays prepared: what one transaction has is one, and what many have is taken by powers of two, 64 at most.
    private static func size(for count: Int) -> Int { count <= 8 ? count : 1 << min(6, Int.bitWidth - 1 - count.leadingZeroBitCount) }

    /// All rows as one statement, where the engine inserts into several tables with one: constraints are checked behind it.
    /// - Returns: `nil` when there are none.
    public func takeTogether() -> SQL? {
        defer { tables = [] }
        guard let last = tables.lastIndex(where: { !$0.rows.isEmpty }) else { return nil }
        var sql = SQL.StringInterpolation(literalCapacity: 512, interpolationCount: 64)
        for (number, table) in tables[..<last].filter({ !$0.rows.isEmpty }).enumerated() {
            sql.appendLiteral("\(number == 0 ? "WITH" : ",") late\(number) AS (INSERT \(table.place)")
            sql.appendInterpolation(rows: table.rows)
            sql.appendLiteral(") ")
        }
        sql.appendLiteral("INSERT \(tables[last].place)")
        sql.appendInterpolation(rows: tables[last].rows)
        return SQL(stringInterpolation: sql)
    }

    /// SQLite copies each page that a statement of several rows changes, to undo the first of them when the last one fails. A statement that fails ends its
    /// transaction here, so that one undoes them all.
    fileprivate static func statement(_ place: String, _ rows: [[SQLValue]], on engine: Engine) -> SQL {
        var sql = SQL.StringInterpolation(literalCapacity: place.utf8.count + 40 * rows.count, interpolationCount: 8 * rows.count)
        sql.appendLiteral(engine == .sqlite ? "INSERT OR FAIL " : "INSERT ")
        sql.appendLiteral(place)
        sql.appendInterpolation(rows: rows)
        return SQL(stringInterpolation: sql)
    }
}

extension WriteTransaction {
    /// Inserts rows at the end of the transaction.
    /// - Parameter columns: in the order of each row's values.
    public func insertLate(_ rows: [[SQLValue]], into table: String, _ columns: String) throws {
        for statement in late.add(rows, to: Self.place(table, columns), on: engine) { try execute(statement) }
    }

    /// Inserts rows, now or at the end of the transaction.
    public func insert(_ rows: [[SQLValue]], late isLate: Bool, into table: String, _ columns: String) throws {
        guard !rows.isEmpty else { return }
        guard isLate else { return _ = try execute(LateRows.statement(Self.place(table, columns), rows, on: engine)) }
        try insertLate(rows, into: table, columns)
    }

    private static func place(_ table: String, _ columns: String) -> String { "INTO \(table) (\(columns)) VALUES " }

    /// For the drivers, behind the body.
    public func insertLateRows() throws {
        for statement in late.takeAll(on: engine) { try execute(statement) }
    }
}
