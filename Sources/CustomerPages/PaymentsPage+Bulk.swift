internal import OpenBanking
internal import Pages
internal import Payments
internal import Primitives

extension PaymentsPage {
    /// A file of payments that was carried out.
    struct BulkRow: Encodable {
        let amount, payments, address, app, from, when, status: String
        let reference: String?
        let isSettled, isRejected: Bool
    }
}

extension PaymentsPage.BulkRow {
    /// - Returns: `nil` for one that was not begun.
    init?(_ bulk: BulkPayment, _ book: NameBook, seenAt now: Timestamp) {
        guard let execution = bulk.execution else { return nil }
        self.init(
            amount: bulk.total.text, payments: bulk.count.of("payment"), address: "/my/payments/\(bulk.id)", app: book.app(bulk.appID),
            from: book.account(execution.debtorAccount), when: execution.receivedAt.moment(seenAt: now), status: Self.words(for: execution, of: bulk),
            reference: bulk.reference, isSettled: execution.status == .settled, isRejected: execution.status == .rejected)
    }

    private static func words(for execution: BulkExecution, of bulk: BulkPayment) -> String {
        guard let paid = execution.paid, paid.count < bulk.count else { return execution.status.words }
        return "\(paid.count.grouped) of \(bulk.count.grouped) paid"
    }
}
