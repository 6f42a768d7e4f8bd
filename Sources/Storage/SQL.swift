public import Primitives

/// A value bound to a statement. Each carries its PostgreSQL type, nil included: an untyped nil fails there.
public enum SQLValue: Hashable, Sendable {
    /// `TEXT`
    case text(String?)
    /// `BIGINT`
    case integer(Int64?)
    /// `BOOLEAN`
    case boolean(Bool?)
}

/// A Swift value that becomes a bind.
public protocol SQLBindable {
    var sqlValue: SQLValue { get }
    /// The typed nil of this kind.
    static var sqlNull: SQLValue { get }
}

extension Optional: SQLBindable where Wrapped: SQLBindable {
    public var sqlValue: SQLValue { self?.sqlValue ?? Wrapped.sqlNull }
    public static var sqlNull: SQLValue { Wrapped.sqlNull }
}

/// One SQL statement in the dialect that SQLite and PostgreSQL share. Interpolated values become binds `$1`, `$2` …; text of the literal stays text.
///
///     tx.all("SELECT id FROM app WHERE client_id = \(clientID)")
public struct SQL: ExpressibleByStringInterpolation, Sendable {
    public private(set) var text: String
    public private(set) var values: [SQLValue]
    /// One of the few texts of an insertion, which is worth keeping prepared however many values it takes.
    public let isInsertion: Bool

    /// How rows are inserted by the thousand: the text is the same each time, and put together once.
    public struct Insertion: Sendable {
        private let texts: [(size: Int, text: String)]
        /// `table (columns)`, where nothing follows the rows.
        public let target: String?

        /// Few sizes, so that each engine prepares few statements.
        private static let sizes = [32, 8, 1]

        /// - Parameter ending: what follows the rows, without binds.
        public init(into table: String, columns: [String], ending: String = "") {
            let width = columns.count
            target = ending.isEmpty ? "\(table) (\(columns.joined(separator: ", ")))" : nil
            texts = Self.sizes.map { size in
                let rows = (0..<size).map { row in "(" + (1...width).map { "$\(row * width + $0)" }.joined(separator: ", ") + ")" }
                return (size, "INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES \(rows.joined(separator: ", ")) \(ending)")
            }
        }

        /// The rows' values one after the other, in statements of many rows.
        public func statements(_ rows: [[SQLValue]]) -> [SQL] {
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

    public init(stringLiteral value: String) {
        text = value
        values = []
        isInsertion = false
    }

    public init(stringInterpolation: StringInterpolation) {
        text = stringInterpolation.statement
        values = stringInterpolation.values
        isInsertion = false
    }

    public struct StringInterpolation: StringInterpolationProtocol {
        private var text: [UInt8] = []
        private(set) var values: [SQLValue] = []

        public init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + interpolationCount * 5)
            values.reserveCapacity(interpolationCount)
        }

        var statement: String { String(decoding: text, as: UTF8.self) }

        public mutating func appendLiteral(_ literal: String) { text.append(text: literal) }

        public mutating func appendInterpolation<Value: SQLBindable>(_ value: Value) { bind(value.sqlValue) }

        /// `nil` is bound as NULL. Without this the compiler warns of each optional value that a text would read "Optional(…)".
        public mutating func appendInterpolation<Value: SQLBindable>(_ value: Value?) { bind(value.sqlValue) }

        /// A list for `IN`: `WHERE id IN \(list: ids)`. An empty list matches nothing.
        public mutating func appendInterpolation<Value: SQLBindable>(list values: [Value]) {
            guard !values.isEmpty else { return appendLiteral("(NULL)") }
            bind(values.lazy.map(\.sqlValue))
        }

        /// Rows for `VALUES`: several inserts as one statement. There is one row at least.
        public mutating func appendInterpolation(rows: [[SQLValue]]) {
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
    @discardableResult
    public func insert(_ rows: [[SQLValue]], by insertion: SQL.Insertion) throws -> [Row] { try insertion.statements(rows).flatMap { try all($0) } }
}

extension String: SQLBindable {
    public var sqlValue: SQLValue { .text(self) }
    public static var sqlNull: SQLValue { .text(nil) }
}

extension Int64: SQLBindable {
    public var sqlValue: SQLValue { .integer(self) }
    public static var sqlNull: SQLValue { .integer(nil) }
}

extension Int: SQLBindable {
    public var sqlValue: SQLValue { .integer(Int64(self)) }
    public static var sqlNull: SQLValue { .integer(nil) }
}

extension Bool: SQLBindable {
    public var sqlValue: SQLValue { .boolean(self) }
    public static var sqlNull: SQLValue { .boolean(nil) }
}

/// Bound as epoch seconds, the unit of every `…_at` column. A column that keeps milliseconds (`…_ms`) binds `timestamp.milliseconds`.
extension Timestamp: SQLBindable {
    public var sqlValue: SQLValue { .integer(seconds) }
    public static var sqlNull: SQLValue { .integer(nil) }
}

extension Digest: SQLBindable {
    public var sqlValue: SQLValue { .text(text) }
    public static var sqlNull: SQLValue { .text(nil) }
}

extension SQLBindable where Self: Identifier {
    public var sqlValue: SQLValue { .text(rawValue) }
    public static var sqlNull: SQLValue { .text(nil) }
}

extension SQLBindable where Self: RawRepresentable, RawValue == String {
    public var sqlValue: SQLValue { .text(rawValue) }
    public static var sqlNull: SQLValue { .text(nil) }
}
