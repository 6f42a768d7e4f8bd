public import Storage

/// What a transaction was for. The wire name appears once, here.
public enum TransactionCategory: String, Sendable, CaseIterable, SQLBindable, SQLReadable {
    case income
    case groceries
    case transport
    case rent
    case utilities
    case eatingOut = "eating_out"
    case subscriptions
    case phone
    case travel
    case health
    case education
    case children
    case shopping
    case entertainment
    case insurance
    case giving
    case household
    case savings
    case transfer
    case exchange
    case cash
    case interest
    case fees
    case other

    /// What a person reads: `Eating out`.
    public var words: String {
        switch self {
        case .income: "Income"
        case .groceries: "Groceries"
        case .transport: "Transport"
        case .rent: "Rent"
        case .utilities: "Utilities"
        case .eatingOut: "Eating out"
        case .subscriptions: "Subscriptions"
        case .phone: "Airtime and data"
        case .travel: "Travel"
        case .health: "Health"
        case .education: "Education"
        case .children: "Children"
        case .shopping: "Shopping"
        case .entertainment: "Entertainment"
        case .insurance: "Insurance"
        case .giving: "Giving"
        case .household: "Household"
        case .savings: "Savings"
        case .transfer: "Transfers"
        case .exchange: "Currency exchange"
        case .cash: "Cash"
        case .interest: "Interest"
        case .fees: "Fees"
        case .other: "Other"
        }
    }
}

/// The way a transaction was made.
public enum TransactionChannel: String, Sendable, CaseIterable, SQLBindable, SQLReadable {
    case card
    case mobileMoney = "mobile_money"
    case bankTransfer = "bank_transfer"
    case standingOrder = "standing_order"
    case directDebit = "direct_debit"
    case cashMachine = "cash_machine"
    case branch
    /// Made by the bank itself: interest, fees, opening balances.
    case bank
}
