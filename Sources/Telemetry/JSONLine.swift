internal import JSON
internal import Logging
internal import Primitives

/// One JSON object on one line, written member by member.
struct JSONLine {
    private var bytes: [UInt8]

    /// Longer texts are cut: a line of a log is not the place for a body.
    private static let longest = 8_000

    init() {
        bytes = []
        bytes.reserveCapacity(512)
        bytes.append(UInt8(ascii: "{"))
    }

    mutating func add(_ name: String, _ value: String) {
        begin(name)
        append(value)
    }

    mutating func add(_ name: String, _ value: Logger.MetadataValue) {
        begin(name)
        append(value)
    }

    /// - Parameter name: one of the program's own, which stands for itself in JSON.
    mutating func add(own name: StaticString, _ value: String) {
        begin(own: name)
        append(value)
    }

    /// - Parameter name: one of the program's own, which stands for itself in JSON.
    mutating func add(own name: StaticString, number: Int64) {
        begin(own: name)
        bytes.append(decimal: number)
    }

    /// - Parameter members: text that is whole members already, with nothing before or behind them.
    mutating func add(verbatim members: [UInt8]) {
        if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
        bytes += members
    }

    mutating func add(_ name: String, number: Int64) {
        begin(name)
        bytes.append(decimal: number)
    }

    /// The members alone, to be added verbatim to other lines.
    consuming func members() -> [UInt8] { Array(bytes.dropFirst()) }

    /// The object with a line feed at its end. Nothing can be added any more.
    consuming func finished() -> [UInt8] {
        bytes.append(UInt8(ascii: "}"))
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }

    private mutating func begin(_ name: String) {
        if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
        append(name)
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func begin(own name: StaticString) {
        if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func append(_ value: Logger.MetadataValue) {
        switch value {
        case .string(let string): append(Redaction.redact(string))
        case .stringConvertible(let number as any BinaryInteger): bytes.append(text: number.description)
        case .stringConvertible(let boolean as Bool): bytes.append(text: boolean.description)
        case .stringConvertible(let other): append(Redaction.redact(other.description))
        case .array(let values):
            bytes.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                append(value)
            }
            bytes.append(UInt8(ascii: "]"))
        case .dictionary(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                append(member.key)
                bytes.append(UInt8(ascii: ":"))
                append(Redaction.isSecret(member.key) ? "…" : member.value)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    private mutating func append(_ string: String) {
        bytes.append(UInt8(ascii: "\""))
        let isWritten = string.utf8.withContiguousStorageIfAvailable { text in
            guard Self.isPlain(text) else { return false }
            bytes.append(contentsOf: text)
            return true
        }
        if isWritten != true { appendEscaped(string) }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Printable ASCII that stands for itself in JSON: nearly all that is logged.
    private static func isPlain(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        text.count <= longest && text.isPrintableASCII && JSONText.firstEscaped(in: text) == text.count
    }

    private mutating func appendEscaped(_ string: String) {
        for scalar in string.unicodeScalars.prefix(Self.longest) {
            switch scalar {
            case "\"": bytes.append(text: "\\\"")
            case "\\": bytes.append(text: "\\\\")
            case "\n": bytes.append(text: "\\n")
            case "\r": bytes.append(text: "\\r")
            case "\t": bytes.append(text: "\\t")
            // Control characters, and the two line separators that some viewers break lines at.
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                bytes.append(text: "\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
            default: bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            }
        }
    }
}
