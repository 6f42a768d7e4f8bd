package import Primitives
import Storage

/// A transaction that is made but not booked: a card payment before it settles, a cheque before it clears.
package struct Hold: Hashable, Sendable {
    package let id: TransactionID
    package let account: AccountID
    /// Signed as a posting is: a negative amount is set aside, a positive one waits without being spendable.
    package let amount: Money
    package let madeAt: Timestamp
    /// When it is expected to be booked.
    package let settlesAt: Timestamp
    package let narrative: Narrative
    package let payment: PaymentID?

    package init(
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
package enum HoldState: String, Sendable, SQLBindable, SQLReadable {
    case pending
    case settled
    case released
}
