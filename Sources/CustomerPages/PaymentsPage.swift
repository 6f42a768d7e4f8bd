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

    let payments: [Row]
    let hasPayments: Bool
}

extension CustomerRoutes {
    func paymentsPage(for session: Session, _ context: AppContext) async throws -> Response {
        let payments = try await database.readOne { try PaymentRecords().list(ofPerson: session.person.id, in: $0) }
        let book = try await names(session.person, apps: payments.map(\.appID), accounts: payments.map(\.debtorAccount))
        let rows = payments.map { payment in
            let words = PaymentWords(payment.instruction)
            return PaymentsPage.Row(
                amount: words.amount, creditor: words.creditor, account: words.account, reference: words.reference, app: book.app(payment.appID),
                from: book.accounts[payment.debtorAccount].map { "\($0.name) \($0.maskedNumber)" } ?? "an account that was yours",
                when: payment.createdAt.moment(seenAt: context.receivedAt), status: payment.status.words, isSettled: payment.status == .settled,
                isRejected: payment.status == .rejected)
        }
        return pages.page(
            "customer/payments", PaymentsPage(payments: rows, hasPayments: !rows.isEmpty),
            shell: shell("Payments through apps", for: session, current: "payments", width: .single))
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
