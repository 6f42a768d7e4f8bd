internal import Storage

/// Reads of one text as one statement (docs/decisions/0028-gathered-statements.md): the server begins, binds and describes it once, and goes through the binds
/// of all.
///
///     SELECT asked.place, found.* FROM unnest((SELECT $1::text[])) WITH ORDINALITY AS asked(bind1, place)
///     CROSS JOIN LATERAL (SELECT * FROM (SELECT booked FROM account WHERE id = (asked.bind1 COLLATE "C")) one OFFSET 0) found
///
/// What depends on each of them can be joined by nothing but a loop, so the rows of each come in its own order. `OFFSET 0` keeps the plan that the text has
/// alone; and into an array that a subquery returns the planner cannot look, which would otherwise plan for each length anew.
enum MergedRead {
    static func canBeOne(_ one: SQL, _ other: SQL) -> Bool {
        !one.values.isEmpty && one.text == other.text && one.values.elementsEqual(other.values) { $0.type == $1.type }
    }

    /// - Parameter read: one with binds.
    static func text(of read: SQL) -> String {
        let places = 1...read.values.count
        let one = read.text.replacing(#/\$(?<place>[0-9]+)/#) { bind in
            guard let place = Int(bind.output.place), places.contains(place) else { return String(bind.output.0) }
            return read.values[place - 1].type == "text" ? #"(asked.bind\#(place) COLLATE "C")"# : "asked.bind\(place)"
        }
        let arrays = zip(places, read.values).map { "(SELECT $\($0)::\($1.type)[])" }.joined(separator: ", ")
        return """
            SELECT asked.place, found.* FROM unnest(\(arrays)) WITH ORDINALITY AS asked(\(places.map { "bind\($0)" }.joined(separator: ", ")), place) \
            CROSS JOIN LATERAL (SELECT * FROM (\(one)) one OFFSET 0) found
            """
    }

    /// One array for each bind of the text.
    /// - Parameter reads: of which each two can be one.
    static func values(_ reads: ArraySlice<SQL>) -> [SQLValue] {
        (reads.first?.values.indices ?? 0..<0).map { bind in .text(array(reads.lazy.map { $0.values[bind] })) }
    }

    /// In the text form of an array (PostgreSQL, "Arrays", Array Input and Output Syntax).
    private static func array(_ values: some Sequence<SQLValue>) -> String {
        var text = [UInt8(ascii: "{")]
        for value in values {
            if text.count > 1 { text.append(UInt8(ascii: ",")) }
            switch value {
            case .text(let string?): append(string, to: &text)
            case .integer(let integer?): text += String(integer).utf8
            case .boolean(let boolean?): text.append(UInt8(ascii: boolean ? "t" : "f"))
            case .text(nil), .integer(nil), .boolean(nil): text += "NULL".utf8
            }
        }
        text.append(UInt8(ascii: "}"))
        return String(decoding: text, as: UTF8.self)
    }

    private static func append(_ string: String, to text: inout [UInt8]) {
        let quote = UInt8(ascii: "\"")
        let backslash = UInt8(ascii: "\\")
        text.append(quote)
        for byte in string.utf8 {
            if byte == quote || byte == backslash { text.append(backslash) }
            text.append(byte)
        }
        text.append(quote)
    }
}

extension SQLValue {
    fileprivate var type: String {
        switch self {
        case .text: "text"
        case .integer: "int8"
        case .boolean: "bool"
        }
    }
}
