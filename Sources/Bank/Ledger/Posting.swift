package import Primitives

/// One line of a journal entry: an amount that comes to an account (positive) or leaves it (negative). Never changed once written.
package struct Posting: Hashable, Sendable {
    package let id: TransactionID
    package let account: AccountID
    /// Signed, in minor units, in the account's own currency.
    package let amount: Money
    package let narrative: Narrative
    /// The pending transaction that this one settles.
    package let pendingID: TransactionID?

    package init(id: TransactionID, account: AccountID, amount: Money, narrative: Narrative, pendingID: TransactionID? = nil) {
        self.id = id
        self.account = account
        self.amount = amount
        self.narrative = narrative
        self.pendingID = pendingID
    }
}

/// What a transaction says about itself on the statement of one account.
package struct Narrative: Hashable, Sendable {
    package let description: String
    package let counterparty: Counterparty?
    package let category: TransactionCategory
    package let channel: TransactionChannel

    package init(_ description: String, counterparty: Counterparty? = nil, category: TransactionCategory, channel: TransactionChannel) {
        self.description = description
        self.counterparty = counterparty
        self.category = category
        self.channel = channel
    }
}

/// The other side of a transaction: a merchant, an employer, a friend, another account of the same customer.
package struct Counterparty: Hashable, Sendable {
    package let name: String
    /// An account number here or at another bank, or a paybill or till number.
    package let account: String?

    package init(name: String, account: String? = nil) {
        self.name = name
        self.account = account
    }
}

/// A posting as it stands in the books of its account.
package struct BookedPosting: Hashable, Sendable {
    package let posting: Posting
    /// Its place in the account's own order; 0 on the bank's accounts, which keep none.
    package let sequence: Int64
    /// What was booked on the account after it; `nil` on the bank's accounts.
    package let balanceAfter: Int64?
}
