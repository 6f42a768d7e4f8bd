import Contract
internal import HTTPTypes
import Hummingbird
import JSON
import Pages
import Web

/// `/docs/reference`: the contract, rendered from what the gateway enforces; and its files.
struct ReferencePage: PortalPage {
    let site: PortalSite

    func add(to routes: Routes) {
        routes.get("/docs/reference") { request, context in
            try await site.docs(request, context, "docs/reference", title: "Reference") { Index(site.contract, files: site.contractFiles) }
        }
        routes.get("/docs/reference/{operation}") { request, context in
            guard let operation = context.parameters.get("operation").flatMap(site.contract.operation) else { throw HTTPError(.notFound) }
            let section = site.contract.sections.first { $0.operations.contains { $0.id == operation.id } }
            return try await site.docs(request, context, "docs/operation", title: operation.summary) {
                OperationModel(operation, file: section?.name ?? "", issuer: context.issuer)
            }
        }
        routes.get("/openapi/{file}") { _, context in
            guard let name = context.parameters.get("file"), let text = site.contractFiles[name] else { throw HTTPError(.notFound) }
            var response = Response.text(text)
            response.headers[.contentType] = "application/yaml; charset=utf-8"
            response.headers[.cacheControl] = "no-cache"
            return response
        }
    }

    struct Line: Encodable {
        let method, path, summary, address: String
        let scope: String?
    }

    struct Section: Encodable {
        let id, title, description, file: String
        let operations: [Line]
    }

    struct Index: Encodable {
        let navigation = DocsNavigation(current: "reference")
        let sections: [Section]
        let files: [String]

        init(_ contract: APIContract, files: ContractFiles) {
            sections = contract.sections.filter { !$0.operations.isEmpty }.map { section in
                Section(
                    id: section.name, title: section.title, description: section.description.isEmpty ? section.summary : section.description,
                    file: "\(section.name).yaml",
                    operations: section.operations.map {
                        Line(method: $0.method, path: $0.path, summary: $0.summary, address: "/docs/reference/\($0.id)", scope: $0.access?.scope)
                    })
            }
            self.files = files.names
        }
    }
}

/// One operation, ready to print.
struct OperationModel: Encodable, Sendable {
    struct ParameterRow: Encodable, Sendable {
        let name, place, type: String
        let description: Prose
        let isRequired: Bool
        let example: String?
    }

    struct FieldRow: Encodable, Sendable {
        let name, type: String
        let description: Prose?
        let isRequired: Bool
    }

    struct Body: Encodable, Sendable {
        let fields: [FieldRow]
        let hasFields: Bool
        let example: Code?
    }

    struct Answer: Encodable, Sendable {
        let status, tag: String
        let description: Prose
        let body: Body?
    }

    struct Fact: Encodable, Sendable {
        let name, value: String
    }

    let navigation = DocsNavigation(current: "reference")
    let method, path, summary, file: String
    let description: Prose
    let facts: [Fact]
    let hasFacts: Bool
    let parameters: [ParameterRow]
    let hasParameters: Bool
    let request: Body?
    let answers: [Answer]
    let refusals: [Answer]
    let hasRefusals: Bool
    let call: Code

    init(_ operation: Contract.Operation, file: String, issuer: Issuer) {
        method = operation.method
        path = operation.path
        summary = operation.summary
        description = Prose(operation.description)
        self.file = "\(file).yaml"
        facts = operation.access.map(Self.facts) ?? []
        hasFacts = !facts.isEmpty
        parameters = operation.parameters.map {
            ParameterRow(
                name: $0.name, place: $0.location.rawValue, type: $0.schema.typeText, description: Prose($0.description), isRequired: $0.isRequired,
                example: $0.example.map { $0.string ?? $0.text })
        }
        hasParameters = !parameters.isEmpty
        let content = operation.requestBody?.contents.first
        request = content.map { Body($0, label: "Example of the request’s body") }
        answers = operation.responses.filter { $0.status < 400 }.map { response in
            Answer(
                status: String(response.status), tag: "tag--positive", description: Prose(response.description),
                body: response.contents.first.map { Body($0, label: "Example of the answer with status \(response.status)") })
        }
        refusals = operation.responses.filter { $0.status >= 400 }.map {
            Answer(status: String($0.status), tag: "tag--critical", description: Prose($0.description), body: nil)
        }
        hasRefusals = !refusals.isEmpty
        call = Self.call(operation, content, issuer)
    }

