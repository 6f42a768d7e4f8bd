public import Primitives
internal import Synchronization

/// One row of an answer. Columns are read by name into the type that the reader expects:
///
///     let id: AppID = try row["id"]
///     let removedAt: Timestamp? = try row["removed_at"]
public struct Row: Sendable {
    private let columns: Columns
    private let values: [SQLValue]

    public init(columns: Columns, values: [SQLValue]) {
        self.columns = columns
        self.values = values
    }

    /// The names of an answer's columns, each once, shared by its rows.
    public final class Columns: Sendable {
        private let names: [String]
        /// Where the next column to be read is expected: most are read in the statement's order. Who reads at the same time is at worst misled to look at all.
        private let next = Atomic(0)

        public init(_ names: [String]) {
            assert(Set(names).count == names.count, "a column's name stands twice")
            self.names = names
        }

        func position(of name: String) -> Int? {
            let expected = next.load(ordering: .relaxed)
            let position = expected < names.count && names[expected] == name ? expected : names.firstIndex(of: name)
            if let position { next.store(position + 1, ordering: .relaxed) }
            return position
        }
    }

    public subscript<Value: SQLReadable>(_ column: String) -> Value {
        get throws {
            guard let value = try Value(sqlValue: value(column)) else { throw StorageError.unexpectedValue(column: column) }
            return value
        }
    }

    public subscript<Value: SQLReadable>(_ column: String) -> Value? {
        get throws {
            let value = try value(column)
            guard !value.isNull else { return nil }
            guard let read = Value(sqlValue: value) else { throw StorageError.unexpectedValue(column: column) }
            return read
        }
    }

    private func value(_ column: String) throws -> SQLValue {
        guard let position = columns.position(of: column), position < values.count else { throw StorageError.unexpectedValue(column: column) }
        return values[position]
    }
}

extension SQLValue {
    public var isNull: Bool {
        switch self {
        case .text(let value): value == nil
        case .integer(let value): value == nil
        case .boolean(let value): value == nil
        }
    }
}

/// A Swift value that a column can be read into.
public protocol SQLReadable {
    /// - Returns: `nil` when the column holds another kind of value, or none.
    init?(sqlValue: SQLValue)
}

extension String: SQLReadable {
    public init?(sqlValue: SQLValue) {
        guard case .text(let text?) = sqlValue else { return nil }
        self = text
    }
}

extension Int64: SQLReadable {
    public init?(sqlValue: SQLValue) {
        guard case .integer(let integer?) = sqlValue else { return nil }
        self = integer
    }
}

extension Int: SQLReadable {
    public init?(sqlValue: SQLValue) {
        guard case .integer(let integer?) = sqlValue else { return nil }
        self = Int(integer)
    }
}

extension Bool: SQLReadable {
    /// SQLite keeps truth values as 0 and 1.
    public init?(sqlValue: SQLValue) {
        switch sqlValue {
        case .boolean(let boolean?): self = boolean
        case .integer(let integer?) where integer == 0 || integer == 1: self = integer == 1
        default: return nil
        }
    }
}

extension Timestamp: SQLReadable {
    public init?(sqlValue: SQLValue) {
        guard case .integer(let seconds?) = sqlValue else { return nil }
        self.init(seconds: seconds)
    }
}

extension Digest: SQLReadable {
    public init?(sqlValue: SQLValue) {
        guard case .text(let text?) = sqlValue else { return nil }
        self.init(stored: text)
    }
}

extension SQLReadable where Self: Identifier {
    public init?(sqlValue: SQLValue) {
        guard case .text(let text?) = sqlValue else { return nil }
        self.init(trusted: text)
    }
}

extension SQLReadable where Self: RawRepresentable, RawValue == String {
    public init?(sqlValue: SQLValue) {
        guard case .text(let text?) = sqlValue else { return nil }
        self.init(rawValue: text)
    }
}
