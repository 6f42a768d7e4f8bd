/// Writes values as JSON text.
struct JSONWriter {
    private(set) var text = ""
    private let sortsMembers: Bool
    private let indents: Bool
    private var depth = 0

    init(sortsMembers: Bool, indents: Bool = false) {
        self.sortsMembers = sortsMembers
        self.indents = indents
    }

    mutating func write(_ value: JSONValue) {
        switch value {
        case .null: text += "null"
        case .boolean(let boolean): text += boolean ? "true" : "false"
        case .number(let number): text += number.text
        case .string(let string): write(string)
        case .array(let elements): writeList("[", "]", elements) { writer, element in writer.write(element) }
        case .object(let object):
            // By bytes, so that the order depends on no locale.
            let members = sortsMembers ? object.members.sorted { Array($0.name.utf8).lexicographicallyPrecedes(Array($1.name.utf8)) } : object.members
            writeList("{", "}", members) { writer, member in
                writer.write(member.name)
                writer.text += writer.indents ? ": " : ":"
                writer.write(member.value)
            }
        }
    }

    private mutating func writeList<Element>(_ open: String, _ close: String, _ elements: [Element], _ body: (inout JSONWriter, Element) -> Void) {
        text += open
        depth += 1
        for (index, element) in elements.enumerated() {
            if index > 0 { text += "," }
            breakLine()
            body(&self, element)
        }
        depth -= 1
        if !elements.isEmpty { breakLine() }
        text += close
    }

    private mutating func breakLine() {
        if indents { text += "\n" + String(repeating: "  ", count: depth) }
    }

    private mutating func write(_ string: String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
