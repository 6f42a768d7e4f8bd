import Applications
import Events
import HTTPTypes
import Hummingbird
import Identity
import OpenBanking
import Pages
import Payments
import Primitives
import Risk
import Storage
import Web

/// `/staff/payments`: the payments that wait for a decision of a person, why, and with what the rules looked at.
struct HeldPaymentsPage {
    struct Row {
        let id, amount, creditor, account, reference, app, customer, since: String
        let isBlocked: Bool
        /// In words, the rules that applied.
        let reasons: [String]
        let score: String?
        let inputs: [Input]
        let hasInputs: Bool
    }

    struct Input {
        let name, value: String
    }

    let message: String?
    let rows: [Row]
    let hasRows: Bool
}

extension StaffRoutes {
    func addHeldPayments(to router: Router<AppContext>) {
        router.get("/staff/payments") { request, context in
            try await signedIn(request, context) { member in try await heldPayments(request, member) }
        }
        router.post("/staff/payments/{id}/release") { request, context in
            try await form(request, context) { member, _ in try await decide(.accept, member, context) }
        }
        router.post("/staff/payments/{id}/reject") { request, context in
            try await form(request, context) { member, _ in try await decide(.reject, member, context) }
        }
    }

    private func heldPayments(_ request: Request, _ member: StaffMember) async throws -> Response {
        let decided = request.query?["decided"].flatMap { PaymentID($0) }
        let (rows, payment) = try await database.read { tx -> ([HeldPaymentsPage.Row], Payment?) in
            let rows = try PaymentRecords().waitingForStaff(in: tx).map { payment in
                HeldPaymentsPage.Row(
                    payment, app: try Apps().find(payment.appID, in: tx)?.name, customer: try People().find(payment.personID, in: tx)?.name,
                    kept: try RiskDecisions().find(of: payment.id, in: tx))
            }
            return (rows, try decided.flatMap { try PaymentRecords().find($0, in: tx) })
        }
        let model = HeldPaymentsPage(message: payment.flatMap(Self.message), rows: rows, hasRows: !rows.isEmpty)
        return pages.page("staff/payments", model, shell: member.shell("Held payments", current: "payments"))
    }

    private static func message(_ payment: Payment) -> String? {
        let sentence = "\(payment.instruction.amount.text) to \(payment.instruction.creditor.name)"
        return switch payment.status {
        case .accepted, .settled: "\(sentence) goes on."
        case .rejected: "\(sentence) is rejected, and the money is free again."
        case .cancelled: "\(sentence) was cancelled before."
        case .scheduled, .received, .held, .blocked: nil
        }
    }

    private func decide(_ event: PaymentEvent, _ member: StaffMember, _ context: AppContext) async throws -> Response {
        guard let id = context.parameters.get("id").flatMap({ PaymentID($0) }) else { throw HTTPError(.notFound) }
        let now = context.receivedAt
        let isKnown = try await database.write { [books, requestID = context.requestID] tx in
            guard let payment = try PaymentRecords().find(id, in: tx) else { return false }
            // A payment that does not wait any more stays as it is: the page shows what became of it.
            guard payment.status == .held || payment.status == .blocked else { return true }
            let decided =
                event == .accept
                ? try books.release(payment, at: now, in: tx)
                : try books.reject(payment, by: .bank, because: .rejectedByBank, at: now, in: tx)
            guard decided != nil else { return true }
            try AuditLog().append(
                AuditEntry(
                    actor: .person(member.session.person.id), action: event == .accept ? .paymentReleased : .paymentRejected, subject: id.rawValue,
                    before: ["status": payment.status.rawValue], after: ["app": payment.appID.rawValue], requestID: requestID, at: now), in: tx)
            return true
        }
        guard isKnown else { throw HTTPError(.notFound) }
        return .seeOther("/staff/payments?decided=\(id)")
    }
}

extension HeldPaymentsPage.Row {
    fileprivate init(_ payment: Payment, app: String?, customer: String?, kept: RiskDecisions.Kept?) {
        id = payment.id.rawValue
        amount = payment.instruction.amount.text
        creditor = payment.instruction.creditor.name
        account = payment.instruction.creditor.account
        reference = payment.instruction.reference
        self.app = app ?? "A removed app"
        self.customer = customer ?? "A removed customer"
        since = payment.changedAt.dayAndClock
        isBlocked = payment.status == .blocked
        let names = kept?.decision.reasons ?? []
        reasons =
            payment.reason == .interrupted
            ? ["The server stopped before its risk was decided."]
            : names.map { name in RiskRule(rawValue: name)?.words ?? "Its risk could not be decided in time." }
        score = kept.map { "Score \($0.decision.score), rules of \($0.decision.version)" }
        inputs = (kept?.inputs ?? []).map { .init(name: $0.name.replacing("_", with: " "), value: $0.value) }
        hasInputs = !inputs.isEmpty
    }
}
