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
struct HeldPaymentsPage: Encodable {
    struct Row: Encodable {
        let id, amount, creditor, app, customer, since: String
        /// `nil` where a file pays several.
        let account: String?
        let reference: String?
        /// The one of the sandbox's scenarios that has it wait.
        let scenario: String?
        let isBlocked: Bool
        /// In words, the rules that applied.
        let reasons: [String]
        let score: String?
        let inputs: [Input]
        let hasInputs: Bool
    }

    struct Input: Encodable {
        let name, value: String
    }

    static let pageSize = 25

    let message: String?
    let rows: [Row]
    let hasRows: Bool
    let first, next: String?
}

extension StaffRoutes {
    func addHeldPayments(to routes: Routes) {
        routes.get("/staff/payments") { request, context in
            try await signedIn(request, context) { member in try await heldPayments(request, member, at: context.receivedAt) }
        }
        routes.post("/staff/payments/{id}/release") { request, context in
            try await form(request, context) { member, _ in try await decide(.accept, member, context) }
        }
        routes.post("/staff/payments/{id}/reject") { request, context in
            try await form(request, context) { member, _ in try await decide(.reject, member, context) }
        }
    }

    private func heldPayments(_ request: Request, _ member: StaffMember, at now: Timestamp) async throws -> Response {
        let decided = request.query?["decided"] ?? ""
        let after = request.query?["after"]
        let model = try await database.read { tx -> HeldPaymentsPage in
            let entries = try StaffQueue().entries(after: after, limit: HeldPaymentsPage.pageSize + 1, in: tx)
            let shown = entries.prefix(HeldPaymentsPage.pageSize)
            let rows = try shown.compactMap { try Self.row($0, at: now, in: tx) }
            return HeldPaymentsPage(
                message: try Self.message(decided, in: tx), rows: rows, hasRows: !rows.isEmpty, first: after == nil ? nil : "/staff/payments",
                next: entries.count > shown.count ? shown.last.map { "/staff/payments?after=\($0.cursor)" } : nil)
        }
        return pages.page("staff/payments", model, shell: member.shell("Held payments", current: "payments"))
    }

    private static func row(_ entry: StaffQueue.Entry, at now: Timestamp, in tx: any ReadTransaction) throws -> HeldPaymentsPage.Row? {
        switch entry {
        case .payment(let payment):
            HeldPaymentsPage.Row(
                payment, app: try Apps().find(payment.appID, in: tx)?.name, customer: try People().find(payment.personID, in: tx)?.name,
                kept: try RiskDecisions().find(of: payment.id, in: tx), at: now)
        case .file(let bulk):
            try bulk.execution.map { execution in
                HeldPaymentsPage.Row(
                    bulk, execution, app: try Apps().find(bulk.appID, in: tx)?.name, customer: try People().find(execution.personID, in: tx)?.name,
                    kept: try RiskDecisions().find(of: bulk.id.asPayment, in: tx), at: now)
            }
        }
    }

    /// What became of the one that was decided last.
    private static func message(_ decided: String, in tx: any ReadTransaction) throws -> String? {
        if let bulk = try BulkPaymentID(decided).flatMap({ try BulkPaymentRecords().find($0, in: tx) }), let execution = bulk.execution {
            return message("\(bulk.total.text) to \(bulk.count.of("payee"))", execution.status)
        }
        return try PaymentID(decided).flatMap { try PaymentRecords().find($0, in: tx) }.flatMap {
            message("\($0.instruction.amount.text) to \($0.instruction.creditor.name)", $0.status)
        }
    }

    private static func message(_ sentence: String, _ status: PaymentStatus) -> String? {
        switch status {
        case .accepted, .settled: "\(sentence) goes on."
        case .rejected: "\(sentence) is rejected, and the money is free again."
        case .cancelled: "\(sentence) was cancelled before."
        case .scheduled, .received, .held, .blocked: nil
        }
    }

    private func decide(_ event: PaymentEvent, _ member: StaffMember, _ context: AppContext) async throws -> Response {
        if let id = context.parameters.get("id").flatMap({ BulkPaymentID($0) }) { return try await decide(event, about: id, member, context) }
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

    private func decide(_ event: PaymentEvent, about id: BulkPaymentID, _ member: StaffMember, _ context: AppContext) async throws -> Response {
        let now = context.receivedAt
        let isKnown = try await database.write { [bulkBooks, requestID = context.requestID] tx in
            guard let bulk = try BulkPaymentRecords().find(id, in: tx), let execution = bulk.execution else { return false }
            guard execution.status == .held || execution.status == .blocked else { return true }
            let decided =
                event == .accept
                ? try bulkBooks.release(bulk, at: now, in: tx)
                : try bulkBooks.reject(bulk, by: .bank, because: .rejectedByBank, at: now, in: tx)
            guard decided != nil else { return true }
            try AuditLog().append(
                AuditEntry(
                    actor: .person(member.session.person.id), action: event == .accept ? .paymentReleased : .paymentRejected, subject: id.rawValue,
                    before: ["status": execution.status.rawValue], after: ["app": bulk.appID.rawValue], requestID: requestID, at: now), in: tx)
            return true
        }
        guard isKnown else { throw HTTPError(.notFound) }
        return .seeOther("/staff/payments?decided=\(id)")
    }
}

extension HeldPaymentsPage.Row {
    fileprivate init(_ payment: Payment, app: String?, customer: String?, kept: RiskDecisions.Kept?, at now: Timestamp) {
        self.init(
            id: payment.id.rawValue, amount: payment.instruction.amount, creditor: payment.instruction.creditor.name,
            account: payment.instruction.creditor.account, reference: payment.instruction.reference,
            scenario: payment.scenario?.name, app: app, customer: customer,
            since: payment.changedAt.moment(seenAt: now), status: payment.status, reason: payment.reason, kept: kept)
    }

    fileprivate init(_ bulk: BulkPayment, _ execution: BulkExecution, app: String?, customer: String?, kept: RiskDecisions.Kept?, at now: Timestamp) {
        self.init(
            id: bulk.id.rawValue, amount: bulk.total, creditor: bulk.count.of("payee"), account: nil, reference: bulk.reference, scenario: nil, app: app,
            customer: customer, since: execution.changedAt.moment(seenAt: now), status: execution.status, reason: execution.reason, kept: kept)
    }

    private init(
        id: String, amount: Money, creditor: String, account: String?, reference: String?, scenario: String?, app: String?, customer: String?, since: String,
        status: PaymentStatus, reason: PaymentReason, kept: RiskDecisions.Kept?
    ) {
        self.id = id
        self.amount = amount.text
        self.creditor = creditor
        self.account = account
        self.reference = reference
        self.scenario = scenario
        self.app = app ?? "A removed app"
        self.customer = customer ?? "A removed customer"
        self.since = since
        isBlocked = status == .blocked
        let names = kept?.decision.reasons ?? []
        reasons =
            reason == .interrupted
            ? ["The server stopped before its risk was decided."]
            : names.map { name in RiskRule(rawValue: name)?.words ?? "Its risk could not be decided in time." }
        score = kept.map { "Score \($0.decision.score), rules of \($0.decision.version)" }
        inputs = (kept?.inputs ?? []).map { .init(name: $0.name.replacing("_", with: " "), value: $0.value) }
        hasInputs = !inputs.isEmpty
    }
}
