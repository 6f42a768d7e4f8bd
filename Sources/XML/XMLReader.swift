/// Reads a document of XML 1.0 with namespaces, tag by tag, in memory that does not grow with it.
///
/// It reads the part of XML that messages between programs use: UTF-8, names in ASCII, and no document type declaration, so that there is neither an
/// entity to expand nor an address to fetch; no processing instruction. Everything else of such a document is checked as XML asks.
public struct XMLReader: Sendable {
    let bytes: [UInt8]
    let limits: XMLLimits
    var position = 0
    private var open: [OpenElement] = []
    /// Prefixes and what they stand for, those of inner elements behind those of outer ones.
    private var bindings: [(prefix: String, namespace: String)] = []
    private var hasRoot = false
    /// How many have begun.
    private var elements = 0
    /// The last start tag was an empty element's, whose end is still to be told.
    private var endsAtOnce = false

    private struct OpenElement {
        let qualifiedName: String
        /// How many bindings there were before it.
        let bindings: Int
    }

    public init(_ bytes: [UInt8], limits: XMLLimits) throws(MalformedXML) {
        self.bytes = bytes
        self.limits = limits
        guard bytes.count <= limits.bytes else { throw MalformedXML(line: 1, expected: "at most \(limits.bytes) bytes", got: "\(bytes.count)") }
        skip("\u{FEFF}")
        try declaration()
    }

    /// - Returns: `nil` behind the end of the root element, when nothing follows it that may not.
    public mutating func next() throws(MalformedXML) -> XMLEvent? {
        if endsAtOnce {
            endsAtOnce = false
            leave()
            return .end
        }
        if !open.isEmpty, let text = try text() { return .text(text) }
        guard !open.isEmpty else { return try outside() }
        return isAt("</") ? try endTag() : try startTag()
    }

    /// The line of what comes next, counted from 1.
    public var line: Int { bytes[..<position].count { $0 == UInt8(ascii: "\n") } + 1 }

    // MARK: Around the root

    /// XML 1.0 §2.8, §4.3.3: `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`, which may be left out.
    private mutating func declaration() throws(MalformedXML) {
        guard isAt("<?xml"), position + 5 < bytes.count, Self.isSpace(bytes[position + 5]) else { return }
        skip("<?xml")
        var seen: [String] = []
        while true {
            let isSpaced = skipSpace()
            if skip("?>") { break }
            guard isSpaced else { throw refusal("?>") }
            let name = try name()
            skipSpace()
            guard skip("=") else { throw refusal("=") }
            skipSpace()
            let value = try quoted()
            switch name {
            case "version" where seen.isEmpty:
                guard value == "1.0" else { throw refusal("version 1.0", got: value) }
            case "encoding" where seen == ["version"]:
                guard value.lowercased() == "utf-8" else { throw refusal("encoding UTF-8", got: value) }
            case "standalone" where seen.first == "version" && seen.last != "standalone":
                guard value == "yes" || value == "no" else { throw refusal("standalone yes or no", got: value) }
            default: throw refusal("version, encoding and standalone, in this order", got: name)
            }
            seen.append(name)
        }
        guard seen.first == "version" else { throw refusal("a version") }
    }

    private mutating func outside() throws(MalformedXML) -> XMLEvent? {
        while true {
            skipSpace()
            guard isAt("<!--") else { break }
            try comment()
        }
        guard !hasRoot else {
            guard position == bytes.count else { throw refusal("nothing behind the root element") }
            return nil
        }
        guard isAt("<") else { throw refusal("an element") }
        return try startTag()
    }

    // MARK: Tags

    private mutating func startTag() throws(MalformedXML) -> XMLEvent {
        // A document type could define entities: what is not there cannot be expanded, and nothing is fetched.
        guard !isAt("<!") else { throw refusal("an element (document type declarations are not read)") }
        guard !isAt("<?") else { throw refusal("an element (processing instructions are not read)") }
        guard skip("<") else { throw refusal("an element") }
        guard open.count < limits.depth else { throw refusal("at most \(limits.depth) levels", got: "a deeper one") }
        elements += 1
        guard elements <= limits.elements else { throw refusal("at most \(limits.elements) elements", got: "more") }
        let qualifiedName = try name()
        let element = OpenElement(qualifiedName: qualifiedName, bindings: bindings.count)
        let attributes = try attributes(of: element)
        endsAtOnce = skip("/>")
        guard endsAtOnce || skip(">") else { throw refusal("> or />") }
        open.append(element)
        hasRoot = true
        return .start(try expanded(qualifiedName, isAttribute: false), try expanded(attributes))
    }

    private mutating func attributes(of element: OpenElement) throws(MalformedXML) -> [(name: String, value: String)] {
        var found: [(name: String, value: String)] = []
        var count = 0
        while true {
            let isSpaced = skipSpace()
            guard let byte = peek, byte != UInt8(ascii: ">"), byte != UInt8(ascii: "/") else { return found }
            guard isSpaced else { throw refusal("white space before an attribute") }
            let name = try name()
            skipSpace()
            guard skip("=") else { throw refusal("=") }
            skipSpace()
            let value = try quoted()
            count += 1
            guard count <= limits.attributes else { throw refusal("at most \(limits.attributes) attributes", got: "more") }
            if name == "xmlns" || name.hasPrefix("xmlns:") {
                try bind(name == "xmlns" ? "" : String(name.dropFirst(6)), to: value, in: element)
            } else {
                found.append((name, value))
            }
        }
    }

