/// A name that a template asks for, by its number: a page compares hundreds of them.
struct TemplateName: Hashable, Sendable {
    fileprivate let number: Int
}

/// The names that all templates of a folder ask for.
struct TemplateNames: Sendable {
    private var texts: [String] = []
    /// The numbers of the names that look alike at their ends: a page asks for a hundred names, and hashing each costs as much as printing its value.
    private var alike = [[Int]](repeating: [], count: 1024)

    /// The number of a name, which gets one where it has none.
    mutating func name(for text: String) -> TemplateName {
        if let known = known(text) { return known }
        alike[Self.ends(of: text)].append(texts.count)
        texts.append(text)
        return TemplateName(number: texts.count - 1)
    }

    /// - Returns: `nil` for a name that no template asks for.
    func known(_ text: String) -> TemplateName? { alike[Self.ends(of: text)].first { texts[$0] == text }.map(TemplateName.init) }

    func text(of name: TemplateName) -> String { texts[name.number] }

    private static func ends(of text: String) -> Int {
        let bytes = text.utf8
        return (bytes.count * 67 + Int(bytes.first ?? 0) * 31 + Int(bytes.last ?? 0)) % 1024
    }
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
