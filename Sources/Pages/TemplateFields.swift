internal import Mustache
internal import Synchronization

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
        switch Shape.of(value) {
        case .plain: return value
        case .optional: return Mirror(reflecting: value).children.first.flatMap { read($0.value) }
        case .list: return Mirror(reflecting: value).children.compactMap { read($0.value) }
        case .fields: return TemplateFields(value, Mirror(reflecting: value))
        }
    }
}

/// What a type's values are to templates.
private enum Shape {
    case plain, optional, list, fields

    static func of(_ value: Any) -> Shape {
        let type = type(of: value)
        if type == String.self || type == Bool.self || type == Int.self { return .plain }
        // A page has few types and many values, and each of these questions is a search among all conformances.
        return known.withLock { known in
            if let shape = known[ObjectIdentifier(type)] { return shape }
            let shape = reflect(value)
            known[ObjectIdentifier(type)] = shape
            return shape
        }
    }

    private static let known = Mutex<[ObjectIdentifier: Shape]>([:])

    private static func reflect(_ value: Any) -> Shape {
        if value is any MustacheParent || value is any MustacheCustomRenderable || value is any MustacheCustomRepresentation { return .plain }
        let mirror = Mirror(reflecting: value)
        return switch mirror.displayStyle {
        case .optional: .optional
        case .collection: .list
        case .struct, .class, .tuple: mirror.children.isEmpty ? .plain : .fields
        default: .plain
        }
    }
}
