public import Primitives

/// What a persona did until now: the accounts as they stand, and everything that led there. Each step has passed the ledger's rules.
public struct History: Sendable {
    public let accounts: [SeededAccount]
    let entries: [BookedEntry]
    let holds: [KeptHold]

    /// How many transactions the customer's statements show.
    public var transactionCount: Int {
        entries.reduce(holds.count { $0.state == .pending }) { count, entry in count + entry.booked.count { $0.balanceAfter != nil } }
    }

    /// The text of everything, for comparing two histories byte by byte.
    public var fingerprint: Digest {
        var text = ""
        for account in accounts { text += "\(account.new.id) \(account.state.booked) \(account.state.held) \(account.state.sequence)\n" }
        for entry in entries {
            text += "\(entry.entry.id) \(entry.entry.bookedAt.seconds)\n"
            for booked in entry.booked {
                let (posting, narrative) = (booked.posting, booked.posting.narrative)
                text += "\(posting.id) \(posting.account) \(posting.amount.minorUnits) \(narrative.category.rawValue) \(narrative.channel.rawValue) "
                text += "\(narrative.description) \(narrative.counterparty?.name ?? "") \(narrative.counterparty?.account ?? "")\n"
            }
        }
        for hold in holds { text += "\(hold.hold.id) \(hold.hold.amount.minorUnits) \(hold.state.rawValue)\n" }
        return Digest(of: text)
    }
}

/// An account and what its history left on it.
public struct SeededAccount: Sendable {
    public let new: NewAccount
    public let state: AccountState
}

/// An entry with its postings as booked.
struct BookedEntry: Sendable {
    let entry: JournalEntry
    let booked: [BookedPosting]
}
