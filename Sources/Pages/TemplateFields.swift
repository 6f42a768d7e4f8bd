internal import Mustache

/// A model's fields by their names, read from the model once. The template engine would reflect the whole model anew for each name that a template mentions.
struct TemplateFields: MustacheParent, CustomStringConvertible {
    private let value: Any
    private let fields: [String: Any]

    func child(named name: String) -> Any? { fields[name] }

    /// What the value itself prints as: an identifier has fields too.
    var description: String { String(describing: value) }

    private init(_ value: Any, _ mirror: Mirror) {
        self.value = value
        var fields: [String: Any] = [:]
        for child in mirror.children {
            // A field that holds nothing is as good as none: the name is then looked for further out.
            if let label = child.label, let value = Self.read(child.value) { fields[label] = value }
        }
        self.fields = fields
    }

    /// The value as templates are given it: what has fields as its fields, lists as lists of those, everything else as it is.
    /// - Returns: `nil` for an optional that holds nothing.
    static func read(_ value: Any) -> Any? {
        switch value {
        case is String, is Bool, is Int, is any MustacheParent, is any MustacheCustomRenderable, is any MustacheCustomRepresentation: return value
        default: break
        }
        let mirror = Mirror(reflecting: value)
        switch mirror.displayStyle {
        case .optional: return mirror.children.first.flatMap { read($0.value) }
        case .collection: return mirror.children.compactMap { read($0.value) }
        case .struct, .class, .tuple: return mirror.children.isEmpty ? value : TemplateFields(value, mirror)
        default: return value
        }
    }
}