    /// Namespaces in XML 1.0 §3.
    private mutating func bind(_ prefix: String, to namespace: String, in element: OpenElement) throws(MalformedXML) {
        guard prefix.isEmpty || !namespace.isEmpty else { throw refusal("a namespace for the prefix \(prefix)", got: "none") }
        guard prefix != "xml", prefix != "xmlns", !prefix.contains(":") else { throw refusal("a prefix that may be declared", got: prefix) }
        guard !bindings[element.bindings...].contains(where: { $0.prefix == prefix }) else {
            throw refusal("each prefix declared once", got: prefix.isEmpty ? "xmlns twice" : "\(prefix) twice")
        }
        bindings.append((prefix, namespace))
    }

    private func expanded(_ attributes: [(name: String, value: String)]) throws(MalformedXML) -> [XMLAttribute] {
        var found: [XMLAttribute] = []
        for attribute in attributes {
            let name = try expanded(attribute.name, isAttribute: true)
            guard !found.contains(where: { $0.name == name }) else { throw refusal("each attribute once", got: "\(attribute.name) twice") }
            found.append(XMLAttribute(name: name, value: attribute.value))
        }
        return found
    }

    /// An attribute without a prefix is in no namespace (Namespaces in XML 1.0 §6.2).
    private func expanded(_ qualifiedName: String, isAttribute: Bool) throws(MalformedXML) -> XMLName {
        let parts = qualifiedName.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty }), let local = parts.last else {
            throw refusal("a name with one colon at most", got: qualifiedName)
        }
        let prefix = parts.count == 2 ? String(parts[0]) : ""
        if prefix.isEmpty, isAttribute { return XMLName(String(local)) }
        if prefix == "xml" { return XMLName(String(local), in: "http://www.w3.org/XML/1998/namespace") }
        guard let binding = bindings.last(where: { $0.prefix == prefix }) else {
            guard prefix.isEmpty else { throw refusal("a declared prefix", got: prefix) }
            return XMLName(String(local))
        }
        return XMLName(String(local), in: binding.namespace.isEmpty ? nil : binding.namespace)
    }

    private mutating func endTag() throws(MalformedXML) -> XMLEvent {
        guard skip("</"), let element = open.last else { throw refusal("an element") }
        let name = try name()
        guard name == element.qualifiedName else { throw refusal("</\(element.qualifiedName)>", got: "</\(name)>") }
        skipSpace()
        guard skip(">") else { throw refusal(">") }
        leave()
        return .end
    }

    private mutating func leave() {
        guard let element = open.popLast() else { return }
        bindings.removeSubrange(element.bindings...)
    }

    // MARK: Text

    /// Text up to the next tag; comments in it are left out.
    private mutating func text() throws(MalformedXML) -> String? {
        var output: [UInt8] = []
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "<") where isAt("<!--"): try comment()
            case UInt8(ascii: "<") where isAt("<![CDATA["): try characterData(into: &output)
            case UInt8(ascii: "<"): return output.isEmpty ? nil : try decoded(output)
            case UInt8(ascii: "&"): output += Array(String(try reference()).utf8)
            case UInt8(ascii: "]") where isAt("]]>"): throw refusal("]]> only at the end of a CDATA section")
            default: output.append(try character())
            }
        }
        throw refusal("</\(open.last?.qualifiedName ?? "")>")
    }

    /// XML 1.0 §2.7.
    private mutating func characterData(into output: inout [UInt8]) throws(MalformedXML) {
        skip("<![CDATA[")
        while peek != UInt8(ascii: "]") || !skip("]]>") {
            guard peek != nil else { throw refusal("]]>") }
            output.append(try character())
        }
    }

    /// XML 1.0 §2.5: no two dashes inside.
    private mutating func comment() throws(MalformedXML) {
        skip("<!--")
        var text: [UInt8] = []
        while peek != UInt8(ascii: "-") || !skip("-->") {
            guard let byte = peek, byte != UInt8(ascii: "-") || !isAt("--") else { throw refusal("-->") }
            text.append(try character())
        }
        _ = try decoded(text)
    }

    private mutating func quoted() throws(MalformedXML) -> String {
        guard let quote = peek, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { throw refusal("a value in quotes") }
        position += 1
        var output: [UInt8] = []
        while let byte = peek {
            switch byte {
            case quote:
                position += 1
                return try decoded(output)
            case UInt8(ascii: "<"): throw refusal("the closing quote")
            case UInt8(ascii: "&"): output += Array(String(try reference()).utf8)
            default:
                let character = try character()
                // XML 1.0 §3.3.3: white space in a value is a space.
                output.append(character == 9 || character == 10 ? 32 : character)
            }
        }
        throw refusal("the closing quote")
    }
}
