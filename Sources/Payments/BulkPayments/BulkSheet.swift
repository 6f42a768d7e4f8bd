import Bank
import OpenBanking
import Primitives

/// Which payments of a file can be booked, and the one entry that books them.
struct BulkSheet {
    private let bulk: BulkPayment
    private let debtor: Account
    private let creditors: [String: Account]
    private var payable: [BulkPaymentLine]
    /// The numbers of those that cannot.
    private(set) var refused: [PaymentReason: [Int]] = [:]

    /// - Parameter creditors: by their numbers, those that are in the bank.
    init(_ bulk: BulkPayment, _ lines: [BulkPaymentLine], from debtor: Account, to creditors: [String: Account]) {
        self.bulk = bulk
        self.debtor = debtor
        self.creditors = creditors
        payable = []
        for line in lines {
            if let reason = reasonNotPaying(line) { refused[reason, default: []].append(line.number) } else { payable.append(line) }
        }
    }

    private func reasonNotPaying(_ line: BulkPaymentLine) -> PaymentReason? {
        guard let account = creditors[line.instruction.creditor.account] else { return nil }
        if !account.status.allowsCredits { return .accountClosed }
        return account.id == debtor.id || account.currency != bulk.total.currency ? .creditorRefused : nil
    }

    /// An account turns out to take nothing.
    mutating func refuse(_ account: AccountID) {
        let numbers = payable.filter { creditors[$0.instruction.creditor.account]?.id == account }.map(\.number)
        refused[.accountClosed, default: []] += numbers
        payable.removeAll { creditors[$0.instruction.creditor.account]?.id == account }
    }

    /// Part of the file's total, which 64 bits hold.
    var paid: BulkExecution.Paid {
        BulkExecution.Paid(
            count: payable.count, total: Money(minorUnits: payable.reduce(0) { $0 + $1.instruction.amount.minorUnits }, currency: bulk.total.currency))
    }

    /// One debit for all, a credit for each creditor in the bank, and one for what leaves it.
    /// - Returns: `nil` when there is nothing to book.
    func entry(in world: OrganisationID, hold: TransactionID, at now: Timestamp, _ randomness: any RandomSource) -> JournalEntry? {
        guard !payable.isEmpty else { return nil }
        let total = paid.total
        var postings = [
            Posting(
                id: TransactionID(at: now, from: randomness), account: debtor.id, amount: Money(minorUnits: -total.minorUnits, currency: total.currency),
                narrative: bulk.narrative, pendingID: hold)
        ]
        var leaving: Int64 = 0
        let payer = debtor.counterparty
        for line in payable {
            guard let creditor = creditors[line.instruction.creditor.account] else {
                leaving += line.instruction.amount.minorUnits
                continue
            }
            postings.append(
                Posting(
                    id: TransactionID(at: now, from: randomness), account: creditor.id, amount: line.instruction.amount,
                    narrative: line.instruction.narrative(naming: payer)))
        }
        if leaving > 0 {
            postings.append(
                Posting(
                    id: TransactionID(at: now, from: randomness), account: InternalAccount.clearing.id(total.currency, in: world),
                    amount: Money(minorUnits: leaving, currency: total.currency), narrative: bulk.narrative))
        }
        return try? JournalEntry(
            id: EntryID(at: now, from: randomness), world: world, kind: .transfer, bookedAt: now, postings: postings, payment: bulk.id.asPayment)
    }
}
