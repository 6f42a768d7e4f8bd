public import Primitives

/// Who did something.
public enum Actor: Hashable, Sendable, CustomStringConvertible {
    case person(PersonID)
    case app(AppID)
    /// The operator, through the `wekeza` command.
    case commandLine
    /// The program itself: expiry, seeding, a refusal of somebody unknown.
    case system

    /// The form in tables and filters: `person:usr_…`, `app:app_…`, `command_line`, `system`.
    public var text: String {
        switch self {
        case .person(let id): "person:\(id)"
        case .app(let id): "app:\(id)"
        case .commandLine: "command_line"
        case .system: "system"
        }
    }

    public init?(_ text: String) {
        let halves = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        switch (halves.first, halves.count) {
        case ("command_line", 1): self = .commandLine
        case ("system", 1): self = .system
        case ("person", 2):
            guard let id = PersonID(halves[1]) else { return nil }
            self = .person(id)
        case ("app", 2):
            guard let id = AppID(halves[1]) else { return nil }
            self = .app(id)
        default: return nil
        }
    }

    public var description: String { text }
}
