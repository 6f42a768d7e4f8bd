import Bank
import Consents
import OpenBanking
import Primitives

extension PaymentTerms {
    /// Why this payment cannot be made from an account, as the rest of a sentence; `nil` when it can.
    func reasonNotPaying(from account: Account) -> String? {
        if let debtorAccount, debtorAccount != account.id { return "the app asks for another account" }
        if case .bulk(let bulk) = order, let number = bulk.debtorNumber, number != account.number { return "the app asks for another account" }
        if account.currency != order.currency { return "it holds \(account.currency.rawValue), not \(order.currency.rawValue)" }
        if account.number == order.creditor?.account { return "it is the account that would be paid" }
        return nil
    }
}
