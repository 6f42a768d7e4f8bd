/// Why bytes are no XML that we read.
package struct MalformedXML: Error, Hashable, Sendable {
    /// Counted from 1.
    package let line: Int
    package let expected: String
    package let got: String

    package init(line: Int, expected: String, got: String) {
        self.line = line
        self.expected = expected
        self.got = got
    }
}

/// How much of a document is read. What goes beyond is refused before it costs anything.
package struct XMLLimits: Hashable, Sendable {
    /// Bytes of the whole document.
    package let bytes: Int
    /// How deep elements may nest.
    package let depth: Int
    /// Attributes of one element, namespace declarations among them.
    package let attributes: Int
    /// Bytes of a name.
    package let name: Int

    package init(bytes: Int, depth: Int = 32, attributes: Int = 16, name: Int = 128) {
        self.bytes = bytes
        self.depth = depth
        self.attributes = attributes
        self.name = name
    }
}
