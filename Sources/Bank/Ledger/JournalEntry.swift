public import Primitives
public import Storage

/// What a journal entry records.
public enum EntryKind: String, Sendable, CaseIterable, SQLBindable, SQLReadable {
    /// What was on an account when its history here begins.
    case opening
    case transfer
    case card
    case cash
    case exchange
    case interest
    case fee
    case reversal
}

/// A balanced set of postings, booked at one moment.
public struct JournalEntry: Hashable, Sendable {
    public let id: EntryID
    public let world: OrganisationID
    public let kind: EntryKind
    public let bookedAt: Timestamp
    /// From when the amounts bear interest.
    public let valueAt: Timestamp
    public let postings: [Posting]
    /// The entry that this one takes back.
    public let reverses: EntryID?
    public let payment: PaymentID?

    /// - Throws: unless there are two postings at least, none of them of nothing, and each currency sums to zero.
    public init(
        id: EntryID, world: OrganisationID, kind: EntryKind, bookedAt: Timestamp, valueAt: Timestamp? = nil, postings: [Posting],
        reverses: EntryID? = nil, payment: PaymentID? = nil
    ) throws(LedgerRefusal) {
        guard postings.count >= 2 else { throw .tooFewPostings }
        for posting in postings where posting.amount.minorUnits == 0 { throw .nothingMoved(posting.account) }
        for currency in Currency.allCases {
            var sum: Int64 = 0
            for posting in postings where posting.amount.currency == currency {
                let (next, overflow) = sum.addingReportingOverflow(posting.amount.minorUnits)
                guard !overflow else { throw .amountTooLarge }
                sum = next
            }
            guard sum == 0 else { throw .unbalanced(currency) }
        }
        self.id = id
        self.world = world
        self.kind = kind
        self.bookedAt = bookedAt
        self.valueAt = valueAt ?? bookedAt
        self.postings = postings
        self.reverses = reverses
        self.payment = payment
    }
}
