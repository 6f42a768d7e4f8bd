internal import Foundation
internal import GRDB
internal import GRDBSQLite
internal import Storage

/// A prepared statement run by SQLite's own calls: values go in and come out as ours. On the way over GRDB's they cost more than most of our statements.
/// Whoever prepared it keeps it and finalizes it.
struct PreparedStatement {
    let handle: OpaquePointer

    /// Runs `body` with the values of the statement's binds. The literal numbers them in the order they stand, so `$n` is the n-th parameter. What the
    /// statement holds open ends behind it, on every way out.
    ///
    /// The texts lie together in memory that lasts as long: SQLite would take each into memory of its own.
    func run<Result>(with values: [SQLValue], _ body: () throws -> Result) throws -> Result {
        let size = values.reduce(0) { $0 + $1.textLength }
        return try withUnsafeTemporaryAllocation(byteCount: size + 1, alignment: 1) { memory in
            defer {
                sqlite3_reset(handle)
                sqlite3_clear_bindings(handle)
            }
            var free = memory
            for (index, value) in values.enumerated() { try bind(value, at: CInt(index + 1), in: &free) }
            return try body()
        }
    }

    /// - Throws: for a NUL character: the text would end there, and PostgreSQL's text cannot hold it.
    private func bind(_ value: SQLValue, at index: CInt, in free: inout UnsafeMutableRawBufferPointer) throws {
        let code =
            switch value {
            case .text(let text?): try bind(text, at: index, in: &free)
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

    private func bind(_ text: String, at index: CInt, in free: inout UnsafeMutableRawBufferPointer) throws -> CInt {
        var text = text
        let length = try text.withUTF8 { bytes in
            if let start = bytes.baseAddress, memchr(start, 0, bytes.count) != nil { throw StorageError.failed(reason: "a text holds a NUL character") }
            free.copyMemory(from: UnsafeRawBufferPointer(bytes))
            return bytes.count
        }
        // An empty text has an address too: none would be NULL.
        let code = sqlite3_bind_text(handle, index, free.baseAddress?.assumingMemoryBound(to: CChar.self), CInt(length), lasting)
        free = UnsafeMutableRawBufferPointer(rebasing: free[length...])
        return code
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

extension SQLValue {
    /// Bytes of UTF-8.
    fileprivate var textLength: Int { if case .text(let text?) = self { text.utf8.count } else { 0 } }
}

/// SQLite takes no copy (`SQLITE_STATIC`): the text lasts as long as it is bound.
private let lasting: sqlite3_destructor_type? = nil
