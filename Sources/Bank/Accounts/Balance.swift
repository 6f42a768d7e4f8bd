package import Primitives

/// What is on an account at one moment.
package struct Balance: Hashable, Sendable {
    package let accountID: AccountID
    /// The sum of all postings.
    package let booked: Money
    /// What may be spent now: booked, less what is held, plus the credit line; nothing on an account that pays nothing out.
    package let available: Money
    /// The agreed overdraft, contained in `available`.
    package let creditLine: Money
    package let status: AccountStatus
    package let asOf: Timestamp
}
