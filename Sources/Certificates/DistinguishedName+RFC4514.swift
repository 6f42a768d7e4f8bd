internal import SwiftASN1

extension DistinguishedName {
    /// The longest text that is read, in bytes.
    private static let longest = 1000

    /// Reads the text of RFC 4514 §3. Space around a separator is dropped, because many tools print it; space that belongs to a value is escaped.
    /// - Returns: `nil` when it is none, or empty.
    public init?(rfc4514 text: String) {
        guard text.utf8.count <= Self.longest else { return nil }
        var reader = NameReader(text)
        var parts: [[(attribute: Attribute, text: String)]] = []
        repeat {
            guard let part = Self.part(&reader) else { return nil }
            parts.append(part)
        } while reader.skip(UInt8(ascii: ","))
        guard reader.atEnd else { return nil }
        self.init(parts.reversed())
    }

    /// One relative name: an attribute, or several joined by `+`.
    private static func part(_ reader: inout NameReader) -> [(attribute: Attribute, text: String)]? {
        var attributes: [(attribute: Attribute, text: String)] = []
        repeat {
            guard let type = reader.type().flatMap(AttributeKeyword.type), let value = reader.value() else { return nil }
            switch value {
            case .text(let text): attributes.append(read(type, text: text))
            case .bytes(let der):
                guard let node = try? DER.parse(der) else { return nil }
                guard let text = string(node) else {
                    attributes.append(read(type, der: der))
                    break
                }
                // X.520 has no empty text in a name.
                guard !text.isEmpty else { return nil }
                attributes.append(read(type, text: text))
            }
        } while reader.skip(UInt8(ascii: "+"))
        return attributes
    }

    /// The text of a value that was written as `#` and its DER.
    private static func string(_ node: ASN1Node) -> String? {
        switch node.identifier {
        case ASN1UTF8String.defaultIdentifier: (try? ASN1UTF8String(derEncoded: node)).map { String($0) }
        case ASN1PrintableString.defaultIdentifier: (try? ASN1PrintableString(derEncoded: node)).map { String($0) }
        case ASN1IA5String.defaultIdentifier: (try? ASN1IA5String(derEncoded: node)).map { String($0) }
        default: nil
        }
    }
}

/// Reads the pieces of an RFC 4514 text.
private struct NameReader {
    private var rest: ArraySlice<UInt8>

    init(_ text: String) { rest = ArraySlice(text.utf8) }

    var atEnd: Bool { rest.isEmpty }

    mutating func skip(_ byte: UInt8) -> Bool {
        guard rest.first == byte else { return false }
        rest.removeFirst()
        return true
    }

    /// What stands before `=`, and that too.
    mutating func type() -> String? {
        guard let end = rest.firstIndex(of: UInt8(ascii: "=")) else { return nil }
        let text = String(decoding: rest[..<end], as: UTF8.self)
        rest = rest[rest.index(after: end)...]
        return text.split(separator: " ").count == 1 ? text.split(separator: " ").first.map(String.init) : nil
    }

    enum Value {
        case text(String)
        case bytes([UInt8])
    }

    mutating func value() -> Value? {
        while rest.first == UInt8(ascii: " ") { rest.removeFirst() }
        if skip(UInt8(ascii: "#")) { return bytes() }
        var output: [UInt8] = []
        // Up to here spaces belong to the value.
        var kept = 0
        while let byte = rest.first, byte != UInt8(ascii: ","), byte != UInt8(ascii: "+") {
            rest.removeFirst()
            switch byte {
            case UInt8(ascii: "\\"):
                guard let escaped = escape() else { return nil }
                output.append(escaped)
                kept = output.count
            case UInt8(ascii: "\""), UInt8(ascii: ";"), UInt8(ascii: "<"), UInt8(ascii: ">"), 0: return nil
            default:
                output.append(byte)
                if byte != UInt8(ascii: " ") { kept = output.count }
            }
        }
        guard kept > 0 else { return nil }
        return String(validating: output[..<kept], as: UTF8.self).map { .text($0) }
    }

    /// RFC 4514 §3: a special character, or two hexadecimal digits.
    private mutating func escape() -> UInt8? {
        guard let byte = rest.popFirst() else { return nil }
        if Self.special.contains(byte) { return byte }
        guard let high = Self.digit(byte), let low = rest.popFirst().flatMap(Self.digit) else { return nil }
        return high << 4 | low
    }

    private mutating func bytes() -> Value? {
        var output: [UInt8] = []
        while let high = rest.first.flatMap(Self.digit) {
            rest.removeFirst()
            guard let low = rest.popFirst().flatMap(Self.digit) else { return nil }
            output.append(high << 4 | low)
        }
        while rest.first == UInt8(ascii: " ") { rest.removeFirst() }
        guard !output.isEmpty, rest.isEmpty || rest.first == UInt8(ascii: ",") || rest.first == UInt8(ascii: "+") else { return nil }
        return .bytes(output)
    }

    private static let special = Array(" \"#+,;<=>\\".utf8)

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }
}
