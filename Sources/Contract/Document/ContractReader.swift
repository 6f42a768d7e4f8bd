import JSON

/// Reads one file of the contract into its section.
struct ContractReader {
    let file: String
    let documents: [String: JSONValue]
    /// Of all files.
    let named: NamedSchemas

    private static let methods = ["get", "put", "post", "delete", "patch"]

    func section() throws -> APIContract.Section {
        let root = Located(value: documents[file] ?? .null, file: file, place: "", reader: self)
        let info = try root.required("info")
        let paths = try root.required("paths")
        let operations = try paths.members().flatMap { path in
            try Self.methods.compactMap { method in try path.optional(method).map { try operation($0, method: method.uppercased(), path: path.name) } }
        }
        let schemas = try root.optional("components")?.optional("schemas")?.members().map { try SchemaReader().schema($0, name: $0.name) }
        return APIContract.Section(
            name: String(file.prefix { $0 != "." }), title: try info.required("title").string(), version: try info.required("version").string(),
            summary: try info.optional("summary")?.string() ?? "",
            description: try root.optional("tags")?.elements().first?.optional("description")?.string() ?? "", operations: operations, schemas: schemas ?? [])
    }

    private func operation(_ node: Located, method: String, path: String) throws -> Operation {
        try node.allows(["operationId", "tags", "summary", "description", "security", "x-wekeza", "parameters", "requestBody", "responses"])
        let operation = Operation(
            id: try node.required("operationId").string(), method: method, path: path, tag: try node.optional("tags")?.elements().first?.string(),
            summary: try node.required("summary").string(), description: try node.optional("description")?.string() ?? "",
            parameters: try node.optional("parameters")?.elements().map(parameter) ?? [], requestBody: try node.optional("requestBody").map(requestBody),
            responses: try node.required("responses").members().map(response), access: try node.optional("x-wekeza").map(access),
            needsToken: try node.optional("security")?.elements().contains { $0.value["bearer"] != nil } ?? false)
        try check(operation, at: node)
        return operation
    }

    /// Whether the path's placeholders and its parameters are the same, and the rules speak of parameters that exist.
    private func check(_ operation: Operation, at node: Located) throws {
        let placeholders = Set(operation.path.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) })
        let declared = Set(operation.parameters.filter { $0.location == .path }.map(\.name))
        guard placeholders == declared else { throw node.error("the path names \(placeholders.sorted()), its parameters \(declared.sorted())") }
        guard let access = operation.access else { return }
        if let account = access.accountParameter, !declared.contains(account) { throw node.error("there is no path parameter \(account)") }
        let queries = Set(operation.parameters.filter { $0.location == .query }.map(\.name))
        if let window = access.windowParameters, !queries.isSuperset(of: [window.from, window.to]) { throw node.error("the window's parameters are missing") }
    }

    private func parameter(_ node: Located) throws -> Parameter {
        let node = try node.followed()
        try node.allows(["name", "in", "required", "description", "schema", "example"])
        guard let location = Parameter.Location(rawValue: try node.required("in").string()) else { throw node.error("parameters are in path, query or header") }
        return Parameter(
            name: try node.required("name").string(), location: location, isRequired: try node.optional("required")?.boolean() ?? false,
            description: try node.optional("description")?.string() ?? "", schema: try SchemaReader().schema(node.required("schema")),
            example: node.value["example"])
    }

    private func requestBody(_ node: Located) throws -> RequestBody {
        let node = try node.followed()
        try node.allows(["required", "description", "content"])
        return RequestBody(
            isRequired: try node.optional("required")?.boolean() ?? false, description: try node.optional("description")?.string() ?? "",
            contents: try node.required("content").members().map(content))
    }

    private func response(_ member: Located) throws -> ResponseDescription {
        guard let status = Int(member.name) else { throw member.error("a status is a number") }
        let node = try member.followed()
        try node.allows(["description", "headers", "content"])
        return ResponseDescription(
            status: status, description: try node.required("description").string(), headers: try node.optional("headers")?.members().map(header) ?? [],
            contents: try node.optional("content")?.members().map(content) ?? [])
    }

    private func header(_ member: Located) throws -> ResponseDescription.Header {
        let node = try member.followed()
        return ResponseDescription.Header(
            name: member.name, description: try node.optional("description")?.string() ?? "", schema: try SchemaReader().schema(node.required("schema")))
    }

    private func content(_ member: Located) throws -> Content {
        try member.allows(["schema", "example"])
        return Content(mediaType: member.name, schema: try SchemaReader().schema(member.required("schema")), example: member.value["example"])
    }

    private func access(_ node: Located) throws -> AccessRules {
        try node.allows(["scope", "token", "permissions", "account", "window", "served_by", "idempotent", "spends_consent", "lodges_consent", "largest_body"])
        let permissions = try node.optional("permissions")
        try permissions?.allows(["any_of", "all_of"])
        guard let token = AccessRules.Token(rawValue: try node.required("token").string()) else { throw node.error("token is customer or app") }
        guard let server = AccessRules.Server(rawValue: try node.required("served_by").string()) else {
            throw node.error("served_by is bank, platform or sandbox")
        }
        return AccessRules(
            scope: try node.required("scope").string(), token: token,
            allPermissions: try permissions?.optional("all_of")?.elements().map { try $0.string() } ?? [],
            anyPermission: try permissions?.optional("any_of")?.elements().map { try $0.string() } ?? [],
            accountParameter: try node.optional("account")?.string(),
            windowParameters: try node.optional("window").map { .init(from: try $0.required("from").string(), to: try $0.required("to").string()) },
            server: server, isIdempotent: try node.optional("idempotent")?.boolean() ?? false,
            spendsConsent: try node.optional("spends_consent")?.boolean() ?? false,
            lodgesConsent: try node.optional("lodges_consent")?.boolean() ?? false, largestBody: try node.optional("largest_body").map { Int(try $0.integer()) }
        )
    }
}

