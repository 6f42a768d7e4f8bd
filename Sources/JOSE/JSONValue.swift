/// A JSON value (RFC 8259) as tokens and protocol parameters carry it: bounded, and without a member named twice.
package enum JSONValue: Hashable, Sendable {
    case null
    case boolean(Bool)
    /// A number without fraction and exponent that fits.
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    package var string: String? { if case .string(let text) = self { text } else { nil } }
    package var integer: Int64? { if case .integer(let number) = self { number } else { nil } }
    package var array: [JSONValue]? { if case .array(let values) = self { values } else { nil } }
    package var object: JSONObject? { if case .object(let object) = self { object } else { nil } }
}

/// An object with its members in the order of the text.
package struct JSONObject: Hashable, Sendable {
    package struct Member: Hashable, Sendable {
        package let name: String
        package let value: JSONValue
    }

    package private(set) var members: [Member]

    /// Members that the program itself names, each once.
    package init(_ members: [(String, JSONValue)] = []) { self.members = members.map { Member(name: $0.0, value: $0.1) } }

    init(parsed members: [Member]) { self.members = members }

    package subscript(name: String) -> JSONValue? { members.first { $0.name == name }?.value }

    package mutating func append(_ name: String, _ value: JSONValue) { members.append(Member(name: name, value: value)) }

    package mutating func append(_ name: String, _ text: String?) {
        if let text { append(name, JSONValue.string(text)) }
    }

    package mutating func append(_ name: String, seconds: Int64?) {
        if let seconds { append(name, JSONValue.integer(seconds)) }
    }
}
