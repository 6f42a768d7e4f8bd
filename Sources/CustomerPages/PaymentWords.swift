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
}
