/// Puts layouts and partials in their places, so that what prints a page is one list of steps.
struct TemplateLinker {
    private let templates: [String: [TemplatePart]]
    private(set) var names = TemplateNames()

    init(_ templates: [String: [TemplatePart]]) { self.templates = templates }

    /// - Throws: `TemplateMistake`, for a layout or partial that does not exist or is part of itself, and for a name that is none.
    mutating func program(_ template: String) throws -> TemplateProgram {
        var program = TemplateProgram()
        try add(template, blocks: [:], inside: [], to: &program)
        return program
    }

    /// - Parameters:
    ///   - blocks: what the page puts into its layout's blocks.
    ///   - outer: the templates that this one is part of.
    private mutating func add(_ template: String, blocks: [String: [TemplatePart]], inside outer: [String], to program: inout TemplateProgram) throws {
        guard let parts = templates[template] else { throw TemplateMistake(description: "there is no \(template)") }
        guard !outer.contains(template) else { throw TemplateMistake(description: "\(template) is part of itself") }
        try add(parts, blocks: blocks, inside: outer + [template], to: &program)
    }

    private mutating func add(_ parts: [TemplatePart], blocks: [String: [TemplatePart]], inside outer: [String], to program: inout TemplateProgram) throws {
        for part in parts {
            switch part {
            case .bytes(let bytes): program.append(bytes)
            case .value(let name): program.append(try path(name))
            case .section(let name, let isInverted, let parts):
                let section = program.begin(section: try path(name), isInverted: isInverted)
                try add(parts, blocks: blocks, inside: outer, to: &program)
                program.end(section)
            case .partial(let name): try add(name, blocks: blocks, inside: outer, to: &program)
            case .layout(let name, let own): try add(name, blocks: own.merging(blocks) { _, outermost in outermost }, inside: outer, to: &program)
            case .block(let name, let parts): try add(blocks[name] ?? parts, blocks: blocks, inside: outer, to: &program)
            }
        }
    }

    private mutating func path(_ text: String) throws -> TemplatePath {
        guard text != "." else { return .innermost }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        switch (parts.count, parts.first) {
        case (1, _): return .nearest(names.name(for: text))
        case (2, ""): return .own(names.name(for: parts[1]))
        case (2, _): return .part(names.name(for: parts[1]), of: names.name(for: parts[0]))
        default: throw TemplateMistake(description: "\(text) looks too deep into its model")
        }
    }
}