/// A value of a document with its place, for errors that say where, and its file, for references.
struct Located {
    let value: JSONValue
    let file: String
    let place: String
    let reader: ContractReader

    /// The last step of the place.
    var name: String { place.split(separator: "/").last.map(plainStep) ?? "" }

    func error(_ reason: String) -> ContractError { ContractError(file: file, place: place, reason: reason) }

    func optional(_ name: String) throws -> Located? {
        guard let object = value.object else { throw error("an object is expected") }
        return object[name].map { Located(value: $0, file: file, place: place + pointerStep(name), reader: reader) }
    }

    func required(_ name: String) throws -> Located {
        guard let member = try optional(name) else { throw error("\(name) is missing") }
        return member
    }

    func members() throws -> [Located] {
        guard let object = value.object else { throw error("an object is expected") }
        return object.members.map { Located(value: $0.value, file: file, place: place + pointerStep($0.name), reader: reader) }
    }

    func elements() throws -> [Located] {
        guard let array = value.array else { throw error("a list is expected") }
        return array.enumerated().map { Located(value: $1, file: file, place: "\(place)/\($0)", reader: reader) }
    }

    func string() throws -> String {
        guard let text = value.string else { throw error("a text is expected") }
        return text
    }

    func boolean() throws -> Bool {
        guard let boolean = value.boolean else { throw error("true or false is expected") }
        return boolean
    }

    func integer() throws -> Int64 {
        guard let integer = value.integer else { throw error("a whole number is expected") }
        return integer
    }

    func double() throws -> Double {
        guard case .number(let number) = value else { throw error("a number is expected") }
        return number.double
    }

    /// Refuses members that this reader does not know.
    func allows(_ names: Set<String>) throws {
        guard let object = value.object else { throw error("an object is expected") }
        if let stranger = object.names.first(where: { !names.contains($0) }) { throw error("\(stranger) is not understood") }
    }

    /// What a `$ref` names, in this file or another; the value itself when it is no reference.
    func followed() throws -> Located {
        guard let reference = value["$ref"]?.string else { return self }
        let halves = reference.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2 else { throw error("\(reference) is no reference") }
        let target = halves[0].isEmpty ? file : String(halves[0])
        guard var found = reader.documents[target] else { throw error("there is no file \(target)") }
        for step in halves[1].split(separator: "/") {
            guard let next = found[plainStep(step)] else { throw error("\(reference) names nothing") }
            found = next
        }
        return Located(value: found, file: target, place: String(halves[1]), reader: reader)
    }
}

/// One step of a JSON pointer without its escapes.
private func plainStep(_ step: Substring) -> String { String(step).replacing("~1", with: "/").replacing("~0", with: "~") }
