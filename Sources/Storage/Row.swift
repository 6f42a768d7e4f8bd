package import Primitives

/// One row of an answer. Columns are read by name into the type that the reader expects:
///
///     let id: AppID = try row["id"]
///     let removedAt: Timestamp? = try row["removed_at"]
package struct Row: Sendable {
    private let columns: Columns
    private let values: [SQLValue]

    package init(columns: Columns, values: [SQLValue]) {
        self.columns = columns
        self.values = values
    }

    /// The names of an answer's columns, shared by its rows.
    package struct Columns: Sendable {
        let names: [String]

        package init(_ names: [String]) { self.names = names }
    }

    // Inlinable: read generically, a column's value asks for the metadata of its optional type.

    @inlinable package subscript<Value: SQLReadable>(_ column: String) -> Value {
        get throws {
            guard let value = try Value(sqlValue: value(column)) else { throw StorageError.unexpectedValue(column: column) }
            return value
        }
    }

    @inlinable package subscript<Value: SQLReadable>(_ column: String) -> Value? {
        get throws {
            let value = try value(column)
            guard !value.isNull else { return nil }
            guard let read = Value(sqlValue: value) else { throw StorageError.unexpectedValue(column: column) }
            return read
        }
    }

    @usableFromInline func value(_ column: String) throws -> SQLValue {
        // Names are few and short: looking at each costs less than a dictionary made for every answer.
        guard let position = columns.names.firstIndex(of: column), position < values.count else { throw StorageError.unexpectedValue(column: column) }
        return values[position]
    }
}

extension SQLValue {
    @inlinable package var isNull: Bool {
        switch self {
        case .text(let value): value == nil
        case .integer(let value): value == nil
        case .boolean(let value): value == nil
        }
    }
}

/// A Swift value that a column can be read into.
package protocol SQLReadable {
    /// - Returns: `nil` when the column holds another kind of value, or none.
    init?(sqlValue: SQLValue)
}

extension String: SQLReadable {
    package init?(sqlValue: SQLValue) {
        guard case .text(let text?) = sqlValue else { return nil }
        self = text
    }
}

extension Int64: SQLReadable {
    package init?(sqlValue: SQLValue) {
        guard case .integer(let integer?) = sqlValue else { return nil }
        self = integer
    }
}

extension Int: SQLReadable {
    package init?(sqlValue: SQLValue) {
        guard case .integer(let integer?) = sqlValue else { return nil }
        self = Int(integer)
    }
}

extension Bool: SQLReadable {
    /// SQLite keeps truth values as 0 and 1.
    package init?(sqlValue: SQLValue) {
        switch sqlValue {
        case .boolean(let boolean?): self = boolean
        case .integer(let integer?) where integer == 0 || integer == 1: self = integer == 1
        default: return nil
        }
    }
}

extension Timestamp: SQLReadable {
    package init?(sqlValue: SQLValue) {
        guard case .integer(let seconds?) = sqlValue else { return nil }
        self.init(seconds: seconds)
    }
}

extension Digest: SQLReadable {
    package init?(sqlValue: SQLValue) {
        guard case .text(let text?) = sqlValue else { return nil }
        self.init(stored: text)
    }
}

extension SQLReadable where Self: Identifier {
    package init?(sqlValue: SQLValue) {
        guard case .text(let text?) = sqlValue else { return nil }
        self.init(trusted: text)
    }
}

extension SQLReadable where Self: RawRepresentable, RawValue == String {
    package init?(sqlValue: SQLValue) {
        guard case .text(let text?) = sqlValue else { return nil }
        self.init(rawValue: text)
    }
}
