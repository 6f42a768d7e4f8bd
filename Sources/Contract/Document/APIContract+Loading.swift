internal import Foundation
import JSON
internal import Yams

/// Why the contract cannot be used: the start stops with it.
public struct ContractError: Error, CustomStringConvertible {
    public let file: String
    public let place: String
    public let reason: String

    public var description: String { "openapi/\(file): \(place.isEmpty ? "" : place + ": ")\(reason)" }
}

extension APIContract {
    /// Reads every `*.yaml` of a folder. Whatever this reader does not understand is refused, so that nothing in the contract is silently not enforced.
    public init(directory: String) throws {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory))?.filter { $0.hasSuffix(".yaml") }.sorted() ?? []
        guard !names.isEmpty else { throw ContractError(file: "", place: directory, reason: "there are no *.yaml files") }
        var texts: [String: String] = [:]
        for name in names { texts[name] = try String(contentsOfFile: directory + "/" + name, encoding: .utf8) }
        try self.init(files: texts)
    }

    /// - Parameter files: texts by file name.
    public init(files: [String: String]) throws {
        var documents: [String: JSONValue] = [:]
        for (name, text) in files {
            do {
                guard let node = try Yams.compose(yaml: text) else { throw ContractError(file: name, place: "", reason: "is empty") }
                documents[name] = try JSONValue(yaml: node)
            } catch let error as YamlError {
                throw ContractError(file: name, place: "", reason: "\(error)")
            } catch let error as MalformedYAML {
                throw ContractError(file: name, place: error.place, reason: error.reason)
            }
        }
        let named = NamedSchemas()
        sections = try documents.keys.sorted().map { try ContractReader(file: $0, documents: documents, named: named).section() }
        var seen = Set<String>()
        for operation in operations where !seen.insert(operation.id).inserted {
            throw ContractError(file: "", place: operation.id, reason: "this operationId is used twice")
        }
    }
}

struct MalformedYAML: Error {
    let place: String
    let reason: String
}

extension JSONValue {
    /// A YAML node in JSON's types (YAML 1.2 core schema): dates and the like stay strings.
    init(yaml node: Node) throws {
        switch node {
        case .mapping(let mapping):
            let members = try mapping.map { key, value in
                guard let name = key.scalar?.string else { throw MalformedYAML(place: "\(key.mark?.description ?? "")", reason: "a key is no text") }
                return JSONObject.Member(name: name, value: try JSONValue(yaml: value))
            }
            guard let object = JSONObject(members) else { throw MalformedYAML(place: "\(node.mark?.description ?? "")", reason: "a key occurs twice") }
            self = .object(object)
        case .sequence(let sequence): self = .array(try sequence.map(JSONValue.init(yaml:)))
        case .scalar(let scalar):
            let isPlain = scalar.style == .plain || scalar.style == .any
            switch scalar.string {
            case "true" where isPlain: self = .boolean(true)
            case "false" where isPlain: self = .boolean(false)
            case "null" where isPlain, "~" where isPlain, "" where isPlain: self = .null
            case let text where isPlain:
                if case .number(let number)? = try? JSONValue(parsing: Array(text.utf8)) { self = .number(number) } else { self = .string(text) }
            case let text: self = .string(text)
            }
        case .alias: throw MalformedYAML(place: "\(node.mark?.description ?? "")", reason: "aliases are not used here")
        }
    }
}
