/// Why bytes are no JSON that we read.
public struct MalformedJSON: Error, Hashable, Sendable {
    /// Bytes before the place.
    public let offset: Int
    public let expected: String
    public let got: String
    /// Which member stands there twice, as a JSON Pointer (RFC 6901); `nil` for anything else.
    public fileprivate(set) var repeatedMember: String?
}

extension MalformedJSON {
    /// The same from further out.
    fileprivate func within(_ name: String) -> Self {
        guard let member = repeatedMember else { return self }
        var outer = self
        outer.repeatedMember = "/\(name.prefix(60).replacing("~", with: "~0").replacing("/", with: "~1"))\(member)"
        return outer
    }

    fileprivate init(offset: Int, repeating name: String) {
        self.init(offset: offset, expected: "each member once", got: "\(name.prefix(60)) twice", repeatedMember: "")
        self = within(name)
    }
}

/// How much of a text is read. What goes beyond is refused before it costs anything.
public struct JSONLimits: Hashable, Sendable {
    /// Bytes of the whole text.
    public let bytes: Int
    /// How deep arrays and objects may nest.
    public let depth: Int
    /// Members of one object, elements of one array.
    public let members: Int

    public init(bytes: Int, depth: Int, members: Int) {
        self.bytes = bytes
        self.depth = depth
        self.members = members
    }

    /// A body of the API, or a document of ours.
    public static let body = JSONLimits(bytes: 4 << 20, depth: 32, members: 100_000)

    /// A token's part, or a parameter that holds JSON.
    public static func token(bytes: Int = 65_536) -> JSONLimits { JSONLimits(bytes: bytes, depth: 16, members: 1000) }
}

extension JSONValue {
    /// Reads one JSON text (RFC 8259), strictly: UTF-8, nothing behind the value, numbers of at most 64 characters, and no member twice, after
    /// unescaping. Foundation's decoder keeps the first of two members with one name, where another reader keeps the last (RFC 7515 §4, RFC 8725 §2.4).
    public init(parsing bytes: [UInt8], limits: JSONLimits = .body) throws(MalformedJSON) {
        guard bytes.count <= limits.bytes else { throw MalformedJSON(offset: limits.bytes, expected: "at most \(limits.bytes) bytes", got: "\(bytes.count)") }
        var parser = JSONParser(bytes, limits)
        self = try parser.document()
    }

    public init(parsing text: String, limits: JSONLimits = .body) throws(MalformedJSON) { try self.init(parsing: Array(text.utf8), limits: limits) }
}

private struct JSONParser {
    private let bytes: [UInt8]
    private let limits: JSONLimits
    private var position = 0

