internal import CPostgres
internal import Storage

extension PostgresConnection {
    /// Inserts rows by `COPY`: no value is a bind of its own, and the server writes them by the page.
    /// - Parameters:
    ///   - target: `table (columns)`
    ///   - opening: commands that go ahead.
    func copy(_ rows: [[SQLValue]], into target: String, after opening: [String]) throws {
        var text = CopyText()
        for row in rows { try text.append(row) }
        for one in opening { try command(one) }
        try command("COPY \(target) FROM STDIN", sending: text.bytes)
    }
}

/// Rows in the text format of `COPY` (PostgreSQL, "COPY", File Formats): a line for each, a tab between two values.
struct CopyText {
    private(set) var bytes: [UInt8] = []

    /// - Throws: for a NUL character, which PostgreSQL's text cannot hold.
    mutating func append(_ row: [SQLValue]) throws {
        for (index, value) in row.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: "\t")) }
            switch value {
            case .text(let text?): try append(text)
            case .integer(let integer?): append(plain: String(integer))
            case .boolean(let boolean?): append(plain: boolean ? "t" : "f")
            case .text(nil), .integer(nil), .boolean(nil): append(plain: #"\N"#)
            }
        }
        bytes.append(UInt8(ascii: "\n"))
    }

    private mutating func append(plain text: String) { bytes.append(contentsOf: text.utf8) }

    private mutating func append(_ text: String) throws {
        for byte in text.utf8 {
            switch byte {
            case 0: throw PostgresFailure.characterNotInRepertoire
            case UInt8(ascii: "\\"): append(plain: #"\\"#)
            case UInt8(ascii: "\t"): append(plain: #"\t"#)
            case UInt8(ascii: "\n"): append(plain: #"\n"#)
            case UInt8(ascii: "\r"): append(plain: #"\r"#)
            default: bytes.append(byte)
            }
        }
    }
}
