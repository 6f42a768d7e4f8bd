/// Rows to insert, those of one table together.
public struct RowsToInsert: Sendable {
    /// In the order in which their tables came up first. Where rows go: `INTO token_grant (id, …) VALUES`.
    private var tables: [(place: String, rows: [[SQLValue]])] = []

    /// As many of a table as one statement takes on both engines.
    private static let most = 500

    public init() {}

    public var isEmpty: Bool { tables.allSatisfy(\.rows.isEmpty) }

    mutating func add(_ rows: [[SQLValue]], to place: String) {
        if let number = tables.firstIndex(where: { $0.place == place }) { tables[number].rows += rows } else { tables.append((place, rows)) }
    }

    /// Takes the rows of a table that are as many as one statement takes.
    fileprivate mutating func takeFull(of place: String, on engine: Engine) -> SQL? {
        guard let number = tables.firstIndex(where: { $0.place == place }), tables[number].rows.count >= Self.most else { return nil }
        defer { tables[number].rows.removeFirst(Self.most) }
        return SQL(inserting: Array(tables[number].rows.prefix(Self.most)), place, on: engine)
    }

    public mutating func append(_ other: RowsToInsert) {
        for table in other.tables { add(table.rows, to: table.place) }
    }

    /// One table after the other, in few statements that stay prepared: what one transaction has is one for each table, and what many have is taken by powers
    /// of two, 64 at most.
    public func statements(on engine: Engine) -> [SQL] {
        tables.flatMap { place, rows in
            var (statements, rest) = ([SQL](), rows[...])
            while !rest.isEmpty {
                let size = rest.count <= 8 ? rest.count : 1 << min(6, Int.bitWidth - 1 - rest.count.leadingZeroBitCount)
                statements.append(SQL(inserting: Array(rest.prefix(size)), place, on: engine))
                rest.removeFirst(size)
            }
            return statements
        }
    }

    /// All of them as one statement, where the engine inserts into several tables with one: constraints are checked behind it. As several when they are many.
    public func together(on engine: Engine) -> [SQL] {
        let tables = tables.filter { !$0.rows.isEmpty }
        guard engine == .postgres, tables.allSatisfy({ $0.rows.count <= Self.most }), let last = tables.last else { return statements(on: engine) }
        var sql = SQL.StringInterpolation(literalCapacity: 512, interpolationCount: 64)
        for (number, table) in tables.dropLast().enumerated() {
            sql.appendLiteral("\(number == 0 ? "WITH" : ",") late\(number) AS (INSERT \(table.place)")
            sql.appendInterpolation(rows: table.rows)
            sql.appendLiteral(") ")
        }
        sql.appendLiteral("INSERT \(last.place)")
        sql.appendInterpolation(rows: last.rows)
        return [SQL(stringInterpolation: sql)]
    }
}

extension SQL {
    /// SQLite copies each page that a statement of several rows changes, to undo the first of them when the last one fails. A statement that fails ends its
    /// transaction here, so that one undoes them all.
    fileprivate init(inserting rows: [[SQLValue]], _ place: String, on engine: Engine) {
        var sql = StringInterpolation(literalCapacity: place.utf8.count + 40 * rows.count, interpolationCount: 8 * rows.count)
        sql.appendLiteral(engine == .sqlite ? "INSERT OR FAIL " : "INSERT ")
        sql.appendLiteral(place)
        sql.appendInterpolation(rows: rows)
        self.init(stringInterpolation: sql)
    }
}

/// The rows that a transaction inserts when its body has ended, wherever in the body they came up. They are written with the rest or not at all; the body itself
/// does not read them.
public final class LateRows {
    public var rows = RowsToInsert()
    fileprivate let isBounded: Bool

    /// - Parameter isBounded: whether rows by the hundred are inserted while the body runs, so that there are never many.
    public init(isBounded: Bool = true) { self.isBounded = isBounded }
}

extension WriteTransaction {
    /// Inserts rows at the end of the transaction.
    /// - Parameter columns: in the order of each row's values.
    public func insertLate(_ rows: [[SQLValue]], into table: String, _ columns: String) throws {
        let place = Self.place(table, columns)
        late.rows.add(rows, to: place)
        while late.isBounded, let full = late.rows.takeFull(of: place, on: engine) { try execute(full) }
    }

    /// Inserts rows, now or at the end of the transaction.
    public func insert(_ rows: [[SQLValue]], late isLate: Bool, into table: String, _ columns: String) throws {
        guard !rows.isEmpty else { return }
        guard isLate else { return _ = try execute(SQL(inserting: rows, Self.place(table, columns), on: engine)) }
        try insertLate(rows, into: table, columns)
    }

    private static func place(_ table: String, _ columns: String) -> String { "INTO \(table) (\(columns)) VALUES " }
}
