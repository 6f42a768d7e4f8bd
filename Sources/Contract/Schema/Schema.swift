public import JSON

/// A JSON Schema of the contract (OpenAPI 3.1), in the keywords that it uses. References are resolved when the document is read.
public indirect enum SchemaKind: Hashable, Sendable {
    case any
    case null
    case boolean
    case integer(minimum: Int64?, maximum: Int64?)
    case number(minimum: Double?, maximum: Double?)
    case string(StringRules)
    case array(ArrayRules)
    case object(ObjectRules)
}

public struct Schema: Hashable, Sendable {
    public let kind: SchemaKind
    /// The component's name when it came by reference: `Amount`.
    public let name: String?
    public let description: String?
    /// The values allowed, empty when any is.
    public let allowed: [JSONValue]
    public let defaultValue: JSONValue?
    public let example: JSONValue?

    public init(
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

public struct StringRules: Hashable, Sendable {
    public enum Format: String, Hashable, Sendable {
        /// Read with `Timestamp(iso8601:)`, which knows the spellings that banking clients send.
        case dateTime = "date-time"
        case uri
    }

    public let format: Format?
    public let pattern: Pattern?
    public let minLength: Int?
    public let maxLength: Int?
}

public struct ArrayRules: Hashable, Sendable {
    public let items: Schema
    public let minItems: Int?
    public let maxItems: Int?
    public let uniqueItems: Bool
}

public struct ObjectRules: Hashable, Sendable {
    public struct Property: Hashable, Sendable {
        public let name: String
        public let schema: Schema
        public let isRequired: Bool
    }

    public let properties: [Property]
    /// Whether members besides the properties are allowed.
    public let isOpen: Bool

    public subscript(_ name: String) -> Property? { properties.first { $0.name == name } }
}

extension Schema {
    /// `string`, `array of Permission`: what a reader sees in a table.
    public var typeText: String {
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
