public import Primitives
public import Storage

/// What the ledger's rules need to know of an account, and what they change.
public struct AccountState: Hashable, Sendable {
    public let currency: Currency
    public var status: AccountStatus
    /// How far below zero the account may go; `nil` on the bank's own accounts, which have no limit.
    public let overdraftLimit: Int64?
    /// The sum of all postings.
    public var booked: Int64
    /// What pending debits have set aside, not negative.
    public var held: Int64
    /// How many things have happened on the account: the order of its transactions.
    public var sequence: Int64

    public init(currency: Currency, status: AccountStatus = .open, overdraftLimit: Int64? = 0, booked: Int64 = 0, held: Int64 = 0, sequence: Int64 = 0) {
        self.currency = currency
        self.status = status
        self.overdraftLimit = overdraftLimit
        self.booked = booked
        self.held = held
        self.sequence = sequence
    }

    /// One of the bank's own accounts.
    public static func bank(_ currency: Currency) -> AccountState { AccountState(currency: currency, overdraftLimit: nil) }

    public var isBank: Bool { overdraftLimit == nil }

    /// What may be spent, saturating: it is shown and compared, never booked.
    public var available: Int64 {
        status.allowsDebits ? margin : 0
    }

    /// How far the account is above its limit, whatever its status.
    var margin: Int64 { booked.saturatingAdding(overdraftLimit ?? 0).saturatingSubtracting(held) }

    func balance(of id: AccountID, at now: Timestamp) -> Balance {
        Balance(
            accountID: id, booked: Money(minorUnits: booked, currency: currency), available: Money(minorUnits: available, currency: currency),
            creditLine: Money(minorUnits: overdraftLimit ?? 0, currency: currency), status: status, asOf: now)
    }
}

extension AccountState {
    /// From the columns currency, status, overdraft_limit, booked, held and sequence.
    public init(_ row: Row) throws {
        self.init(
            currency: try row["currency"], status: try row["status"], overdraftLimit: try row["overdraft_limit"], booked: try row["booked"],
            held: try row["held"], sequence: try row["sequence"])
    }
}

extension Int64 {
    func saturatingAdding(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }

    func saturatingSubtracting(_ other: Int64) -> Int64 {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? (other < 0 ? .max : .min) : difference
    }

    func checkedAdding(_ other: Int64) throws(LedgerRefusal) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        guard !overflow else { throw .amountTooLarge }
        return sum
    }

    func checkedSubtracting(_ other: Int64) throws(LedgerRefusal) -> Int64 {
        let (difference, overflow) = subtractingReportingOverflow(other)
        guard !overflow else { throw .amountTooLarge }
        return difference
    }
}
