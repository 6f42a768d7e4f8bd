internal import Logging

/// One JSON object on one line, written member by member.
struct JSONLine {
    private var text = "{"

    /// Longer texts are cut: a line of a log is not the place for a body.
    private static let longest = 8_000

    mutating func add(_ name: String, _ value: String) {
        begin(name)
        append(value)
    }

    mutating func add(_ name: String, _ value: Logger.MetadataValue) {
        begin(name)
        append(value)
    }

    /// The object with a line feed at its end.
    var finished: String { text + "}\n" }

    private mutating func begin(_ name: String) {
        if text.utf8.count > 1 { text += "," }
        append(name)
        text += ":"
    }

    private mutating func append(_ value: Logger.MetadataValue) {
        switch value {
        case .string(let string): append(Redaction.redact(string))
        case .stringConvertible(let number as any BinaryInteger): text += number.description
        case .stringConvertible(let boolean as Bool): text += boolean.description
        case .stringConvertible(let other): append(Redaction.redact(other.description))
        case .array(let values):
            text += "["
            for (index, value) in values.enumerated() {
                if index > 0 { text += "," }
                append(value)
            }
            text += "]"
        case .dictionary(let members):
            text += "{"
            for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { text += "," }
                append(member.key)
                text += ":"
                append(Redaction.isSecret(member.key) ? "…" : member.value)
            }
            text += "}"
        }
    }

    private mutating func append(_ string: String) {
        text += "\""
        for scalar in string.unicodeScalars.prefix(Self.longest) {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            // Control characters, and the two line separators that some viewers break lines at.
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
