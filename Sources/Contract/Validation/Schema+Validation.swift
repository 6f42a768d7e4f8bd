public import JSON
internal import Primitives

extension Schema {
    /// Every violation of the value, the first 50.
    public func violations(of value: JSONValue, at pointer: String = "") -> [Violation] {
        var check = SchemaCheck()
        check.check(value, against: self, at: pointer)
        return check.violations
    }

    /// Reads the text of a parameter as the value its schema asks for; a text that cannot be that stays a string and fails by its type.
    public func value(ofParameter text: String) -> JSONValue {
        switch kind {
        // 10.0 and 1e1 are integers to JSON, and to nobody who reads the parameter as one.
        case .integer where text.contains(where: { ".eE".contains($0) }): return .string(text)
        case .integer, .number:
            // Only the spellings of JSON: no +1, no 0x1, no 1_000, and no space around them, which is what a bare + in a query means.
            if !text.contains(where: \.isWhitespace), case .number(let number)? = try? JSONValue(parsing: Array(text.utf8)) { return .number(number) }
            return .string(text)
        case .boolean: return text == "true" ? .boolean(true) : text == "false" ? .boolean(false) : .string(text)
        default: return .string(text)
        }
    }
}

private struct SchemaCheck {
    private(set) var violations: [Violation] = []

    /// What else is wrong is not looked for.
    private var isFull: Bool { violations.count >= 50 }

    mutating func check(_ value: JSONValue, against schema: Schema, at pointer: String) {
        guard !isFull else { return }
        if !schema.allowed.isEmpty, !schema.allowed.contains(value) {
            return refuse(pointer, "enum", schema.allowed.map(Self.plain).joined(separator: ", "), value)
        }
        switch (schema.kind, value) {
        case (.any, _), (.null, .null), (.boolean, .boolean): return
        case (.integer(let minimum, let maximum), .number(let number)) where number.isInteger:
            // A whole number beyond 64 bits is compared by its double.
            if let minimum, number.integer.map({ $0 < minimum }) ?? (number.double < Double(minimum)) {
                refuse(pointer, "minimum", "at least \(minimum)", value)
            }
            if let maximum, number.integer.map({ $0 > maximum }) ?? (number.double > Double(maximum)) {
                refuse(pointer, "maximum", "at most \(maximum)", value)
            }
        case (.number(let minimum, let maximum), .number(let number)):
            if let minimum, number.double < minimum { refuse(pointer, "minimum", "at least \(minimum)", value) }
            if let maximum, number.double > maximum { refuse(pointer, "maximum", "at most \(maximum)", value) }
        case (.string(let rules), .string(let text)): check(text, rules, at: pointer)
        case (.array(let rules), .array(let elements)): check(elements, rules, at: pointer)
        case (.object(let rules), .object(let object)): check(object, rules, at: pointer)
        default: refuse(pointer, "type", schema.typeText, got: Self.kind(value))
        }
    }

    private mutating func check(_ text: String, _ rules: StringRules, at pointer: String) {
        let length = text.unicodeScalars.count
        if let least = rules.minLength, length < least { refuse(pointer, "minLength", "at least \(least) characters", got: "\(length)") }
        if let most = rules.maxLength, length > most { return refuse(pointer, "maxLength", "at most \(most) characters", got: "\(length)") }
        if let pattern = rules.pattern, !pattern.matches(text) { refuse(pointer, "pattern", pattern.text, got: shortened(text)) }
        switch rules.format {
        case .dateTime? where Timestamp(iso8601: text) == nil:
            refuse(pointer, "format", "a date and time such as 2026-11-21T06:14:09Z", got: shortened(text))
        default: break
        }
    }

    private mutating func check(_ elements: [JSONValue], _ rules: ArrayRules, at pointer: String) {
        if let least = rules.minItems, elements.count < least { refuse(pointer, "minItems", "at least \(least)", got: "\(elements.count)") }
        if let most = rules.maxItems, elements.count > most { return refuse(pointer, "maxItems", "at most \(most)", got: "\(elements.count)") }
        var seen = Set<JSONValue>()
        for (index, element) in elements.enumerated() {
            guard !isFull else { return }
            if rules.uniqueItems, !seen.insert(element).inserted { refuse("\(pointer)/\(index)", "uniqueItems", "each once", element) }
            check(element, against: rules.items, at: "\(pointer)/\(index)")
        }
    }

    private mutating func check(_ object: JSONObject, _ rules: ObjectRules, at pointer: String) {
        for property in rules.properties {
            if let value = object[property.name] {
                check(value, against: property.schema, at: pointer + pointerStep(property.name))
            } else if property.isRequired {
                refuse(pointer + pointerStep(property.name), "required", property.schema.typeText, got: "nothing")
            }
        }
        guard !rules.isOpen else { return }
        for member in object.members where rules[member.name] == nil {
            guard !isFull else { return }
            let known = rules.properties.map(\.name).joined(separator: ", ")
            refuse(pointer + pointerStep(member.name), "additionalProperties", "one of \(known)", got: shortened(member.name))
        }
    }

    private mutating func refuse(_ pointer: String, _ rule: String, _ expected: String, _ value: JSONValue) {
        refuse(pointer, rule, expected, got: shortened(Self.plain(value)))
    }

    private mutating func refuse(_ pointer: String, _ rule: String, _ expected: String, got: String) {
        guard !isFull else { return }
        violations.append(Violation(pointer: pointer, rule: rule, expected: expected, got: got))
    }

    /// `null`, `string "x"`, `array`: enough to find it by.
    private static func kind(_ value: JSONValue) -> String {
        switch value {
        case .null, .array, .object: value.typeName
        default: "\(value.typeName) \(shortened(value.text))"
        }
    }

    private static func plain(_ value: JSONValue) -> String { value.string ?? value.text }
}
