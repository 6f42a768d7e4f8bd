/// Writes values as JSON text, in UTF-8.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []
    private let sortsMembers: Bool
    private let indents: Bool
    private var depth = 0

    init(sortsMembers: Bool, indents: Bool = false) {
        self.sortsMembers = sortsMembers
        self.indents = indents
        bytes.reserveCapacity(512)
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    mutating func write(_ value: JSONValue) {
        switch value {
        case .null: append("null")
        case .boolean(let boolean): append(boolean ? "true" : "false")
        case .number(let number): append(number.text)
        case .string(let string): write(string)
        case .array(let elements): writeList(UInt8(ascii: "["), UInt8(ascii: "]"), elements) { writer, element in writer.write(element) }
        case .object(let object): write(object)
        }
    }

    mutating func write(_ object: JSONObject) {
        // By bytes, so that the order depends on no locale.
        let members = sortsMembers ? object.members.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) } : object.members
        writeList(UInt8(ascii: "{"), UInt8(ascii: "}"), members) { writer, member in
            writer.write(member.name)
            writer.bytes.append(UInt8(ascii: ":"))
            if writer.indents { writer.bytes.append(UInt8(ascii: " ")) }
            writer.write(member.value)
        }
    }

    private mutating func writeList<Element>(_ open: UInt8, _ close: UInt8, _ elements: [Element], _ body: (inout JSONWriter, Element) -> Void) {
        bytes.append(open)
        depth += 1
        var isFirst = true
        for element in elements {
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            breakLine()
            body(&self, element)
        }
        depth -= 1
        if !elements.isEmpty { breakLine() }
        bytes.append(close)
    }

    private mutating func breakLine() {
        if indents { append("\n" + String(repeating: "  ", count: depth)) }
    }

    /// Text is copied from one character that must be escaped to the next.
    private mutating func write(_ string: String) {
        var string = string
        bytes.append(UInt8(ascii: "\""))
        string.withUTF8 { text in
            var start = 0
            var place = JSONText.firstEscaped(in: text)
            while place < text.count {
                append(text[start..<place])
                escape(text[place])
                start = place + 1
                place = JSONText.firstEscaped(in: text, from: start)
            }
            append(text[start...])
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): append("\\\"")
        case UInt8(ascii: "\\"): append("\\\\")
        case UInt8(ascii: "\n"): append("\\n")
        case UInt8(ascii: "\r"): append("\\r")
        case UInt8(ascii: "\t"): append("\\t")
        default:
            let digits = String(byte, radix: 16)
            append("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
        }
    }

    private mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { bytes.append(contentsOf: $0) }
    }

    private mutating func append(_ text: Slice<UnsafeBufferPointer<UInt8>>) { bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text)) }
}
