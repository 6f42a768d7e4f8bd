internal import JSON

/// Reads a schema, following its references.
struct SchemaReader {
    private var depth = 0

    func schema(_ node: Located, name: String? = nil) throws -> Schema {
        // A schema that refers to itself has no end here; the contract has none.
        guard depth < 32 else { throw node.error("schemas nest too deeply, or refer to themselves") }
        var deeper = self
        deeper.depth += 1
        let target = try node.followed()
        guard let name = node.value["$ref"] == nil ? name : target.name else { return try deeper.read(node, name: nil) }
        let named = try node.reader.named.schema(at: target) { try deeper.read(target, name: name) }
        // Words beside a reference are the reader's for this place.
        return try node.optional("description").map { named.described(as: try $0.string()) } ?? named
    }

    private func read(_ node: Located, name: String?) throws -> Schema {
        Schema(
            kind: try kind(node), name: name, description: try node.optional("description")?.string(),
            allowed: try node.optional("enum")?.elements().map(\.value) ?? [], defaultValue: node.value["default"], example: node.value["example"])
    }

    private static let common: Set<String> = ["type", "description", "enum", "default", "example"]

    private func kind(_ node: Located) throws -> SchemaKind {
        guard let type = try node.optional("type")?.string() else {
            try node.allows(["description", "example"])
            return .any
        }
        switch type {
        case "null", "boolean":
            try node.allows(Self.common)
            return type == "null" ? .null : .boolean
        case "integer":
            try node.allows(Self.common.union(["minimum", "maximum"]))
            return .integer(minimum: try node.optional("minimum")?.integer(), maximum: try node.optional("maximum")?.integer())
        case "number":
            try node.allows(Self.common.union(["minimum", "maximum"]))
            return .number(minimum: try node.optional("minimum")?.double(), maximum: try node.optional("maximum")?.double())
        case "string": return .string(try string(node))
        case "array":
            try node.allows(Self.common.union(["items", "minItems", "maxItems", "uniqueItems"]))
            return .array(
                ArrayRules(
                    items: try schema(node.required("items")), minItems: try node.optional("minItems").map { Int(try $0.integer()) },
                    maxItems: try node.optional("maxItems").map { Int(try $0.integer()) }, uniqueItems: try node.optional("uniqueItems")?.boolean() ?? false))
        case "object": return .object(try object(node))
        default: throw node.error("the type \(type) is not understood")
        }
    }

    private func string(_ node: Located) throws -> StringRules {
        try node.allows(Self.common.union(["format", "pattern", "minLength", "maxLength"]))
        let format = try node.optional("format").map { format in
            guard let known = StringRules.Format(rawValue: try format.string()) else { throw format.error("this format is not understood") }
            return known
        }
        let pattern = try node.optional("pattern").map { pattern in
            guard let known = Pattern(try pattern.string()) else { throw pattern.error("this pattern is not understood") }
            return known
        }
        return StringRules(
            format: format, pattern: pattern, minLength: try node.optional("minLength").map { Int(try $0.integer()) },
            maxLength: try node.optional("maxLength").map { Int(try $0.integer()) })
    }

    private func object(_ node: Located) throws -> ObjectRules {
        try node.allows(Self.common.union(["properties", "required", "additionalProperties"]))
        let required = try Set(node.optional("required")?.elements().map { try $0.string() } ?? [])
        let properties = try node.optional("properties")?.members().map {
            ObjectRules.Property(name: $0.name, schema: try schema($0), isRequired: required.contains($0.name))
        }
        if let stranger = required.subtracting(properties?.map(\.name) ?? []).sorted().first { throw node.error("\(stranger) is required but no property") }
        return ObjectRules(properties: properties ?? [], isOpen: try node.optional("additionalProperties")?.boolean() ?? true)
    }
}
