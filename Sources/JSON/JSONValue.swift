/// A JSON text read into values (RFC 8259). Objects keep their members' order; numbers keep their spelling, so that no digit is lost.
public enum JSONValue: Hashable, Sendable {
    case null
    case boolean(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    public subscript(_ name: String) -> JSONValue? {
        if case .object(let object) = self { object[name] } else { nil }
    }

    public static func integer(_ value: Int64) -> JSONValue { .number(JSONNumber(value)) }

    public var string: String? { if case .string(let value) = self { value } else { nil } }
    public var boolean: Bool? { if case .boolean(let value) = self { value } else { nil } }
    public var integer: Int64? { if case .number(let value) = self { value.integer } else { nil } }
    public var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
    public var object: JSONObject? { if case .object(let value) = self { value } else { nil } }

    /// The name of its type in JSON Schema's words.
    public var typeName: String {
        switch self {
        case .null: "null"
        case .boolean: "boolean"
        case .number(let number): number.isInteger ? "integer" : "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }

    /// JSON text in one line.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    public var bytes: [UInt8] {
        var writer = JSONWriter(sortsMembers: false)
        writer.write(self)
        return writer.bytes
    }

    /// JSON text with sorted members: equal values have equal texts, whatever order they came in.
    public var canonicalText: String {
        var writer = JSONWriter(sortsMembers: true)
        writer.write(self)
        return writer.text
    }

    /// JSON text over several lines, indented by two spaces, for people.
    public var prettyText: String {
        var writer = JSONWriter(sortsMembers: false, indents: true)
        writer.write(self)
        return writer.text
    }
}

/// A number as it was spelled.
public struct JSONNumber: Hashable, Sendable, ExpressibleByFloatLiteral {
    public let text: String

    public init(text: String) { self.text = text }
    public init(_ value: Int64) { text = String(value) }
    public init(floatLiteral value: Double) { text = String(value) }

    /// `nil` for fractions, exponents, and whole numbers beyond 64 bits.
    public var integer: Int64? { Int64(text) }
    public var double: Double { Double(text) ?? .nan }

    /// Whether JSON Schema calls it an integer: `1.0` is one too.
    public var isInteger: Bool {
        if integer != nil { return true }
        let value = double
        return value.isFinite && value == value.rounded(.towardZero)
    }
}
