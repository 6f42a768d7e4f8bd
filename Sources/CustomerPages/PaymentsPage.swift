internal import Bank
internal import Hummingbird
internal import Identity
internal import OpenBanking
internal import Pages
internal import Payments
internal import Primitives
internal import Storage
internal import Web

/// `/my/payments`: what apps paid for the customer, and where each payment stands.
struct PaymentsPage {
    struct Row {
        let amount, creditor, account, reference, app, from, when, status: String
        let isSettled, isRejected: Bool
    }

    /// A file of payments.
    struct BulkRow {
        let amount, payments, address, app, from, when, status: String
        let reference: String?
        let isSettled, isRejected: Bool
    }

    let payments: [Row]
    let bulks: [BulkRow]
    let hasPayments, hasBulks, hasNothing: Bool
}

extension CustomerRoutes {
    func paymentsPage(for session: Session, _ context: AppContext) async throws -> Response {
        let (payments, bulks) = try await database.read { tx in
            (try PaymentRecords().list(ofPerson: session.person.id, in: tx), try BulkPaymentRecords().list(ofPerson: session.person.id, in: tx))
        }
        let book = try await names(
            session.person, apps: payments.map(\.appID) + bulks.map(\.appID),
            accounts: payments.map(\.debtorAccount) + bulks.compactMap { $0.execution?.debtorAccount })
        let rows = payments.map { payment in
            let words = PaymentWords(payment.instruction)
            return PaymentsPage.Row(
                amount: words.amount, creditor: words.creditor, account: words.account, reference: words.reference, app: book.app(payment.appID),
                from: Self.account(payment.debtorAccount, in: book),
                when: payment.createdAt.moment(seenAt: context.receivedAt), status: payment.status.words, isSettled: payment.status == .settled,
                isRejected: payment.status == .rejected)
        }
        let bulkRows = bulks.compactMap { bulk in
            bulk.execution.map { execution in
                PaymentsPage.BulkRow(
                    amount: bulk.total.text, payments: bulk.count.of("payment"), address: "/my/payments/\(bulk.id)", app: book.app(bulk.appID),
                    from: Self.account(execution.debtorAccount, in: book), when: execution.receivedAt.moment(seenAt: context.receivedAt),
                    status: Self.words(for: execution, of: bulk), reference: bulk.reference, isSettled: execution.status == .settled,
                    isRejected: execution.status == .rejected)
            }
        }
        let page = PaymentsPage(
            payments: rows, bulks: bulkRows, hasPayments: !rows.isEmpty, hasBulks: !bulkRows.isEmpty, hasNothing: rows.isEmpty && bulkRows.isEmpty)
        return pages.page("customer/payments", page, shell: shell("Payments through apps", for: session, current: "payments", width: .single))
    }

    private static func account(_ id: AccountID, in book: NameBook) -> String {
        book.accounts[id].map { "\($0.name) \($0.maskedNumber)" } ?? "an account that was yours"
    }

    private static func words(for execution: BulkExecution, of bulk: BulkPayment) -> String {
        guard let paid = execution.paid, paid.count < bulk.count else { return execution.status.words }
        return "\(paid.count.grouped) of \(bulk.count.grouped) paid"
    }
}

extension PaymentStatus {
    /// What a payer reads.
    var words: String {
        switch self {
        case .scheduled: "On its day"
        case .received, .accepted: "On its way"
        case .held, .blocked: "The bank is looking at it"
        case .settled: "Paid"
        case .rejected: "Not paid"
        case .cancelled: "Cancelled"
        }
    }
}
