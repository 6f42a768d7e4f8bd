/// Why text is not JSON that we read.
package enum JSONRefusal: String, Error, Hashable, Sendable {
    case tooLong, tooDeep, tooMany, duplicateMember, malformed
}

extension JSONValue {
    /// Reads one JSON value and nothing after it. Foundation's decoder keeps the first of two members with one name, where another reader keeps the
    /// last: such text is refused here (RFC 7515 §4, RFC 8725 §2.4).
    /// - Parameter limit: bytes.
    package init(parsing bytes: [UInt8], limit: Int = 65_536) throws(JSONRefusal) {
        guard bytes.count <= limit else { throw .tooLong }
        var parser = JSONParser(bytes)
        self = try parser.document()
    }

    package init(parsing text: String, limit: Int = 65_536) throws(JSONRefusal) { try self.init(parsing: Array(text.utf8), limit: limit) }
}

private struct JSONParser {
    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0

    private static let deepest = 16
    private static let mostMembers = 1_000

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func document() throws(JSONRefusal) -> JSONValue {
        let value = try value()
        skipSpace()
        guard position == bytes.count else { throw .malformed }
        return value
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { position += 1 }
    }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard let next, UInt32(next) == character.value else { return false }
        position += 1
        return true
    }

    private mutating func value() throws(JSONRefusal) -> JSONValue {
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return .object(try nested { parser throws(JSONRefusal) in try parser.object() })
        case UInt8(ascii: "["): return .array(try nested { parser throws(JSONRefusal) in try parser.array() })
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .boolean(true))
        case UInt8(ascii: "f"): return try word("false", .boolean(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func nested<Value>(_ body: (inout JSONParser) throws(JSONRefusal) -> Value) throws(JSONRefusal) -> Value {
        guard depth < Self.deepest else { throw .tooDeep }
        depth += 1
        let value = try body(&self)
        depth -= 1
        return value
    }

    private mutating func object() throws(JSONRefusal) -> JSONObject {
        position += 1
        var members: [JSONObject.Member] = []
        var names = Set<String>()
        skipSpace()
        if skip("}") { return JSONObject(parsed: members) }
        repeat {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw .malformed }
            let name = try string()
            // Two spellings of one name are one name: Swift compares by canonical equivalence, which is stricter than JSON.
            guard names.insert(name).inserted else { throw .duplicateMember }
            guard members.count < Self.mostMembers else { throw .tooMany }
            skipSpace()
            guard skip(":") else { throw .malformed }
            members.append(JSONObject.Member(name: name, value: try value()))
            skipSpace()
        } while skip(",")
        guard skip("}") else { throw .malformed }
        return JSONObject(parsed: members)
    }

    private mutating func array() throws(JSONRefusal) -> [JSONValue] {
        position += 1
        var values: [JSONValue] = []
        skipSpace()
        if skip("]") { return values }
        repeat {
            guard values.count < Self.mostMembers else { throw .tooMany }
            values.append(try value())
            skipSpace()
        } while skip(",")
        guard skip("]") else { throw .malformed }
        return values
    }

    private mutating func word(_ word: String, _ value: JSONValue) throws(JSONRefusal) -> JSONValue {
        for byte in word.utf8 {
            guard next == byte else { throw .malformed }
            position += 1
        }
        return value
    }

    private mutating func number() throws(JSONRefusal) -> JSONValue {
        let start = position
        _ = skip("-")
        let whole = digits()
        guard whole > 0, whole == 1 || bytes[position - whole] != UInt8(ascii: "0") else { throw .malformed }
        var isInteger = true
        if skip(".") {
            isInteger = false
            guard digits() > 0 else { throw .malformed }
        }
        if skip("e") || skip("E") {
            isInteger = false
            if !skip("+") { _ = skip("-") }
            guard digits() > 0 else { throw .malformed }
        }
        guard position - start <= 40 else { throw .tooLong }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, let integer = Int64(text) { return .integer(integer) }
        guard let number = Double(text), number.isFinite else { throw .malformed }
        return .number(number)
    }

    private mutating func digits() -> Int {
        let start = position
        while let byte = next, (48...57).contains(byte) { position += 1 }
        return position - start
    }

    private mutating func string() throws(JSONRefusal) -> String {
        position += 1
        var output: [UInt8] = []
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: output, as: UTF8.self) else { throw .malformed }
                return text
            case UInt8(ascii: "\\"): try escape(into: &output)
            case 0..<0x20: throw .malformed
            default: output.append(byte)
            }
        }
        throw .malformed
    }

    private mutating func escape(into output: inout [UInt8]) throws(JSONRefusal) {
        guard let byte = next else { throw .malformed }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): output.append(byte)
        case UInt8(ascii: "b"): output.append(0x08)
        case UInt8(ascii: "f"): output.append(0x0C)
        case UInt8(ascii: "n"): output.append(0x0A)
        case UInt8(ascii: "r"): output.append(0x0D)
        case UInt8(ascii: "t"): output.append(0x09)
        case UInt8(ascii: "u"): output.append(contentsOf: String(Character(try escapedScalar())).utf8)
        default: throw .malformed
        }
    }

    private mutating func escapedScalar() throws(JSONRefusal) -> Unicode.Scalar {
        let first = try codeUnit()
        // NUL is no part of any name or value we know, and a database refuses it.
        guard first != 0 else { throw .malformed }
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard (0xD800..<0xDC00).contains(first), skip("\\"), skip("u") else { throw .malformed }
        let second = try codeUnit()
        guard (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw .malformed }
        return scalar
    }

    private mutating func codeUnit() throws(JSONRefusal) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next else { throw .malformed }
            switch byte {
            case 48...57: value = value << 4 | UInt32(byte - 48)
            case 65...70: value = value << 4 | UInt32(byte - 55)
            case 97...102: value = value << 4 | UInt32(byte - 87)
            default: throw .malformed
            }
            position += 1
        }
        return value
    }
}
