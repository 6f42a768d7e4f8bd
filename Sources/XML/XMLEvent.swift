/// A name with the namespace that its prefix stands for (Namespaces in XML 1.0 §2.1).
public struct XMLName: Hashable, Sendable {
    /// `nil` in no namespace.
    public let namespace: String?
    public let local: String

    public init(_ local: String, in namespace: String? = nil) {
        self.namespace = namespace
        self.local = local
    }
}

public struct XMLAttribute: Hashable, Sendable {
    public let name: XMLName
    public let value: String
}

/// What a reader meets on its way through a document.
public enum XMLEvent: Hashable, Sendable {
    case start(XMLName, [XMLAttribute])
    /// The text between two tags, its references replaced; never empty.
    case text(String)
    case end
}
