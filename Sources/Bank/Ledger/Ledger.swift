public import Primitives

/// The rules of the books, without storage: each changes the states it is given, or refuses and changes none.
public enum Ledger {
    /// Books an entry.
    /// - Throws: when an account is unknown, of another currency, blocked, or would go below its limit. What only gains may gain, even below its limit.
    public static func post(_ entry: JournalEntry, on accounts: inout [AccountID: AccountState]) throws(LedgerRefusal) -> [BookedPosting] {
        var after = accounts
        let booked = try book(entry, on: &after, isReserved: false)
        try checkFunds(for: entry, before: accounts, after: after)
        accounts = after
        return booked
    }

    /// The entry that takes another back: the same postings with the signs turned.
    /// - Parameter ids: an id for each posting, in order.
    public static func reversal(
        of entry: JournalEntry, id: EntryID, ids: [TransactionID], at now: Timestamp, because reason: String
    ) throws(LedgerRefusal) -> JournalEntry {
        guard ids.count == entry.postings.count else { throw .tooFewPostings }
        var postings: [Posting] = []
        for (posting, id) in zip(entry.postings, ids) {
            let amount = try Int64(0).checkedSubtracting(posting.amount.minorUnits)
            postings.append(
                Posting(
                    id: id, account: posting.account, amount: Money(minorUnits: amount, currency: posting.amount.currency),
                    narrative: Narrative(
                        reason, counterparty: posting.narrative.counterparty, category: posting.narrative.category, channel: posting.narrative.channel)))
        }
        return try JournalEntry(
            id: id, world: entry.world, kind: .reversal, bookedAt: now, postings: postings, reverses: entry.id, payment: entry.payment)
    }

    /// Sets an amount aside, or notes one that is on its way in.
    /// - Returns: its place in the account's order.
    public static func hold(_ hold: Hold, on state: inout AccountState) throws(LedgerRefusal) -> Int64 {
        guard hold.amount.currency == state.currency else { throw .wrongCurrency(hold.account) }
        guard hold.amount.minorUnits != 0 else { throw .nothingMoved(hold.account) }
        var next = state
        next.sequence = try state.sequence.checkedAdding(1)
        if hold.amount.minorUnits < 0 {
            guard state.status.allowsDebits else { throw .blocked(hold.account, state.status) }
            next.held = try state.held.checkedSubtracting(hold.amount.minorUnits)
            guard next.available >= 0 else { throw insufficient(hold.account, state) }
        } else {
            guard state.status.allowsCredits else { throw .blocked(hold.account, state.status) }
        }
        state = next
        return state.sequence
    }

    /// Frees what a hold set aside.
    public static func release(_ hold: Hold, on state: inout AccountState) throws(LedgerRefusal) {
        guard hold.amount.currency == state.currency else { throw .wrongCurrency(hold.account) }
        guard hold.amount.minorUnits < 0 else { return }
        let held = try state.held.checkedAdding(hold.amount.minorUnits)
        guard held >= 0 else { throw .notPending(hold.id) }
        state.held = held
    }

    /// Books what was held: for no more than was held, and also on an account frozen since, because the money was promised before.
    public static func settle(
        _ hold: Hold, with entry: JournalEntry, on accounts: inout [AccountID: AccountState]
    ) throws(LedgerRefusal) -> [BookedPosting] {
        let settling = entry.postings.filter { $0.pendingID == hold.id && $0.account == hold.account }
        guard let posting = settling.first, settling.count == 1, (posting.amount.minorUnits < 0) == (hold.amount.minorUnits < 0),
            posting.amount.minorUnits.magnitude <= hold.amount.minorUnits.magnitude
        else { throw .beyondHold(hold.id) }
        guard var state = accounts[hold.account] else { throw .unknownAccount(hold.account) }
        try release(hold, on: &state)
        var after = accounts
        after[hold.account] = state
        let booked = try book(entry, on: &after, isReserved: true)
        try checkFunds(for: entry, before: accounts, after: after)
        accounts = after
        return booked
    }

    private static func book(
        _ entry: JournalEntry, on accounts: inout [AccountID: AccountState], isReserved: Bool
    ) throws(LedgerRefusal) -> [BookedPosting] {
        var booked: [BookedPosting] = []
        for posting in entry.postings {
            guard var state = accounts[posting.account] else { throw .unknownAccount(posting.account) }
            guard posting.amount.currency == state.currency else { throw .wrongCurrency(posting.account) }
            guard !state.isBank else {
                booked.append(BookedPosting(posting: posting, sequence: 0, balanceAfter: nil))
                continue
            }
            let isAllowed = posting.amount.minorUnits > 0 || isReserved ? state.status.allowsCredits : state.status.allowsDebits
            guard isAllowed else { throw .blocked(posting.account, state.status) }
            state.booked = try state.booked.checkedAdding(posting.amount.minorUnits)
            state.sequence = try state.sequence.checkedAdding(1)
            accounts[posting.account] = state
            booked.append(BookedPosting(posting: posting, sequence: state.sequence, balanceAfter: state.booked))
        }
        return booked
    }

    /// No account may end below its limit, unless it ends no lower than it was.
    private static func checkFunds(
        for entry: JournalEntry, before: [AccountID: AccountState], after: [AccountID: AccountState]
    ) throws(LedgerRefusal) {
        for posting in entry.postings where posting.amount.minorUnits < 0 {
            guard let before = before[posting.account], let after = after[posting.account], !after.isBank else { continue }
            guard after.margin >= min(0, before.margin) else { throw insufficient(posting.account, before) }
        }
    }

    private static func insufficient(_ account: AccountID, _ state: AccountState) -> LedgerRefusal {
        .insufficientFunds(account, available: Money(minorUnits: state.available, currency: state.currency))
    }
}
