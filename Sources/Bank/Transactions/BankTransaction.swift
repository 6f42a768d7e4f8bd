public import Primitives
import Storage

/// Whether money came to an account or left it.
public enum Direction: String, Sendable, CaseIterable {
    case credit
    case debit
}

public enum TransactionStatus: String, Sendable, CaseIterable {
    /// Final: a booked transaction never changes.
    case booked
    /// Made, not yet booked: it may be booked under another id, or vanish.
    case pending
}

/// One line of an account's statement.
public struct BankTransaction: Hashable, Sendable {
    public let id: TransactionID
    public let accountID: AccountID
    /// Positive; the direction tells the sign.
    public let amount: Money
    public let direction: Direction
    public let status: TransactionStatus
    /// When it was booked; for a pending one, when it was made.
    public let bookedAt: Timestamp
    /// From when it bears interest; for a pending one, when it is expected to be booked.
    public let valueAt: Timestamp
    public let description: String
    public let counterparty: Counterparty?
    public let category: TransactionCategory
    public let channel: TransactionChannel
    /// What was booked on the account after it; `nil` while it is pending.
    public let runningBalance: Money?
    /// The pending transaction that became this one.
    public let pendingID: TransactionID?
    /// Its place in the account's own order.
    public let sequence: Int64
}

extension BankTransaction {
    init(booked row: Row) throws {
        let currency: Currency = try row["currency"]
        let balance: Int64? = try row["balance_after"]
        try self.init(
            row, currency: currency, status: .booked, at: try row["booked_at"], valueAt: try row["value_at"],
            runningBalance: balance.map { Money(minorUnits: $0, currency: currency) }, pendingID: try row["pending_id"])
    }

    init(pending row: Row) throws {
        try self.init(
            row, currency: try row["currency"], status: .pending, at: try row["made_at"], valueAt: try row["settles_at"], runningBalance: nil, pendingID: nil)
    }

    private init(
        _ row: Row, currency: Currency, status: TransactionStatus, at bookedAt: Timestamp, valueAt: Timestamp, runningBalance: Money?,
        pendingID: TransactionID?
    ) throws {
        let amount: Int64 = try row["amount"]
        let narrative = try Narrative(row)
        self.init(
            id: try row["id"], accountID: try row["account_id"],
            amount: Money(minorUnits: Int64(clamping: amount.magnitude), currency: currency), direction: amount < 0 ? .debit : .credit, status: status,
            bookedAt: bookedAt, valueAt: valueAt, description: narrative.description, counterparty: narrative.counterparty,
            category: narrative.category, channel: narrative.channel, runningBalance: runningBalance, pendingID: pendingID,
            sequence: try row["sequence"])
    }
}
