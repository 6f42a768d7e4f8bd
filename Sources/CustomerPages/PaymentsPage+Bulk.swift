internal import Events
internal import Hummingbird
internal import Identity
internal import OpenBanking
internal import Pages
internal import Payments
internal import Primitives
internal import Storage
internal import Web

extension PaymentsPage {
    /// A file of payments that was carried out.
    struct BulkRow: Encodable {
        let id, amount, payments, address, app, from, when, status: String
        let reference: String?
        let isSettled, isRejected, mayCancel: Bool
    }
}

extension PaymentsPage.BulkRow {
    /// - Returns: `nil` for one that was not begun.
    init?(_ bulk: BulkPayment, _ book: NameBook, seenAt now: Timestamp) {
        guard let execution = bulk.execution else { return nil }
        self.init(
            id: bulk.id.rawValue, amount: bulk.total.text, payments: bulk.count.of("payment"), address: "/my/payments/\(bulk.id)", app: book.app(bulk.appID),
            from: book.account(execution.debtorAccount), when: execution.receivedAt.moment(seenAt: now), status: Self.words(for: execution, of: bulk),
            reference: bulk.reference, isSettled: execution.status == .settled, isRejected: execution.status == .rejected,
            mayCancel: execution.status.transition(on: .cancel, by: .customer) == .moves(to: .cancelled))
    }

    private static func words(for execution: BulkExecution, of bulk: BulkPayment) -> String {
        guard let paid = execution.paid, paid.count < bulk.count else { return execution.status.words }
        return "\(paid.count.grouped) of \(bulk.count.grouped) paid"
    }
}

extension CustomerRoutes {
    func cancelBulkPayment(_ id: BulkPaymentID, _ session: Session, _ context: AppContext) async throws -> Response {
        let (person, now, requestID) = (session.person.id, context.receivedAt, context.requestID)
        let isTheirs = try await database.write { [bulkBooks] tx in
            guard let bulk = try BulkPaymentRecords().find(id, in: tx), let execution = bulk.execution, execution.personID == person else { return false }
            // One that went on meanwhile stays as it is: the page shows what became of it.
            guard try bulkBooks.cancel(bulk, by: .customer, because: .cancelledByCustomer, at: now, in: tx) != nil else { return true }
            try AuditLog().append(
                AuditEntry(
                    actor: .person(person), action: .paymentCancelled, subject: id.rawValue, before: ["status": execution.status.rawValue],
                    after: ["app": bulk.appID.rawValue], requestID: requestID, at: now), in: tx)
            return true
        }
        guard isTheirs else { throw HTTPError(.notFound) }
        return .seeOther("/my/payments?cancelled=\(id)")
    }
}
