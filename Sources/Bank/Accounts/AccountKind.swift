public import Storage

/// What kind of account a customer holds.
public enum AccountKind: String, Sendable, CaseIterable, SQLBindable, SQLReadable {
    case current
    case savings
    case fixedDeposit = "fixed_deposit"
    /// The bank's own accounts, which stand opposite the customers' in the journal.
    case `internal`

    /// What a person reads: `Fixed deposit`.
    public var words: String {
        switch self {
        case .current: "Current account"
        case .savings: "Savings account"
        case .fixedDeposit: "Fixed deposit"
        case .internal: "Internal account"
        }
    }
}
