package import JSON

/// A JSON Schema of the contract (OpenAPI 3.1), in the keywords that it uses. References are resolved when the document is read.
package indirect enum SchemaKind: Hashable, Sendable {
    case any
    case null
    case boolean
    case integer(minimum: Int64?, maximum: Int64?)
    case number(minimum: Double?, maximum: Double?)
    case string(StringRules)
    case array(ArrayRules)
    case object(ObjectRules)
}

package struct Schema: Hashable, Sendable {
    package let kind: SchemaKind
    /// The component's name when it came by reference: `Amount`.
    package let name: String?
    package let description: String?
    /// The values allowed, empty when any is.
    package let allowed: [JSONValue]
    package let defaultValue: JSONValue?
    package let example: JSONValue?

    package init(
        kind: SchemaKind, name: String? = nil, description: String? = nil, allowed: [JSONValue] = [], defaultValue: JSONValue? = nil, example: JSONValue? = nil
    ) {
        self.kind = kind
        self.name = name
        self.description = description
        self.allowed = allowed
        self.defaultValue = defaultValue
        self.example = example
    }
}

package struct StringRules: Hashable, Sendable {
    package enum Format: String, Hashable, Sendable {
        /// Read with `Timestamp(iso8601:)`, which knows the spellings that banking clients send.
        case dateTime = "date-time"
        case uri
    }

    package let format: Format?
    package let pattern: Pattern?
    package let minLength: Int?
    package let maxLength: Int?
}

package struct ArrayRules: Hashable, Sendable {
    package let items: Schema
    package let minItems: Int?
    package let maxItems: Int?
    package let uniqueItems: Bool
}

package struct ObjectRules: Hashable, Sendable {
    package struct Property: Hashable, Sendable {
        package let name: String
        package let schema: Schema
        package let isRequired: Bool
    }

    package let properties: [Property]
    /// Whether members besides the properties are allowed.
    package let isOpen: Bool

    package subscript(_ name: String) -> Property? { properties.first { $0.name == name } }
}

extension Schema {
    /// `string`, `array of Permission`: what a reader sees in a table.
    package var typeText: String {
        switch kind {
        case .any: "any"
        case .null: "null"
        case .boolean: "boolean"
        case .integer: "integer"
        case .number: "number"
        case .string(let rules): rules.format.map { "string, \($0.rawValue)" } ?? "string"
        case .array(let rules): "array of \(rules.items.name ?? rules.items.typeText)"
        case .object: name ?? "object"
        }
    }
}
