/// A value of a model as templates see it.
enum TemplateValue: Sendable {
    /// An optional that holds nothing: as good as no field, so its name is looked for further out.
    case nothing
    case flag(Bool)
    case text(String)
    case list([TemplateValue])
    case fields([TemplateField])

    /// A field's value; nothing without such a field.
    subscript(_ name: TemplateName) -> TemplateValue {
        guard case .fields(let fields) = self else { return .nothing }
        // Fields are few, and names are numbers: looking at each costs less than a dictionary made for every page.
        for field in fields where field.name == name { return field.value }
        return .nothing
    }

    var isNothing: Bool { if case .nothing = self { true } else { false } }

    /// Whether a section about it shows.
    var isThere: Bool {
        switch self {
        case .nothing, .flag(false): false
        case .list(let entries): !entries.isEmpty
        case .flag(true), .text, .fields: true
        }
    }

    /// What it prints as; what has fields prints as nothing.
    var text: String {
        switch self {
        case .text(let text): text
        case .flag(let flag): flag ? "true" : "false"
        case .nothing, .list, .fields: ""
        }
    }
}

struct TemplateField: Sendable {
    let name: TemplateName
    let value: TemplateValue
}
