/// Why bytes are no XML that we read.
public struct MalformedXML: Error, Hashable, Sendable {
    /// Counted from 1.
    public let line: Int
    public let expected: String
    public let got: String

    public init(line: Int, expected: String, got: String) {
        self.line = line
        self.expected = expected
        self.got = got
    }
}

/// How much of a document is read. What goes beyond is refused before it costs anything.
public struct XMLLimits: Hashable, Sendable {
    /// Bytes of the whole document.
    public let bytes: Int
    /// How deep elements may nest.
    public let depth: Int
    /// Attributes of one element, namespace declarations among them.
    public let attributes: Int
    /// Bytes of a name.
    public let name: Int
    /// Elements of the whole document.
    public let elements: Int

    public init(bytes: Int, depth: Int = 32, attributes: Int = 16, name: Int = 128, elements: Int = .max) {
        self.bytes = bytes
        self.depth = depth
        self.attributes = attributes
        self.name = name
        self.elements = elements
    }
}
