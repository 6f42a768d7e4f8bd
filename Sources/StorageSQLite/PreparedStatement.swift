internal import GRDB
internal import GRDBSQLite
internal import Storage

/// A prepared statement run by SQLite's own calls: values go in and come out as ours. On the way over GRDB's they cost more than most of our statements.
/// Whoever prepared it keeps it and finalizes it.
struct PreparedStatement {
    let handle: OpaquePointer

    /// The values of the statement's binds. The literal numbers them in the order they stand, so `$n` is the n-th parameter.
    func bind(_ values: [SQLValue]) throws {
        for (index, value) in values.enumerated() { try bind(value, at: index + 1) }
    }

    /// Before values are bound, and when nobody reads on: what a statement holds open ends here.
    func rewind() { sqlite3_reset(handle) }

    /// - Throws: for a NUL character: the text would end there, and PostgreSQL's text cannot hold it.
    private func bind(_ value: SQLValue, at position: Int) throws {
        let index = CInt(position)
        let code =
            switch value {
            case .text(let text?): try bind(text, at: index)
            case .integer(let integer?): sqlite3_bind_int64(handle, index, integer)
            case .boolean(let boolean?): sqlite3_bind_int64(handle, index, boolean ? 1 : 0)
            case .text(nil), .integer(nil), .boolean(nil): sqlite3_bind_null(handle, index)
            }
        guard code == SQLITE_OK else { throw lastError }
    }

    /// Goes on to the next row.
    /// - Returns: `false` behind the last one.
    func step() throws -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw lastError
        }
    }

    var columnNames: [String] {
        (0..<sqlite3_column_count(handle)).map { sqlite3_column_name(handle, $0).map { String(cString: $0) } ?? "" }
    }

    /// The present row's.
    var values: [SQLValue] {
        let width = sqlite3_column_count(handle)
        return [SQLValue](unsafeUninitializedCapacity: Int(width)) { values, count in
            for column in 0..<width { (values.baseAddress! + Int(column)).initialize(to: value(column)) }
            count = Int(width)
        }
    }

    private func bind(_ text: String, at index: CInt) throws -> CInt {
        var text = text
        return try text.withUTF8 { bytes in
            guard !bytes.contains(0) else { throw StorageError.failed(reason: "a text holds a NUL character") }
            // An empty text has no address, and no address would be NULL.
            guard let start = bytes.baseAddress, !bytes.isEmpty else { return sqlite3_bind_text(handle, index, "", 0, copied) }
            return start.withMemoryRebound(to: CChar.self, capacity: bytes.count) { sqlite3_bind_text(handle, index, $0, CInt(bytes.count), copied) }
        }
    }

    private func value(_ column: CInt) -> SQLValue {
        switch sqlite3_column_type(handle, column) {
        case SQLITE_NULL: return .text(nil)
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(handle, column))
        case SQLITE_FLOAT:
            let double = sqlite3_column_double(handle, column)
            return Int64(exactly: double).map { .integer($0) } ?? .text("\(double)")
        default:
            // The text first: its length is that of what it converted to.
            let text = sqlite3_column_text(handle, column)
            let length = sqlite3_column_bytes(handle, column)
            return .text(String(decoding: UnsafeBufferPointer(start: text, count: Int(length)), as: UTF8.self))
        }
    }

    private var lastError: DatabaseError { DatabaseError(of: sqlite3_db_handle(handle)) }
}

extension DatabaseError {
    /// What a connection's latest call came to.
    init(of connection: OpaquePointer?) {
        self.init(resultCode: ResultCode(rawValue: sqlite3_extended_errcode(connection)), message: String(cString: sqlite3_errmsg(connection)))
    }
}

/// SQLite takes a copy: our text does not outlive the call.
private let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
