internal import CPostgres
internal import Storage

/// What the server answered to one statement.
final class PostgresAnswer {
    private let result: OpaquePointer
    /// Of the prepared statement that it answers.
    var shape: PostgresShape?

    init(_ result: OpaquePointer) { self.result = result }

    deinit { PQclear(result) }

    /// `UPDATE 1`, `COMMIT`.
    var tag: String { String(cString: PQcmdStatus(result)) }

    var changedRows: Int { Int(String(cString: PQcmdTuples(result))) ?? 0 }

    var failure: PostgresFailure? {
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY, PGRES_COPY_IN: nil
        default:
            PostgresFailure(
                state: field("C") ?? "XX000", message: field("M") ?? String(cString: PQresultErrorMessage(result)), constraint: field("n"))
        }
    }

    func rows() -> [Row] {
        let (names, types) = (shape ?? PostgresShape()).columns(of: result)
        let columns = Row.Columns(names)
        return (0..<PQntuples(result)).map { row in
            Row(columns: columns, values: types.indices.map { value(row, CInt($0), types[$0]) })
        }
    }

    private func value(_ row: CInt, _ column: CInt, _ type: UInt32) -> SQLValue {
        guard PQgetisnull(result, row, column) == 0 else { return .text(nil) }
        let text = String(cString: PQgetvalue(result, row, column))
        switch type {
        case 16: return .boolean(text == "t")
        // int8, int2, int4, oid, and numeric: the sum of int8 is numeric.
        case 20, 21, 23, 26, 1700: return Int64(text).map { .integer($0) } ?? .text(text)
        default: return .text(text)
        }
    }

    /// A field of an error (PG_DIAG_…).
    private func field(_ code: Unicode.Scalar) -> String? {
        PQresultErrorField(result, CInt(code.value)).map { String(cString: $0) }
    }
}
