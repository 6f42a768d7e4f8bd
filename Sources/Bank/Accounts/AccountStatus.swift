import Storage

/// Where an account stands.
package enum AccountStatus: String, Sendable, CaseIterable, SQLBindable, SQLReadable {
    case open
    /// A deposit before its term: money goes in, none comes out, and it cannot be shared.
    case locked
    /// Stopped by the bank: money goes in, none comes out.
    case frozen
    /// Ended: nothing moves any more.
    case closed

    package var allowsCredits: Bool { self != .closed }
    package var allowsDebits: Bool { self == .open }
    /// Whether an app may read it under a consent.
    package var isShareable: Bool { self == .open }
}
