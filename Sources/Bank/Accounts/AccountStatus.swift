public import Storage

/// Where an account stands.
public enum AccountStatus: String, Sendable, CaseIterable, SQLBindable, SQLReadable {
    case open
    /// A deposit before its term: money goes in, none comes out, and it cannot be shared.
    case locked
    /// Stopped by the bank: money goes in, none comes out.
    case frozen
    /// Ended: nothing moves any more.
    case closed

    public var allowsCredits: Bool { self != .closed }
    public var allowsDebits: Bool { self == .open }
    /// Whether an app may read it under a consent.
    public var isShareable: Bool { self == .open }
}
