internal import Foundation

/// The templates of one folder, read once at start. A template's name is its path without the extension: `portal/apps`.
public struct Templates: Sendable {
    private let programs: [String: TemplateProgram]
    private let names: TemplateNames

    /// Why the templates cannot be used: the program does not start.
    public enum Failure: Error, CustomStringConvertible {
        case noTemplates(directory: String)
        case unreadable(template: String, reason: String)

        public var description: String {
            switch self {
            case .noTemplates(let directory): "there are no templates in \(directory)"
            case .unreadable(let template, let reason): "the template \(template) cannot be read: \(reason)"
            }
        }
    }

    /// Reads every `.mustache` file below the folder.
    /// - Throws: `Failure`.
    public init(directory: String) throws {
        var sources: [String: String] = [:]
        for case let path as String in FileManager.default.enumerator(atPath: directory) ?? .init() where path.hasSuffix(Self.suffix) {
            let name = String(path.dropLast(Self.suffix.count))
            guard let bytes = FileManager.default.contents(atPath: "\(directory)/\(path)") else {
                throw Failure.unreadable(template: name, reason: "no access")
            }
            sources[name] = String(decoding: bytes, as: UTF8.self)
        }
        guard !sources.isEmpty else { throw Failure.noTemplates(directory: directory) }
        try self.init(sources: sources)
    }

    /// - Parameter sources: template text by name.
    public init(sources: [String: String]) throws {
        var parts: [String: [TemplatePart]] = [:]
        for (name, source) in sources { parts[name] = try Self.naming(name) { try TemplateParser.parse(source) } }
        var linker = TemplateLinker(parts)
        var programs: [String: TemplateProgram] = [:]
        for name in sources.keys { programs[name] = try Self.naming(name) { try linker.program(name) } }
        self.programs = programs
        names = linker.names
    }

    private static func naming<Result>(_ template: String, _ body: () throws -> Result) throws -> Result {
        do { return try body() } catch { throw Failure.unreadable(template: template, reason: "\(error)") }
    }

    /// Renders a template with a model: a struct whose fields are ready to print. Text is escaped for HTML.
    /// - Returns: the page, in UTF-8.
    public func render(_ name: String, _ model: any Encodable) -> [UInt8] {
        guard let program = programs[name] else {
            // The tests render every page; a name that does not exist is a mistake of ours, and an empty page its mildest form.
            assertionFailure("no template named \(name)")
            return []
        }
        return program.print(ModelReader.read(model, names: names))
    }

    private static let suffix = ".mustache"
}

// MARK: - What the tests ask

extension Templates {
    /// The names that a template, with its layout and its partials, uses but none of these models has. A missing name prints as nothing,
    /// so a test asks for this list and expects it to be empty. The models together show each list with an entry.
    public func unresolvedNames(in template: String, models: [any Encodable]) -> [String] {
        guard let program = programs[template] else { return [template] }
        var known = Set<TemplateName>()
        for model in models { Self.collectNames(of: ModelReader.read(model, names: names), into: &known) }
        let unresolved = program.paths.map(\.names).filter { !known.isSuperset(of: $0) }
        return Set(unresolved.map { $0.map(names.text).joined(separator: ".") }).sorted()
    }

    private static func collectNames(of value: TemplateValue, into names: inout Set<TemplateName>) {
        switch value {
        case .nothing, .flag, .text: break
        case .list(let entries): for entry in entries { collectNames(of: entry, into: &names) }
        case .fields(let fields):
            for field in fields {
                names.insert(field.name)
                collectNames(of: field.value, into: &names)
            }
        }
    }
}
