public import Primitives

/// One line of a journal entry: an amount that comes to an account (positive) or leaves it (negative). Never changed once written.
public struct Posting: Hashable, Sendable {
    public let id: TransactionID
    public let account: AccountID
    /// Signed, in minor units, in the account's own currency.
    public let amount: Money
    public let narrative: Narrative
    /// The pending transaction that this one settles.
    public let pendingID: TransactionID?

    public init(id: TransactionID, account: AccountID, amount: Money, narrative: Narrative, pendingID: TransactionID? = nil) {
        self.id = id
        self.account = account
        self.amount = amount
        self.narrative = narrative
        self.pendingID = pendingID
    }
}

/// What a transaction says about itself on the statement of one account.
public struct Narrative: Hashable, Sendable {
    public let description: String
    public let counterparty: Counterparty?
    public let category: TransactionCategory
    public let channel: TransactionChannel

    public init(_ description: String, counterparty: Counterparty? = nil, category: TransactionCategory, channel: TransactionChannel) {
        self.description = description
        self.counterparty = counterparty
        self.category = category
        self.channel = channel
    }
}

/// The other side of a transaction: a merchant, an employer, a friend, another account of the same customer.
public struct Counterparty: Hashable, Sendable {
    public let name: String
    /// An account number here or at another bank, or a paybill or till number.
    public let account: String?

    public init(name: String, account: String? = nil) {
        self.name = name
        self.account = account
    }

    /// Those who hold an account of this bank, the first holder first.
    init(holders: [String], account: String) {
        self.init(name: holders.joined(separator: " and "), account: account)
    }
}

/// A posting as it stands in the books of its account.
public struct BookedPosting: Hashable, Sendable {
    public let posting: Posting
    /// Its place in the account's own order; 0 on the bank's accounts, which keep none.
    public let sequence: Int64
    /// What was booked on the account after it; `nil` on the bank's accounts.
    public let balanceAfter: Int64?
}
