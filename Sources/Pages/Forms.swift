/// The mistakes of one form, in the order of its fields. Each says what to do; the summary repeats the field's words and links to it.
public struct FormErrors: Sendable {
    public struct Entry: Encodable, Sendable {
        /// The field's id, which is also its name.
        public let field: String
        public let message: String
    }

    public private(set) var entries: [Entry] = []

    public init() {}

    /// The first mistake of a field counts.
    public mutating func add(field: String, _ message: String) {
        guard self[field] == nil else { return }
        entries.append(Entry(field: field, message: message))
    }

    public var isEmpty: Bool { entries.isEmpty }
    public subscript(field: String) -> String? { entries.first { $0.field == field }?.message }

    /// For `{{>partials/error-summary}}`: `nil` when there is nothing to mend.
    public var summary: ErrorSummary? { entries.isEmpty ? nil : ErrorSummary(entries: entries) }
}

/// The box at the top of a page whose form has mistakes.
public struct ErrorSummary: Encodable, Sendable {
    public let entries: [FormErrors.Entry]
}

/// A labelled input, ready for `{{#email}}{{>partials/field}}{{/email}}`.
public struct Field: Encodable, Sendable {
    public struct Option: Encodable, Sendable {
        public let value, label: String
        public let isSelected: Bool

        public init(value: String, label: String, isSelected: Bool) {
            self.value = value
            self.label = label
            self.isSelected = isSelected
        }
    }

    /// Its name and its id.
    public let name: String
    public let label: String
    public let type: String
    public let value: String
    public let hint: String?
    public let error: String?
    /// The ids of hint and error.
    public let describedBy: String?
    public let autocomplete: String?
    public let inputMode: String?
    public let isVerbatim: Bool
    public let isInput, isTextarea, isSelect: Bool
    public let rows: Int
    public let options: [Option]

    private init(
        name: String, label: String, type: String, value: String, hint: String?, errors: FormErrors, autocomplete: String?, inputMode: String?, rows: Int,
        options: [Option]
    ) {
        self.name = name
        self.label = label
        self.type = type
        // A password never comes back into the page.
        self.value = type == "password" ? "" : value
        self.hint = hint
        error = errors[name]
        let ids = [hint.map { _ in "\(name)-hint" }, errors[name].map { _ in "\(name)-error" }].compactMap { $0 }
        describedBy = ids.isEmpty ? nil : ids.joined(separator: " ")
        self.autocomplete = autocomplete
        self.inputMode = inputMode
        isVerbatim = type != "text" || ["username", "one-time-code", "off"].contains(autocomplete)
        isTextarea = rows > 0
        isSelect = !options.isEmpty
        isInput = rows == 0 && options.isEmpty
        self.rows = rows
        self.options = options
    }

    /// - Parameter autocomplete: the purpose (WCAG 1.3.5), `off` for machine text.
    public static func text(
        _ name: String, _ label: String, value: String = "", hint: String? = nil, errors: FormErrors = FormErrors(), autocomplete: String? = nil,
        type: String = "text", inputMode: String? = nil
    ) -> Field {
        Field(
            name: name, label: label, type: type, value: value, hint: hint, errors: errors, autocomplete: autocomplete, inputMode: inputMode, rows: 0,
            options: [])
    }

    public static func email(
        _ name: String, _ label: String, value: String = "", hint: String? = nil, errors: FormErrors = FormErrors(), autocomplete: String? = "email"
    ) -> Field {
        text(name, label, value: value, hint: hint, errors: errors, autocomplete: autocomplete, type: "email", inputMode: "email")
    }

    /// - Parameter isNew: whether the person chooses it here, so that a password manager offers one.
    public static func password(_ name: String, _ label: String, hint: String? = nil, errors: FormErrors = FormErrors(), isNew: Bool = false) -> Field {
        text(name, label, hint: hint, errors: errors, autocomplete: isNew ? "new-password" : "current-password", type: "password")
    }

    public static func textarea(
        _ name: String, _ label: String, value: String = "", hint: String? = nil, errors: FormErrors = FormErrors(), rows: Int = 4, isVerbatim: Bool = false
    ) -> Field {
        Field(
            name: name, label: label, type: isVerbatim ? "verbatim" : "text", value: value, hint: hint, errors: errors, autocomplete: isVerbatim ? "off" : nil,
            inputMode: nil, rows: rows, options: [])
    }

    /// A drop-down list, for short lists that are not worth radio buttons.
    public static func select(_ name: String, _ label: String, options: [Option], hint: String? = nil, errors: FormErrors = FormErrors()) -> Field {
        Field(name: name, label: label, type: "text", value: "", hint: hint, errors: errors, autocomplete: nil, inputMode: nil, rows: 0, options: options)
    }
}

/// Radio buttons or checkboxes under one question, ready for `{{#kind}}{{>partials/choices}}{{/kind}}`.
public struct Choices: Encodable, Sendable {
    public struct Option: Encodable, Sendable {
        public let id, value, label: String
        public let detail: String?
        public let isChosen: Bool
    }

    public let name: String
    public let legend: String
    /// `radio` or `checkbox`.
    public let type: String
    public let hint: String?
    public let error: String?
    public let describedBy: String?
    public let options: [Option]

    public init(
        _ name: String, _ legend: String, several: Bool = false, options: [(value: String, label: String, detail: String?)], chosen: Set<String>,
        hint: String? = nil, errors: FormErrors = FormErrors()
    ) {
        self.name = name
        self.legend = legend
        type = several ? "checkbox" : "radio"
        self.hint = hint
        error = errors[name]
        let ids = [hint.map { _ in "\(name)-hint" }, errors[name].map { _ in "\(name)-error" }].compactMap { $0 }
        describedBy = ids.isEmpty ? nil : ids.joined(separator: " ")
        // The first one bears the group's name, so that the error summary leads to it.
        self.options = options.enumerated().map { index, option in
            Option(
                id: index == 0 ? name : "\(name)-\(index + 1)", value: option.value, label: option.label, detail: option.detail,
                isChosen: chosen.contains(option.value))
        }
    }
}