    init(_ bytes: [UInt8], _ limits: JSONLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    mutating func document() throws(MalformedJSON) -> JSONValue {
        let value = try value(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw refusal("the end of the text") }
        return value
    }

    private mutating func value(depth: Int) throws(MalformedJSON) -> JSONValue {
        skipSpace()
        switch peek {
        case UInt8(ascii: "{"): return .object(try object(depth: depth))
        case UInt8(ascii: "["): return .array(try array(depth: depth))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "-"), .some(48...57): return .number(try number())
        case UInt8(ascii: "t"): return try word("true", .boolean(true))
        case UInt8(ascii: "f"): return try word("false", .boolean(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: throw refusal("a JSON value")
        }
    }

    private mutating func object(depth: Int) throws(MalformedJSON) -> JSONObject {
        try enter(depth)
        var members: [JSONObject.Member] = []
        skipSpace()
        if take("}") { return try made(members) }
        repeat {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else { throw refusal("a member's name in quotes") }
            let name = try string()
            skipSpace()
            guard take(":") else { throw refusal("a colon") }
            members.append(JSONObject.Member(name: name, value: try value(of: name, depth: depth + 1)))
            guard members.count <= limits.members else { throw tooMany }
            skipSpace()
        } while take(",")
        guard take("}") else { throw refusal("a comma or }") }
        return try made(members)
    }

    private func made(_ members: [JSONObject.Member]) throws(MalformedJSON) -> JSONObject {
        if let object = JSONObject(members) { return object }
        throw MalformedJSON(offset: position, repeating: JSONObject.repeatedName(in: members) ?? "")
    }

    private mutating func value(of name: @autoclosure () -> String, depth: Int) throws(MalformedJSON) -> JSONValue {
        do throws(MalformedJSON) { return try value(depth: depth) } catch { throw error.within(name()) }
    }

    private mutating func array(depth: Int) throws(MalformedJSON) -> [JSONValue] {
        try enter(depth)
        var elements: [JSONValue] = []
        skipSpace()
        if take("]") { return elements }
        repeat {
            elements.append(try value(of: "\(elements.count)", depth: depth + 1))
            guard elements.count <= limits.members else { throw tooMany }
            skipSpace()
        } while take(",")
        guard take("]") else { throw refusal("a comma or ]") }
        return elements
    }

    private mutating func enter(_ depth: Int) throws(MalformedJSON) {
        guard depth < limits.depth else {
            throw MalformedJSON(offset: position, expected: "at most \(limits.depth) levels", got: "a deeper one")
        }
        position += 1
    }

    private var tooMany: MalformedJSON { MalformedJSON(offset: position, expected: "at most \(limits.members) members or elements", got: "more") }

    private mutating func number() throws(MalformedJSON) -> JSONNumber {
        let start = position
        _ = take("-")
        if !take("0") { try digits() }
        if take(".") { try digits() }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            try digits()
        }
        guard position - start <= 64 else { throw MalformedJSON(offset: start, expected: "a number of at most 64 characters", got: "\(position - start)") }
        return JSONNumber(text: String(decoding: bytes[start..<position], as: UTF8.self))
    }

    private mutating func digits() throws(MalformedJSON) {
        let start = position
        while let byte = peek, (48...57).contains(byte) { position += 1 }
        guard position > start else { throw refusal("a digit") }
    }

    /// Text is taken from one escape to the next; most have none, and most are ASCII, which needs no look at what its bytes say together.
    private mutating func string() throws(MalformedJSON) -> String {
        position += 1
        var unescaped: [UInt8] = []
        var bits: UInt8 = 0
        while true {
            let start = position
            while position < bytes.count, case let byte = bytes[position], byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 {
                bits |= byte
                position += 1
            }
            let plain = bytes[start..<position]
            if take("\"") {
                let whole = unescaped.isEmpty ? plain : (unescaped + plain)[...]
                guard let text = bits < 0x80 ? String(decoding: whole, as: UTF8.self) : String(validating: whole, as: UTF8.self) else {
                    throw refusal("UTF-8")
                }
                return text
            }
            guard peek != nil else { throw refusal("the closing quote") }
            guard take("\\") else { throw refusal("a control character written as an escape") }
            unescaped += plain
            unescaped += Array(String(try escape()).utf8)
        }
    }

    private mutating func escape() throws(MalformedJSON) -> Unicode.Scalar {
        guard let byte = peek else { throw refusal("an escape") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            let unit = try hexadecimals()
            if let scalar = Unicode.Scalar(unit) { return scalar }
            // A high surrogate needs its low one behind it; either alone is no character.
            guard (0xD800..<0xDC00).contains(unit), take("\\"), take("u") else { throw refusal("a whole surrogate pair") }
            let low = try hexadecimals()
            guard (0xDC00..<0xE000).contains(low), let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)) else {
                throw refusal("a whole surrogate pair")
            }
            return scalar
        default: throw refusal("an escape that JSON knows")
        }
    }

    private mutating func hexadecimals() throws(MalformedJSON) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { throw refusal("four hexadecimal digits") }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    private mutating func word(_ word: String, _ value: JSONValue) throws(MalformedJSON) -> JSONValue {
        guard bytes[position...].starts(with: word.utf8) else { throw refusal(word) }
        position += word.utf8.count
        return value
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard let byte = peek, UInt32(byte) == character.value else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 32 || byte == 9 || byte == 10 || byte == 13 { position += 1 }
    }

    private func refusal(_ expected: String) -> MalformedJSON {
        let got =
            switch peek {
            case nil: "the end of the text"
            case .some(let byte) where byte > 32 && byte < 127: "\(Character(Unicode.Scalar(byte)))"
            case .some(let byte): "byte \(byte)"
            }
        return MalformedJSON(offset: position, expected: expected, got: got)
    }
}
