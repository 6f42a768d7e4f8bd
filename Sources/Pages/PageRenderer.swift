public import HTTPTypes
public import Hummingbird
internal import Web

/// Turns a template, its model and the shell into an answer.
public struct PageRenderer: Sendable {
    public let templates: Templates
    public let files: StaticFiles?
    /// Whether the demo world exists, which pages may lead to and tell about.
    public let isDemo: Bool

    public init(templates: Templates, files: StaticFiles? = nil, isDemo: Bool = false) {
        self.templates = templates
        self.files = files
        self.isDemo = isDemo
    }

    /// - Parameters:
    ///   - template: its name, such as `portal/apps`.
    ///   - content: what the template shows; in the template the shell is under `shell`.
    public func page(_ template: String, _ content: any Encodable, shell: Shell, status: HTTPResponse.Status = .ok) -> Response {
        .html(bytes(template, content, shell: shell), status: status)
    }

    private func bytes(_ template: String, _ content: any Encodable, shell: Shell) -> [UInt8] {
        templates.render(template, PageModel(shell: ShellModel(shell, files: files, isDemo: isDemo), content: content))
    }

    /// A page that only says what happened and what to do.
    public func notice(_ notice: Notice, shell: Shell, status: HTTPResponse.Status = .ok) -> Response {
        var shell = shell
        shell.width = .narrow
        if shell.title.isEmpty { shell.title = notice.heading }
        return page("notice", notice, shell: shell, status: status)
    }
}

// MARK: - What the tests ask

extension PageRenderer {
    public func text(_ template: String, _ content: any Encodable, shell: Shell) -> String {
        String(decoding: bytes(template, content, shell: shell), as: UTF8.self)
    }

    /// The names that a page uses and its model lacks; a test expects none.
    public func unresolvedNames(in template: String, contents: [any Encodable]) -> [String] {
        let shell = Shell(audience: .developer, title: "Title", signedInAs: "someone", organisation: "Organisation", current: "apps", csrf: "token")
        // The form partials know parts that one page's fields may leave empty.
        var errors = FormErrors()
        errors.add(field: "field", "Choose one")
        let select = Field.select("field", "Label", options: [.init(value: "a", label: "A", isSelected: true)], hint: "Hint", errors: errors)
        let choices = Choices("field", "Legend", options: [(value: "a", label: "A", detail: "Detail")], chosen: ["a"], hint: "Hint", errors: errors)
        let page = PageModel(shell: ShellModel(shell, files: files, isDemo: isDemo), content: select)
        return templates.unresolvedNames(in: template, models: [page, choices, errors.summary] + contents)
    }
}

/// What happened, and what to do: the page for a refusal that no form field can mend, an expired link, a thing that is gone.
public struct Notice: Encodable, Sendable {
    public struct Action: Encodable, Sendable {
        public let label: String
        public let address: String
        public let isPrimary: Bool

        public init(_ label: String, _ address: String, isPrimary: Bool = true) {
            self.label = label
            self.address = address
            self.isPrimary = isPrimary
        }
    }

    public let heading: String
    public let lead: String
    public let paragraphs: [String]
    public let actions: [Action]
    public let hasActions: Bool
    /// The request's id, for whoever helps.
    public let reference: String?

    public init(_ heading: String, _ lead: String, paragraphs: [String] = [], actions: [Action] = [], reference: String? = nil) {
        self.heading = heading
        self.lead = lead
        self.paragraphs = paragraphs
        self.actions = actions
        hasActions = !actions.isEmpty
        self.reference = reference
    }
}

/// The root that templates see: the shell under its name, and the content's own fields.
private struct PageModel: Encodable {
    let shell: ShellModel
    let content: any Encodable

    private enum Name: CodingKey { case shell }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Name.self)
        try container.encode(shell, forKey: .shell)
        try content.encode(to: encoder)
    }
}
