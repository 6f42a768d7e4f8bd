/// One thing an app may read under a consent, named as the UK Open Banking Read/Write API names it.
public enum Permission: String, CaseIterable, Sendable, Codable {
    case readAccountsBasic = "ReadAccountsBasic"
    case readAccountsDetail = "ReadAccountsDetail"
    case readBalances = "ReadBalances"
    case readTransactionsBasic = "ReadTransactionsBasic"
    case readTransactionsDetail = "ReadTransactionsDetail"
    case readTransactionsCredits = "ReadTransactionsCredits"
    case readTransactionsDebits = "ReadTransactionsDebits"

    /// What the customer reads beside the tick.
    public var words: String {
        switch self {
        case .readAccountsBasic: "The name, kind, currency and last digits of your accounts"
        case .readAccountsDetail: "Your account numbers, and the names of the account holders"
        case .readBalances: "How much is in your accounts"
        case .readTransactionsBasic: "The dates and amounts of your transactions"
        case .readTransactionsDetail: "Who your transactions were with, and their descriptions"
        case .readTransactionsCredits: "Money that comes in"
        case .readTransactionsDebits: "Money that goes out"
        }
    }

    /// Whether it speaks of transactions, and so belongs to the scope `transactions.read`.
    public var isAboutTransactions: Bool {
        switch self {
        case .readTransactionsBasic, .readTransactionsDetail, .readTransactionsCredits, .readTransactionsDebits: true
        case .readAccountsBasic, .readAccountsDetail, .readBalances: false
        }
    }
}
