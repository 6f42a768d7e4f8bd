import JSON
import Primitives

extension ClientMetadata {
    /// Members that people read, in other languages (RFC 7591 §2.2): checked like those without a tag.
    static func translations(in object: JSONObject) throws(ClientMetadataRefusal) -> [String: String] {
        var translations: [String: String] = [:]
        for member in object.members {
            guard let mark = member.name.firstIndex(of: "#") else { continue }
            let (base, tag) = (String(member.name[..<mark]), String(member.name[mark...].dropFirst()))
            let isName = base == "client_name"
            guard isName || Page(rawValue: base) != nil else { continue }
            guard isLanguageTag(tag) else { throw ClientMetadataRefusal(base, "Write a language tag of RFC 5646 after the #", part: tag) }
            guard translations.count < 20 else { throw ClientMetadataRefusal(base, "Use at most 20 languages") }
            translations[member.name] = isName ? try name(member.name, in: object) : try address(member.name, in: object)
        }
        return translations
    }

    /// A name as people read it: one line, everything in it can be seen.
    static func name(_ member: String, in object: JSONObject) throws(ClientMetadataRefusal) -> String? {
        guard let value = object[member] else { return nil }
        guard let name = value.string else { throw ClientMetadataRefusal(member, "Use a text") }
        switch OneLine.refusal(of: name) {
        case nil: return name
        case .missing: throw ClientMetadataRefusal(member, "Use at least one character that can be seen")
        case .tooLong: throw ClientMetadataRefusal(member, "Use at most \(OneLine.longestName) characters")
        case .unseen: throw ClientMetadataRefusal(member, "Use only characters that can be seen, on one line")
        }
    }

    /// RFC 5646 §2.1, by its shape.
    private static func isLanguageTag(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard text.utf8.count <= 35, let first = parts.first, first.allSatisfy(isLetter) else { return false }
        return parts.allSatisfy { (1...8).contains($0.count) && $0.allSatisfy { isLetter($0) || (48...57).contains($0) } }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (65...90).contains(byte) || (97...122).contains(byte) }
}
