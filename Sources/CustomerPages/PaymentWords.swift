internal import OpenBanking
internal import Primitives

/// A payment as its payer reads it.
struct PaymentWords {
    let amount, creditor, account, reference: String

    init(_ instruction: PaymentInstruction) {
        amount = instruction.amount.text
        creditor = instruction.creditor.name
        account = instruction.creditor.account
        reference = instruction.reference
    }

    /// `KES 1,250.00 to Kenya Power`
    var sentence: String { "\(amount) to \(creditor)" }
}
