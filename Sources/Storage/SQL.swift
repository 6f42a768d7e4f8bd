package import Primitives

/// A value bound to a statement. Each carries its PostgreSQL type, nil included: an untyped nil fails there.
package enum SQLValue: Hashable, Sendable {
    /// `TEXT`
    case text(String?)
    /// `BIGINT`
    case integer(Int64?)
    /// `BOOLEAN`
    case boolean(Bool?)
}

/// A Swift value that becomes a bind.
package protocol SQLBindable {
    var sqlValue: SQLValue { get }
    /// The typed nil of this kind.
    static var sqlNull: SQLValue { get }
}

extension Optional: SQLBindable where Wrapped: SQLBindable {
    package var sqlValue: SQLValue { self?.sqlValue ?? Wrapped.sqlNull }
    package static var sqlNull: SQLValue { Wrapped.sqlNull }
}

/// One SQL statement in the dialect that SQLite and PostgreSQL share. Interpolated values become binds `$1`, `$2` …; text of the literal stays text.
///
///     tx.all("SELECT id FROM app WHERE client_id = \(clientID)")
package struct SQL: ExpressibleByStringInterpolation, Sendable {
    package private(set) var text: String
    package private(set) var values: [SQLValue]
    /// One of the few texts of an insertion, which is worth keeping prepared however many values it takes.
    package let isInsertion: Bool

    /// How rows are inserted by the thousand: the text is the same each time, and put together once.
    package struct Insertion: Sendable {
        private let texts: [(size: Int, text: String)]

        /// Few sizes, so that each engine prepares few statements.
        private static let sizes = [32, 8, 1]

        /// - Parameter ending: what follows the rows, without binds.
        package init(into table: String, columns: [String], ending: String = "") {
            let width = columns.count
            texts = Self.sizes.map { size in
                let rows = (0..<size).map { row in "(" + (1...width).map { "$\(row * width + $0)" }.joined(separator: ", ") + ")" }
                return (size, "INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES \(rows.joined(separator: ", ")) \(ending)")
            }
        }

        /// The rows' values one after the other, in statements of many rows.
        fileprivate func statements(_ rows: [[SQLValue]]) -> [SQL] {
            var statements: [SQL] = []
            var rest = rows[...]
            for (size, text) in texts {
                while rest.count >= size {
                    statements.append(SQL(insertion: text, values: Array(rest.prefix(size).joined())))
                    rest = rest.dropFirst(size)
                }
            }
            return statements
        }
    }

    private init(insertion text: String, values: [SQLValue]) {
        self.text = text
        self.values = values
        isInsertion = true
    }

    package init(stringLiteral value: String) {
        text = value
        values = []
        isInsertion = false
    }

    package init(stringInterpolation: StringInterpolation) {
        text = stringInterpolation.statement
        values = stringInterpolation.values
        isInsertion = false
    }

    package struct StringInterpolation: StringInterpolationProtocol {
        private var text: [UInt8] = []
        private(set) var values: [SQLValue] = []

        package init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + interpolationCount * 5)
            values.reserveCapacity(interpolationCount)
        }

        var statement: String { String(decoding: text, as: UTF8.self) }

        package mutating func appendLiteral(_ literal: String) { text.append(text: literal) }

        package mutating func appendInterpolation<Value: SQLBindable>(_ value: Value) { bind(value.sqlValue) }

        /// A list for `IN`: `WHERE id IN \(list: ids)`. An empty list matches nothing.
        package mutating func appendInterpolation<Value: SQLBindable>(list values: [Value]) {
            guard !values.isEmpty else { return appendLiteral("(NULL)") }
            bind(values.lazy.map(\.sqlValue))
        }

        /// Rows for `VALUES`: several inserts as one statement. There is one row at least.
        package mutating func appendInterpolation(rows: [[SQLValue]]) {
            for (index, row) in rows.enumerated() {
                if index > 0 { separate() }
                bind(row)
            }
        }

        /// `($1, $2)`
        private mutating func bind(_ values: some Sequence<SQLValue>) {
            text.append(UInt8(ascii: "("))
            for (index, value) in values.enumerated() {
                if index > 0 { separate() }
                bind(value)
            }
            text.append(UInt8(ascii: ")"))
        }

        private mutating func separate() {
            text.append(UInt8(ascii: ","))
            text.append(UInt8(ascii: " "))
        }

        private mutating func bind(_ value: SQLValue) {
            values.append(value)
            text.append(UInt8(ascii: "$"))
            text.append(decimal: UInt64(values.count))
        }
    }
}

extension WriteTransaction {
    /// Inserts rows, many with one statement.
    /// - Returns: what the insertion's ending returns.
    @discardableResult
    package func insert(_ rows: [[SQLValue]], by insertion: SQL.Insertion) throws -> [Row] { try insertion.statements(rows).flatMap { try all($0) } }
}

extension String: SQLBindable {
    package var sqlValue: SQLValue { .text(self) }
    package static var sqlNull: SQLValue { .text(nil) }
}

extension Int64: SQLBindable {
    package var sqlValue: SQLValue { .integer(self) }
    package static var sqlNull: SQLValue { .integer(nil) }
}

extension Int: SQLBindable {
    package var sqlValue: SQLValue { .integer(Int64(self)) }
    package static var sqlNull: SQLValue { .integer(nil) }
}

extension Bool: SQLBindable {
    package var sqlValue: SQLValue { .boolean(self) }
    package static var sqlNull: SQLValue { .boolean(nil) }
}

/// Bound as epoch seconds, the unit of every `…_at` column. A column that keeps milliseconds (`…_ms`) binds `timestamp.milliseconds`.
extension Timestamp: SQLBindable {
    package var sqlValue: SQLValue { .integer(seconds) }
    package static var sqlNull: SQLValue { .integer(nil) }
}

extension Digest: SQLBindable {
    package var sqlValue: SQLValue { .text(text) }
    package static var sqlNull: SQLValue { .text(nil) }
}

extension SQLBindable where Self: Identifier {
    package var sqlValue: SQLValue { .text(rawValue) }
    package static var sqlNull: SQLValue { .text(nil) }
}

extension SQLBindable where Self: RawRepresentable, RawValue == String {
    package var sqlValue: SQLValue { .text(rawValue) }
    package static var sqlNull: SQLValue { .text(nil) }
}
