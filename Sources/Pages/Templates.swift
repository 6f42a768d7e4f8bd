internal import Mustache
internal import Foundation

/// The templates of one folder, parsed once at start. A template's name is its path without the extension: `portal/apps`.
package struct Templates: Sendable {
    private let library: MustacheLibrary
    private let sources: [String: String]

    /// Why the templates cannot be used: the program does not start.
    package enum Failure: Error, CustomStringConvertible {
        case noTemplates(directory: String)
        case unreadable(template: String, reason: String)

        package var description: String {
            switch self {
            case .noTemplates(let directory): "there are no templates in \(directory)"
            case .unreadable(let template, let reason): "the template \(template) cannot be read: \(reason)"
            }
        }
    }

    /// Reads every `.mustache` file below the folder.
    /// - Throws: `Failure`.
    package init(directory: String) throws {
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
    package init(sources: [String: String]) throws {
        _ = HTMLText.isRegistered
        var library = MustacheLibrary()
        for (name, source) in sources {
            do {
                try library.register(HTMLText.pragma + source, named: name)
            } catch {
                throw Failure.unreadable(template: name, reason: "\(error)")
            }
        }
        self.library = library
        self.sources = sources
    }

    package var names: [String] { sources.keys.sorted() }

    package func source(of name: String) -> String { sources[name] ?? "" }

    /// Renders a template with a model: a struct or a dictionary whose fields are ready to print. Text is escaped for HTML.
    package func render(_ name: String, _ model: Any) -> String {
        guard let text = library.render(model, withTemplate: name) else {
            // The tests render every page; a name that does not exist is a mistake of ours, and an empty page its mildest form.
            assertionFailure("no template named \(name)")
            return ""
        }
        return text
    }

    private static let suffix = ".mustache"
}

// MARK: - What the tests ask

extension Templates {
    /// The names that a template, its layout and its partials use but none of these models has. A missing name prints as nothing,
    /// so a test asks for this list and expects it to be empty. The models together show each optional filled and each list with an entry.
    package func unresolvedNames(in template: String, models: [Any]) -> [String] {
        var labels = Set<String>()
        for model in models { Self.collectLabels(of: model, into: &labels) }
        var visited = Set<String>()
        return names(usedBy: template, visited: &visited)
            .filter { name in !name.split(separator: ".").allSatisfy { labels.contains(String($0)) } }
            .sorted()
    }

    /// The partials and layouts that a template asks for and that do not exist.
    package func missingPartials(in template: String) -> [String] {
        tags(of: template).filter { ">" == $0.kind || "<" == $0.kind }.map(\.name).filter { sources[$0] == nil }.sorted()
    }

    private func names(usedBy template: String, visited: inout Set<String>) -> Set<String> {
        guard visited.insert(template).inserted else { return [] }
        var names = Set<String>()
        for tag in tags(of: template) {
            switch tag.kind {
            case ">", "<": names.formUnion(self.names(usedBy: tag.name, visited: &visited))
            case "$", "/", "!": continue
            default: if tag.name != "." { names.insert(tag.name) }
            }
        }
        return names
    }

    private func tags(of template: String) -> [(kind: Character, name: String)] {
        (sources[template] ?? "").split(separator: "{{").dropFirst(sources[template]?.hasPrefix("{{") == true ? 0 : 1).compactMap { piece in
            guard let end = piece.firstRange(of: "}}") else { return nil }
            let tag = piece[..<end.lowerBound]
            guard let kind = tag.first else { return nil }
            let name = "#^/><$!{&".contains(kind) ? tag.dropFirst() : tag
            return (kind, name.filter { !$0.isWhitespace && $0 != "}" })
        }
    }

    private static func collectLabels(of value: Any, into labels: inout Set<String>) {
        if let dictionary = value as? [String: Any] {
            for (key, child) in dictionary {
                labels.insert(key)
                collectLabels(of: child, into: &labels)
            }
            return
        }
        if value is String { return }
        for child in Mirror(reflecting: value).children {
            if let label = child.label { labels.insert(label) }
            collectLabels(of: child.value, into: &labels)
        }
    }
}
