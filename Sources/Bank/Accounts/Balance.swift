public import Primitives

/// What is on an account at one moment.
public struct Balance: Hashable, Sendable {
    public let accountID: AccountID
    /// The sum of all postings.
    public let booked: Money
    /// What may be spent now: booked, less what is held, plus the credit line; nothing on an account that pays nothing out.
    public let available: Money
    /// The agreed overdraft, contained in `available`.
    public let creditLine: Money
    public let status: AccountStatus
    public let asOf: Timestamp
}
