import Primitives
public import Storage

/// Writes a persona's history into the tables, many rows to a statement.
public struct HistoryWriter: Sendable {
    public init() {}

    /// - Returns: `false` when the accounts are there already: nothing was written. Of two that write at once, one goes on.
    public func write(_ history: History, in tx: any WriteTransaction) throws -> Bool {
        for (index, account) in history.accounts.enumerated() {
            guard try Accounts().open(account.new, in: tx) else {
                // The first account is the claim; the rest cannot be there without it.
                guard index == 0 else { throw StorageError.conflict(constraint: "account.id") }
                return false
            }
            let state = account.state
            try tx.execute(
                """
                UPDATE account
                SET booked = \(state.booked), held = \(state.held), sequence = \(state.sequence)
                WHERE id = \(account.new.id)
                """)
        }
        try tx.insert(history.entries.map(\.entry))
        try tx.insert(history.entries.flatMap { booked in booked.booked.map { KeptPosting(entry: booked.entry, booked: $0) } })
        try tx.insert(history.holds)
        return true
    }
}
