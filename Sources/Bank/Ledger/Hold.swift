public import Primitives
public import Storage

/// A transaction that is made but not booked: a card payment before it settles, a cheque before it clears.
public struct Hold: Hashable, Sendable {
    public let id: TransactionID
    public let account: AccountID
    /// Signed as a posting is: a negative amount is set aside, a positive one waits without being spendable.
    public let amount: Money
    public let madeAt: Timestamp
    /// When it is expected to be booked.
    public let settlesAt: Timestamp
    public let narrative: Narrative
    public let payment: PaymentID?

    public init(
        id: TransactionID, account: AccountID, amount: Money, madeAt: Timestamp, settlesAt: Timestamp, narrative: Narrative, payment: PaymentID? = nil
    ) {
        self.id = id
        self.account = account
        self.amount = amount
        self.madeAt = madeAt
        self.settlesAt = settlesAt
        self.narrative = narrative
        self.payment = payment
    }
}

/// Where a hold stands; the last two are final.
public enum HoldState: String, Sendable, SQLBindable, SQLReadable {
    case pending
    case settled
    case released
}