    private static func facts(_ access: AccessRules) -> [Fact] {
        var facts = [Fact(name: "Scope", value: access.scope)]
        facts.append(Fact(name: "Token", value: access.token == .customer ? "Of a customer who gave consent" : "Of the app itself (client credentials)"))
        if !access.allPermissions.isEmpty { facts.append(Fact(name: "Permissions", value: access.allPermissions.joined(separator: " and "))) }
        if !access.anyPermission.isEmpty { facts.append(Fact(name: "Permissions", value: access.anyPermission.joined(separator: " or "))) }
        if access.isIdempotent { facts.append(Fact(name: "Repeating it", value: "Safe with the same Idempotency-Key for 24 hours")) }
        return facts
    }

    private static func call(_ operation: Contract.Operation, _ content: Content?, _ issuer: Issuer) -> Code {
        var path = operation.path
        for parameter in operation.parameters where parameter.location == .path {
            path = path.replacing("{\(parameter.name)}", with: parameter.example?.string ?? "…")
        }
        var lines = ["curl \(issuer)\(path)"]
        if operation.method != "GET", !(operation.method == "POST" && content != nil) { lines[0] = "curl -X \(operation.method) \(issuer)\(path)" }
        if operation.needsToken { lines.append("  -H \"Authorization: Bearer $TOKEN\"") }
        if operation.access?.isIdempotent == true { lines.append("  -H \"Idempotency-Key: $(uuidgen)\"") }
        if let content, let example = content.example {
            if let text = example.string {
                lines.append("  -H \"Content-Type: \(content.mediaType)\"")
                lines.append("  --data-binary '\(text)'")
            } else if content.mediaType.contains("json") {
                lines.append("  -H \"Content-Type: \(content.mediaType)\"")
                lines.append("  -d '\(example.text)'")
            } else if let object = example.object {
                lines += object.members.map { "  --data-urlencode \"\($0.name)=\($0.value.string ?? $0.value.text)\"" }
            }
        }
        return Code("\(operation.summary) with curl", lines.joined(separator: " \\\n"))
    }
}

extension OperationModel.Body {
    init(_ content: Content, label: String) {
        var told: [String: String] = [:]
        fields = Self.rows(content.schema, prefix: "", depth: 0, &told)
        hasFields = !fields.isEmpty
        example = content.example.map { Code(label, $0.string ?? $0.prettyText, comment: "") }
    }

    /// The members of an object, nested ones behind a point, a list's behind brackets.
    /// - Parameter told: where the members of a schema stand already: it is spelled out once.
    private static func rows(_ schema: Schema, prefix: String, depth: Int, _ told: inout [String: String]) -> [OperationModel.FieldRow] {
        guard depth < 4 else { return [] }
        switch schema.kind {
        case .object(let rules):
            var fields: [OperationModel.FieldRow] = []
            for property in rules.properties {
                let name = prefix + property.name
                let inner = innermost(property.schema)
                let place = inner.name.flatMap { told[$0] }
                let asThere = place.map { ", with the members of \($0)" } ?? ""
                fields.append(
                    OperationModel.FieldRow(
                        name: name, type: type(property.schema) + asThere, description: property.schema.description.map(Prose.init),
                        isRequired: property.isRequired))
                guard place == nil else { continue }
                if case .object = inner.kind, let schemaName = inner.name { told[schemaName] = name }
                fields += rows(property.schema, prefix: name + (isArray(property.schema) ? "[]." : "."), depth: depth + 1, &told)
            }
            return fields
        case .array(let rules): return rows(rules.items, prefix: prefix.isEmpty ? "[]." : prefix, depth: depth + 1, &told)
        default: return []
        }
    }

    /// What a list is a list of.
    private static func innermost(_ schema: Schema) -> Schema {
        if case .array(let rules) = schema.kind { innermost(rules.items) } else { schema }
    }

    private static func isArray(_ schema: Schema) -> Bool { if case .array = schema.kind { true } else { false } }

    private static func type(_ schema: Schema) -> String {
        guard !schema.allowed.isEmpty else { return schema.typeText }
        return schema.allowed.map { $0.string ?? $0.text }.joined(separator: ", ")
    }
}

/// A sentence of the contract, in which what stands between backticks is code.
struct Prose: Encodable, Sendable {
    struct Part: Encodable, Sendable {
        let code: String?
        let text: String?
    }

    let parts: [Part]

    init(_ text: String) {
        parts = text.split(separator: "`", omittingEmptySubsequences: false).enumerated().map { index, piece in
            index.isMultiple(of: 2) ? Part(code: nil, text: String(piece)) : Part(code: String(piece), text: nil)
        }
    }
}
