internal import CPostgres

/// The names and types of a prepared statement's columns, read from its first answer: the server refuses to run one whose columns have changed.
final class PostgresShape {
    private var known: (names: [String], types: [UInt32])?

    /// - Parameter result: an answer to the statement.
    func columns(of result: OpaquePointer) -> (names: [String], types: [UInt32]) {
        let width = PQnfields(result)
        // Nothing comes back from a statement that has failed.
        if let known, known.types.count == width { return known }
        let read = (names: (0..<width).map { String(cString: PQfname(result, $0)) }, types: (0..<width).map { PQftype(result, $0) })
        known = read
        return read
    }
}
