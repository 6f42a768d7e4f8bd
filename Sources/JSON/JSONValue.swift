/// A JSON text read into values (RFC 8259). Objects keep their members' order; numbers keep their spelling, so that no digit is lost.
package enum JSONValue: Hashable, Sendable {
    case null
    case boolean(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    package subscript(_ name: String) -> JSONValue? {
        if case .object(let object) = self { object[name] } else { nil }
    }

    package static func integer(_ value: Int64) -> JSONValue { .number(JSONNumber(value)) }

    package var string: String? { if case .string(let value) = self { value } else { nil } }
    package var boolean: Bool? { if case .boolean(let value) = self { value } else { nil } }
    package var integer: Int64? { if case .number(let value) = self { value.integer } else { nil } }
    package var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
    package var object: JSONObject? { if case .object(let value) = self { value } else { nil } }

    /// The name of its type in JSON Schema's words.
    package var typeName: String {
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
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    package var bytes: [UInt8] {
        var writer = JSONWriter(sortsMembers: false)
        writer.write(self)
        return writer.bytes
    }

    /// JSON text with sorted members: equal values have equal texts, whatever order they came in.
    package var canonicalText: String {
        var writer = JSONWriter(sortsMembers: true)
        writer.write(self)
        return writer.text
    }

    /// JSON text over several lines, indented by two spaces, for people.
    package var prettyText: String {
        var writer = JSONWriter(sortsMembers: false, indents: true)
        writer.write(self)
        return writer.text
    }
}

/// A number as it was spelled.
package struct JSONNumber: Hashable, Sendable, ExpressibleByFloatLiteral {
    package let text: String

    package init(text: String) { self.text = text }
    package init(_ value: Int64) { text = String(value) }
    package init(floatLiteral value: Double) { text = String(value) }

    /// `nil` for fractions, exponents, and whole numbers beyond 64 bits.
    package var integer: Int64? { Int64(text) }
    package var double: Double { Double(text) ?? .nan }

    /// Whether JSON Schema calls it an integer: `1.0` is one too.
    package var isInteger: Bool {
        if integer != nil { return true }
        let value = double
        return value.isFinite && value == value.rounded(.towardZero)
    }
}
