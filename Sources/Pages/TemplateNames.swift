/// A name that a template asks for, by its number: a page compares hundreds of them.
struct TemplateName: Hashable, Sendable {
    fileprivate let number: Int
}

/// The names that all templates of a folder ask for.
struct TemplateNames: Sendable {
    private var numbers: [String: Int] = [:]
    private var texts: [String] = []

    /// The number of a name, which gets one where it has none.
    mutating func name(for text: String) -> TemplateName {
        if let number = numbers[text] { return TemplateName(number: number) }
        numbers[text] = texts.count
        texts.append(text)
        return TemplateName(number: texts.count - 1)
    }

    /// - Returns: `nil` for a name that no template asks for.
    func known(_ text: String) -> TemplateName? { numbers[text].map(TemplateName.init) }

    func text(of name: TemplateName) -> String { texts[name.number] }
}

/// Where a template finds a value.
enum TemplatePath: Hashable, Sendable {
    /// `.`: what the innermost section is about.
    case innermost
    /// `.error`: a field of that, and of nothing further out.
    case own(TemplateName)
    /// `heading`: a field of the innermost that has it.
    case nearest(TemplateName)
    /// `shell.title`: a field of what `nearest` finds.
    case part(TemplateName, of: TemplateName)

    var names: [TemplateName] {
        switch self {
        case .innermost: []
        case .own(let name), .nearest(let name): [name]
        case .part(let name, let whole): [whole, name]
        }
    }
}
