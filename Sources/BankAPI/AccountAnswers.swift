import Bank
import Primitives

/// The members of each answer stand in the contract's order and bear its names (`openapi/accounts.yaml`).
struct ListAnswer<Element: Encodable>: Encodable {
    let data: [Element]
    let links: LinksAnswer
}

struct LinksAnswer: Encodable {
    let `self`: String
    let next: String?
}

struct AmountAnswer: Encodable {
    let amount: String
    let currency: String

    init(_ money: Money) {
        amount = money.decimal
        currency = money.currency.rawValue
    }
}

struct AccountAnswer: Encodable {
    let id, name, kind, currency, masked_number, status: String

    init(_ account: Account) {
        id = account.id.rawValue
        name = account.name
        kind = account.kind.rawValue
        currency = account.currency.rawValue
        masked_number = account.maskedNumber
        status = account.status.rawValue
    }
}

struct AccountDetailsAnswer: Encodable {
    let id, name, kind, currency, masked_number, status, number, holder: String
    let joint_holders: [String]
    let opened_at: String

    init(_ account: Account) {
        id = account.id.rawValue
        name = account.name
        kind = account.kind.rawValue
        currency = account.currency.rawValue
        masked_number = account.maskedNumber
        status = account.status.rawValue
        number = account.number
        holder = account.holderNames.first ?? ""
        joint_holders = Array(account.holderNames.dropFirst())
        opened_at = account.openedAt.rfc3339
    }
}

struct BalanceAnswer: Encodable {
    let account_id: String
    let booked, available: AmountAnswer
    let as_of: String

    init(_ balance: Balance) {
        account_id = balance.accountID.rawValue
        booked = AmountAnswer(balance.booked)
        available = AmountAnswer(balance.available)
        as_of = balance.asOf.rfc3339
    }
}

struct TransactionAnswer: Encodable {
    let id, account_id: String
    let amount: AmountAnswer
    let direction, status, booked_at, value_at: String
    let description, counterparty, category: String?

    /// - Parameter isDetailed: whether the consent holds ReadTransactionsDetail; without it nobody learns what it was for.
    init(_ transaction: BankTransaction, isDetailed: Bool) {
        id = transaction.id.rawValue
        account_id = transaction.accountID.rawValue
        amount = AmountAnswer(transaction.amount)
        direction = transaction.direction.rawValue
        status = transaction.status.rawValue
        booked_at = transaction.bookedAt.rfc3339
        value_at = transaction.valueAt.rfc3339
        description = isDetailed ? transaction.description : nil
        counterparty = isDetailed ? transaction.counterparty?.name : nil
        category = isDetailed ? transaction.category.rawValue : nil
    }
}
