public import Primitives

/// How long consents live.
public enum ConsentTerm {
    /// The longest a consent may be asked for: one year, leap day included.
    public static let longest = Duration.days(366)
    /// The life of a consent that plain scopes made.
    public static let standard = Duration.days(90)
    /// How long a payment consent lives when its app states no end.
    public static let payment = Duration.hours(24)
    /// A lodged consent that nobody authorised is swept after this long.
    public static let unauthorised = Duration.hours(24)

    /// - Returns: why this end cannot be asked for at `now`; `nil` when it can.
    public static func refusal(expiresAt: Timestamp, at now: Timestamp) -> ConsentTermRefusal? {
        if expiresAt <= now { return .past }
        if expiresAt > now + longest { return .tooLong }
        return nil
    }
}

public enum ConsentTermRefusal: Error, Hashable, Sendable {
    case past
    case tooLong

    public var expected: String {
        switch self {
        case .past: "a moment in the future"
        case .tooLong: "at most one year ahead"
        }
    }
}

/// The bookings a consent lets an app read, both ends included; an open end has no bound.
public struct DataWindow: Hashable, Sendable {
    public let from: Timestamp?
    public let to: Timestamp?

    /// - Returns: `nil` when it would end before it begins.
    public init?(from: Timestamp?, to: Timestamp?) {
        if let from, let to, from > to { return nil }
        self.from = from
        self.to = to
    }

    public var isOpen: Bool { from == nil && to == nil }

    /// Whether a moment that a request names explicitly lies inside.
    public func contains(_ moment: Timestamp) -> Bool {
        (from.map { $0 <= moment } ?? true) && (to.map { moment <= $0 } ?? true)
    }

    /// `2026-01-01T00:00:00Z to any date`
    public var text: String { "\(from?.rfc3339 ?? "any date") to \(to?.rfc3339 ?? "any date")" }
}
