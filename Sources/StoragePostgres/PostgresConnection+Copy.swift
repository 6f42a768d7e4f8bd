internal import CPostgres
internal import Primitives
internal import Storage

extension PostgresConnection {
    /// Inserts rows by `COPY`: no value is a bind of its own, and the server writes them by the page.
    /// - Parameters:
    ///   - target: `table (columns)`
    ///   - opening: commands that go ahead.
    func copy(_ rows: [[SQLValue]], into target: String, after opening: [String]) throws {
        for one in opening { try command(one) }
        try command("COPY \(target) FROM STDIN (FORMAT binary)") { try CopyBinary.write(rows, $0) }
    }
}

/// Rows in the binary format of `COPY` (PostgreSQL, "COPY", File Formats), in which no byte of a text has to be looked at. Columns are `TEXT`, `BIGINT` and
/// `BOOLEAN`, as everywhere.
struct CopyBinary {
    /// Those that have not left.
    private var bytes = Self.signature

    /// Its signature, no flags, and no further header.
    private static let signature = Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0] + [UInt8](repeating: 0, count: 8)
    /// Bytes that leave together: all of some thousand rows at once would be memory that is new each time.
    private static let piece = 32 << 10

    /// - Parameter leave: takes the bytes piece by piece.
    static func write(_ rows: [[SQLValue]], _ leave: ([UInt8]) throws -> Void) rethrows {
        var copy = CopyBinary()
        copy.bytes.reserveCapacity(2 * piece)
        for row in rows {
            copy.append(Int16(row.count))
            for value in row { copy.append(value) }
            guard copy.bytes.count >= piece else { continue }
            try leave(copy.bytes)
            copy.bytes.removeAll(keepingCapacity: true)
        }
        copy.append(Int16(-1))
        try leave(copy.bytes)
    }

    private mutating func append(_ value: SQLValue) {
        switch value {
        case .text(let text?):
            append(Int32(text.utf8.count))
            bytes.append(text: text)
        case .integer(let integer?):
            append(Int32(8))
            append(integer)
        case .boolean(let boolean?):
            append(Int32(1))
            bytes.append(boolean ? 1 : 0)
        case .text(nil), .integer(nil), .boolean(nil): append(Int32(-1))
        }
    }

    /// The most significant byte first.
    private mutating func append<Integer: FixedWidthInteger>(_ integer: Integer) {
        withUnsafeBytes(of: integer.bigEndian) { bytes.append(contentsOf: $0) }
    }
}
