public import Primitives

/// Why the ledger does not do what it was asked.
public enum LedgerRefusal: Error, Hashable, Sendable {
    case tooFewPostings
    case nothingMoved(AccountID)
    case unbalanced(Currency)
    case wrongCurrency(AccountID)
    case unknownAccount(AccountID)
    /// The account's status does not let this amount in or out.
    case blocked(AccountID, AccountStatus)
    /// - Parameter available: what could be spent.
    case insufficientFunds(AccountID, available: Money)
    /// A sum beyond what 64 bits hold.
    case amountTooLarge
    case alreadyReversed(EntryID)
    case unknownEntry(EntryID)
    /// The hold was settled or released before, or never was.
    case notPending(TransactionID)
    /// A settlement for more than was held.
    case beyondHold(TransactionID)
}
