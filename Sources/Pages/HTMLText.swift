internal import Mustache

/// Text for HTML: the five characters that mean something in text or in a quoted attribute stand as references.
///
/// By bytes, not by characters as the template engine has it: a quotation mark with a combining accent behind it is another character, and a browser ends the
/// attribute there all the same.
struct HTMLText: MustacheContentType {
    /// What a template says at its top to be escaped so.
    static let pragma = "{{% CONTENT_TYPE: WEKEZA_HTML}}\n"

    /// The engine keeps the kinds of content by name, for the whole process.
    static let isRegistered: Void = MustacheContentTypes.register(HTMLText(), named: "WEKEZA_HTML")

    func escapeText(_ text: String) -> String {
        // Most text has none of them.
        guard text.utf8.contains(where: { Self.reference($0) != nil }) else { return text }
        var escaped: [UInt8] = []
        escaped.reserveCapacity(text.utf8.count + 32)
        for byte in text.utf8 {
            if let reference = Self.reference(byte) { escaped += reference.utf8 } else { escaped.append(byte) }
        }
        return String(decoding: escaped, as: UTF8.self)
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
