/// One part of a request or an answer that breaks the contract.
public struct Violation: Hashable, Sendable {
    /// A JSON pointer (RFC 6901) into the body, or `/query/name`, `/path/name`, `/header/name`.
    public let pointer: String
    /// The keyword that failed: `required`, `type`, `maximum`.
    public let rule: String
    public let expected: String
    public let got: String

    public init(pointer: String, rule: String, expected: String, got: String) {
        self.pointer = pointer
        self.rule = rule
        self.expected = expected
        self.got = got
    }
}

/// How a JSON pointer spells one step.
func pointerStep(_ name: String) -> String {
    "/" + String(name.prefix(100)).replacing("~", with: "~0").replacing("/", with: "~1")
}

/// At most this much of what came is told back.
func shortened(_ text: String) -> String { text.count <= 80 ? text : text.prefix(80) + "…" }
