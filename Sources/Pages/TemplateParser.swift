/// A piece of a template as it is written.
enum TemplatePart {
    case bytes(ArraySlice<UInt8>)
    /// `{{name}}`
    case value(String)
    /// `{{#name}}…{{/name}}`, and `{{^name}}…{{/name}}` inverted
    case section(String, isInverted: Bool, [TemplatePart])
    /// `{{>partial}}`
    case partial(String)
    /// `{{<layout}}{{$block}}…{{/block}}{{/layout}}`
    case layout(String, blocks: [String: [TemplatePart]])
    /// `{{$block}}…{{/block}}` in a layout: what it shows unless the page says something else.
    case block(String, [TemplatePart])
}

/// What is wrong with a template's text.
struct TemplateMistake: Error, CustomStringConvertible {
    let description: String
}

/// Reads Mustache, as much of it as our pages use (https://mustache.github.io/mustache.5.html). Everything printed is escaped: the tags that print a value as it
/// is are mistakes here, and so are those that change the delimiters.
struct TemplateParser {
    private struct Tag {
        /// One of `# ^ / > < $ !`, or nothing for a value.
        let kind: UInt8?
        let name: String
    }

    private enum Token {
        case bytes(ArraySlice<UInt8>)
        case tag(Tag)
    }

    private var tokens: ArraySlice<Token>

    /// - Throws: `TemplateMistake`.
    static func parse(_ source: String) throws -> [TemplatePart] {
        var parser = Self(tokens: withoutLonelyLines(try tokens(of: Array(source.utf8)))[...])
        return try parser.parts(until: nil)
    }

    // MARK: Tags

    private static func tokens(of source: [UInt8]) throws -> [Token] {
        var tokens: [Token] = []
        var rest = source[...]
        while let opening = rest.firstRange(of: "{{".utf8) {
            guard let closing = rest[opening.upperBound...].firstRange(of: "}}".utf8) else { throw TemplateMistake(description: "a tag does not end") }
            if opening.lowerBound > rest.startIndex { tokens.append(.bytes(rest[..<opening.lowerBound])) }
            tokens.append(.tag(try tag(String(decoding: rest[opening.upperBound..<closing.lowerBound], as: UTF8.self))))
            rest = rest[closing.upperBound...]
        }
        if !rest.isEmpty { tokens.append(.bytes(rest)) }
        return tokens
    }

    private static func tag(_ text: String) throws -> Tag {
        let kind = text.utf8.first.flatMap { "#^/><$!".utf8.contains($0) ? $0 : nil }
        let words = (kind == nil ? text[...] : text.dropFirst()).split(separator: " ")
        guard kind == UInt8(ascii: "!") || (words.count == 1 && words[0].utf8.allSatisfy(isOfName)) else {
            throw TemplateMistake(description: "{{\(text)}} is no tag that pages use")
        }
        return Tag(kind: kind, name: words.joined())
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: ".-_/".utf8.contains(byte)
        }
    }

    // MARK: Lines

    /// A line with blanks and one tag alone is no line of the page, unless the tag prints a value.
    private static func withoutLonelyLines(_ tokens: [Token]) -> [Token] {
        var kept = tokens
        for (index, token) in tokens.enumerated() {
            guard case .tag(let tag) = token, tag.kind != nil else { continue }
            guard let start = lineStart(before: index, in: tokens), let end = lineEnd(behind: index, in: tokens) else { continue }
            // The piece before may have lost its first line to the tag before it.
            if index > 0, case .bytes(let before) = kept[index - 1] { kept[index - 1] = .bytes(before[..<max(start, before.startIndex)]) }
            if index + 1 < kept.count, case .bytes(let behind) = kept[index + 1] { kept[index + 1] = .bytes(behind[end...]) }
        }
        return kept
    }

    /// Where the line of a tag begins, if there are blanks alone before it.
    private static func lineStart(before tag: Int, in tokens: [Token]) -> Int? {
        guard tag > 0 else { return 0 }
        guard case .bytes(let bytes) = tokens[tag - 1] else { return nil }
        let start = bytes.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? bytes.startIndex
        let isLine = start == bytes.startIndex ? tag == 1 : bytes[start - 1] == UInt8(ascii: "\n")
        return isLine ? start : nil
    }

    /// Where the line behind a tag's begins, if there are blanks alone behind the tag.
    private static func lineEnd(behind tag: Int, in tokens: [Token]) -> Int? {
        guard tag + 1 < tokens.count else { return 0 }
        guard case .bytes(let bytes) = tokens[tag + 1] else { return nil }
        guard let end = bytes.firstIndex(where: { !isBlank($0) }) else { return tag + 2 == tokens.count ? bytes.endIndex : nil }
        return bytes[end] == UInt8(ascii: "\n") ? end + 1 : nil
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r") }

    // MARK: Parts

    /// The parts up to the tag that ends a section, or up to the end of the template.
    private mutating func parts(until end: String?) throws -> [TemplatePart] {
        var parts: [TemplatePart] = []
        while let token = tokens.popFirst() {
            guard case .tag(let tag) = token else {
                if case .bytes(let bytes) = token, !bytes.isEmpty { parts.append(.bytes(bytes)) }
                continue
            }
            switch tag.kind {
            case UInt8(ascii: "/"):
                guard tag.name == end else { throw TemplateMistake(description: "{{/\(tag.name)}} ends what did not begin") }
                return parts
            case UInt8(ascii: "!"): continue
            case UInt8(ascii: "#"): parts.append(.section(tag.name, isInverted: false, try self.parts(until: tag.name)))
            case UInt8(ascii: "^"): parts.append(.section(tag.name, isInverted: true, try self.parts(until: tag.name)))
            case UInt8(ascii: "$"): parts.append(.block(tag.name, try self.parts(until: tag.name)))
            case UInt8(ascii: ">"): parts.append(.partial(tag.name))
            case UInt8(ascii: "<"): parts.append(.layout(tag.name, blocks: try blocks(until: tag.name)))
            default: parts.append(.value(tag.name))
            }
        }
        guard end == nil else { throw TemplateMistake(description: "there is no {{/\(end ?? "")}}") }
        return parts
    }

    /// What stands between a layout's blocks is no part of the page.
    private mutating func blocks(until end: String) throws -> [String: [TemplatePart]] {
        var blocks: [String: [TemplatePart]] = [:]
        for part in try parts(until: end) {
            switch part {
            case .block(let name, let parts): blocks[name] = parts
            case .bytes: continue
            default: throw TemplateMistake(description: "there is more than blocks in {{<\(end)}}")
            }
        }
        return blocks
    }
}
