import Applications
import Consents
import Hummingbird
import OAuth
import OpenBanking
import Pages
import Payments
import Primitives
import Storage
import Web

/// `/portal/apps/{id}/payments`: what the app paid and which files it sent, each with its timeline, page by page: behind the first, a page goes on with one.
struct PaymentsPage: PortalPage {
    let site: PortalSite

    func add(to routes: Routes) {
        routes.get("/portal/apps/{id}/payments") { request, context in
            try await site.page(request, context) { (developer: Developer) in
                try await show(try await site.app(context, of: developer), developer, request, context)
            }
        }
    }

    static let pageSize = 30

    struct Step: Encodable {
        let status, code, reason, when: String
    }

    struct Row: Encodable {
        let id, amount, creditor, account, reference, origin, status, code: String
        /// The day that it was ordered for.
        let day: String?
        /// How the app asked to have it turn out.
        let scenario: String?
        let isSettled, isRejected, isWaiting: Bool
        let timeline: [Step]
    }

    /// A file of payments.
    struct BulkRow: Encodable {
        let id, amount, payments, consent, status, code: String
        let reference, outcome: String?
        let isSettled, isRejected, isWaiting: Bool
        let timeline: [Step]
    }

    struct Model: Encodable {
        let app: AppHead
        let rows: [Row]
        let bulks: [BulkRow]
        let hasRows, hasBulks, hasNothing, mayPay: Bool
        let older, olderFiles, first: String?
    }

    private func show(_ app: App, _ developer: Developer, _ request: Request, _ context: AppContext) async throws -> Response {
        // Its prefix tells which of the two goes on.
        let place = request.query?["before"]
        let (before, beforeFile) = (place.flatMap { PaymentID($0) }, place.flatMap { BulkPaymentID($0) })
        let now = context.receivedAt
        let (payments, timelines, files, fileRows) = try await site.database.read { tx in
            let payments = beforeFile == nil ? try PaymentRecords().list(ofApp: app.id, before: before, limit: Self.pageSize + 1, in: tx) : []
            let files = before == nil ? try BulkPaymentRecords().list(ofApp: app.id, before: beforeFile, limit: Self.pageSize + 1, in: tx) : []
            let steps = try BulkPaymentRecords().timelines(of: files.map(\.id), in: tx)
            let fileRows = try files.prefix(Self.pageSize).map { file in
                BulkRow(file, try Consents().find(file.consentID, in: tx)?.status(at: now) ?? .expired, steps[file.id] ?? [])
            }
            return (payments, try PaymentRecords().timelines(of: payments.map(\.id), in: tx), files.map(\.id), fileRows)
        }
        let shown = payments.prefix(Self.pageSize)
        let address = "/portal/apps/\(app.id)/payments"
        let isFirst = before == nil && beforeFile == nil
        let model = Model(
            app: AppHead(app, tab: "payments", at: now), rows: shown.map { Row($0, timelines[$0.id] ?? []) }, bulks: fileRows, hasRows: !shown.isEmpty,
            hasBulks: !fileRows.isEmpty, hasNothing: shown.isEmpty && fileRows.isEmpty, mayPay: app.scopes.contains(.paymentsWrite),
            older: payments.count > Self.pageSize ? shown.last.map { "\(address)?before=\($0.id)" } : nil,
            olderFiles: files.count > Self.pageSize ? "\(address)?before=\(files[Self.pageSize - 1])" : nil, first: isFirst ? nil : address)
        return site.pages.page("portal/payments", model, shell: developer.shell("Payments of \(app.name)", current: "apps"))
    }
}

extension PaymentsPage.Row {
    fileprivate init(_ payment: Payment, _ timeline: [PaymentStep]) {
        id = payment.id.rawValue
        amount = payment.instruction.amount.text
        creditor = payment.instruction.creditor.name
        account = payment.instruction.creditor.account
        reference = payment.instruction.reference
        origin =
            switch payment.kind {
            case .payment: "under \(payment.consentID)"
            case .transfer: "transfer under \(payment.consentID)"
            case .standingOrder: "of \(payment.standingOrderID?.rawValue ?? "a standing order")"
            }
        day = payment.executionDate?.description
        status = payment.status.rawValue
        code = payment.status.iso20022
        scenario = payment.scenario?.name
        isSettled = payment.status == .settled
        isRejected = payment.status == .rejected
        isWaiting = payment.status == .held || payment.status == .blocked
        self.timeline = timeline.map(PaymentsPage.Step.init)
    }
}

extension PaymentsPage.Step {
    fileprivate init(_ step: PaymentStep) {
        status = step.status.rawValue
        code = step.status.iso20022
        reason = step.reason.rawValue + (step.reason.iso20022.map { " (\($0))" } ?? "")
        when = step.at.dayAndClock
    }
}

extension PaymentsPage.BulkRow {
    fileprivate init(_ bulk: BulkPayment, _ consent: ConsentStatus, _ timeline: [PaymentStep]) {
        let standing = BulkPaymentStatus(bulk.execution?.status, consent: consent)
        let paid = bulk.execution?.paid.flatMap { $0.count < bulk.count ? $0 : nil }
        id = bulk.id.rawValue
        amount = bulk.total.text
        payments = bulk.count.of("payment")
        self.consent = bulk.consentID.rawValue
        status = standing == .consent(.awaitingAuthorisation) ? "awaiting approval" : standing.rawValue
        code = standing.iso20022(isPartial: paid != nil)
        reference = bulk.reference
        outcome = paid.map { "\($0.count.grouped) of \(bulk.count.grouped) paid, \($0.total.text)" }
        isSettled = standing == .payment(.settled)
        isRejected = standing.iso20022() == "RJCT"
        isWaiting = standing == .payment(.held) || standing == .payment(.blocked)
        self.timeline = timeline.map(PaymentsPage.Step.init)
    }
}
