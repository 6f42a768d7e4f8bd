/// The characters that tags and text are made of, and what is refused in their place.
extension XMLReader {
    /// One byte of text, with the line ends of XML 1.0 §2.11.
    mutating func character() throws(MalformedXML) -> UInt8 {
        guard let byte = peek else { throw refusal("a character") }
        guard byte >= 0x20 || byte == 9 || byte == 10 || byte == 13 else { throw refusal("a character that XML knows") }
        position += 1
        guard byte == 13 else { return byte }
        if peek == 10 { position += 1 }
        return 10
    }

    /// The five entities of XML 1.0 §4.6, and characters by their number.
    mutating func reference() throws(MalformedXML) -> Unicode.Scalar {
        let entities: [(text: String, scalar: Unicode.Scalar)] = [("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"), ("&apos;", "'"), ("&quot;", "\"")]
        for entity in entities where skip(entity.text) { return entity.scalar }
        let isHexadecimal = isAt("&#x")
        guard skip(isHexadecimal ? "&#x" : "&#") else { throw refusal("one of XML's own five entities") }
        var value: UInt32 = 0
        var digits = 0
        while let byte = peek, byte != UInt8(ascii: ";") {
            guard byte < 0x80, let digit = Character(Unicode.Scalar(byte)).hexDigitValue, isHexadecimal || digit < 10, digits < 8 else {
                throw refusal("the number of a character")
            }
            value = value * (isHexadecimal ? 16 : 10) + UInt32(digit)
            digits += 1
            position += 1
        }
        guard digits > 0, skip(";"), let scalar = Unicode.Scalar(value), Self.isCharacter(scalar) else {
            throw refusal("the number of a character that XML knows")
        }
        return scalar
    }

    func decoded(_ output: [UInt8]) throws(MalformedXML) -> String {
        guard let text = String(validating: output, as: UTF8.self) else { throw refusal("UTF-8") }
        guard text.unicodeScalars.allSatisfy(Self.isCharacter) else { throw refusal("characters that XML knows") }
        return text
    }

    /// XML 1.0 §2.2, `Char`.
    private static func isCharacter(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 9, 10, 13, 0x20...0xFFFD, 0x10000...0x10FFFF: true
        default: false
        }
    }

    // MARK: Bytes

    mutating func name() throws(MalformedXML) -> String {
        let start = position
        while let byte = peek, Self.isNameByte(byte, isFirst: position == start) { position += 1 }
        guard position > start else { throw refusal("a name in ASCII") }
        guard position - start <= limits.name else { throw refusal("a name of at most \(limits.name) bytes", got: "\(position - start)") }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private static func isNameByte(_ byte: UInt8, isFirst: Bool) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: ":"): !isFirst
        default: false
        }
    }

    var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    func isAt(_ text: String) -> Bool { bytes[position...].starts(with: text.utf8) }

    @discardableResult
    mutating func skip(_ text: String) -> Bool {
        guard isAt(text) else { return false }
        position += text.utf8.count
        return true
    }

    /// - Returns: whether there was any.
    @discardableResult
    mutating func skipSpace() -> Bool {
        let start = position
        while let byte = peek, Self.isSpace(byte) { position += 1 }
        return position > start
    }

    static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 10 || byte == 13 }

    func refusal(_ expected: String, got: String? = nil) -> MalformedXML {
        let next =
            switch peek {
            case nil: "the end of the document"
            case .some(let byte) where byte > 32 && byte < 127:
                String(decoding: bytes[position...].prefix(24).prefix { $0 > 32 && $0 < 127 }, as: UTF8.self)
            case .some(let byte): "byte \(byte)"
            }
        return MalformedXML(line: line, expected: expected, got: got.map { String($0.prefix(60)) } ?? next)
    }
}
