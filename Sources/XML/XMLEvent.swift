/// A name with the namespace that its prefix stands for (Namespaces in XML 1.0 §2.1).
package struct XMLName: Hashable, Sendable {
    /// `nil` in no namespace.
    package let namespace: String?
    package let local: String

    package init(_ local: String, in namespace: String? = nil) {
        self.namespace = namespace
        self.local = local
    }
}

package struct XMLAttribute: Hashable, Sendable {
    package let name: XMLName
    package let value: String
}

/// What a reader meets on its way through a document.
package enum XMLEvent: Hashable, Sendable {
    case start(XMLName, [XMLAttribute])
    /// The text between two tags, its references replaced; never empty.
    case text(String)
    case end
}
