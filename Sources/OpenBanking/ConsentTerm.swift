package import Primitives

/// How long consents live.
package enum ConsentTerm {
    /// The longest a consent may be asked for: one year, leap day included.
    package static let longest = Duration.days(366)
    /// The life of a consent that plain scopes made.
    package static let standard = Duration.days(90)
    /// How long a payment consent lives when its app states no end.
    package static let payment = Duration.hours(24)
    /// A lodged consent that nobody authorised is swept after this long.
    package static let unauthorised = Duration.hours(24)

    /// - Returns: why this end cannot be asked for at `now`; `nil` when it can.
    package static func refusal(expiresAt: Timestamp, at now: Timestamp) -> ConsentTermRefusal? {
        if expiresAt <= now { return .past }
        if expiresAt > now + longest { return .tooLong }
        return nil
    }
}

package enum ConsentTermRefusal: Error, Hashable, Sendable {
    case past
    case tooLong

    package var expected: String {
        switch self {
        case .past: "a moment in the future"
        case .tooLong: "at most one year ahead"
        }
    }
}

/// The bookings a consent lets an app read, both ends included; an open end has no bound.
package struct DataWindow: Hashable, Sendable {
    package let from: Timestamp?
    package let to: Timestamp?

    /// - Returns: `nil` when it would end before it begins.
    package init?(from: Timestamp?, to: Timestamp?) {
        if let from, let to, from > to { return nil }
        self.from = from
        self.to = to
    }

    package var isOpen: Bool { from == nil && to == nil }

    /// Whether a moment that a request names explicitly lies inside.
    package func contains(_ moment: Timestamp) -> Bool {
        (from.map { $0 <= moment } ?? true) && (to.map { moment <= $0 } ?? true)
    }

    /// `2026-01-01T00:00:00Z to any date`
    package var text: String { "\(from?.rfc3339 ?? "any date") to \(to?.rfc3339 ?? "any date")" }
}
