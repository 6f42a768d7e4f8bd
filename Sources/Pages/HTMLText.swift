/// Text for HTML: the five characters that mean something in text or in a quoted attribute stand as references.
///
/// By bytes, not by characters: a quotation mark with a combining accent behind it is another character, and a browser ends the attribute there all the same.
enum HTMLText {
    static func append(_ text: String, to page: inout [UInt8]) {
        var text = text
        text.withUTF8 { text in
            // Text is copied from one character that has a reference to the next.
            var start = 0
            for (index, byte) in text.enumerated() {
                guard let reference = reference(byte) else { continue }
                page += text[start..<index]
                page += reference.utf8
                start = index + 1
            }
            page += text[start...]
        }
    }

    private static func reference(_ byte: UInt8) -> String? {
        switch byte {
        case UInt8(ascii: "<"): "&lt;"
        case UInt8(ascii: ">"): "&gt;"
        case UInt8(ascii: "&"): "&amp;"
        case UInt8(ascii: "\""): "&quot;"
        case UInt8(ascii: "'"): "&#39;"
        default: nil
        }
    }
}
