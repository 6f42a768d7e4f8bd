import Applications
import Hummingbird
import OAuth
import OpenBanking
import Pages
import Payments
import Primitives
import Storage
import Web

/// `/portal/apps/{id}/payments`: what the app paid, each with its timeline, page by page.
struct PaymentsPage: PortalPage {
    let site: PortalSite

    func add(to router: Router<AppContext>) {
        router.get("/portal/apps/{id}/payments") { request, context in
            try await site.page(request, context) { (developer: Developer) in
                try await show(try await site.app(context, of: developer), developer, request, context)
            }
        }
    }

    static let pageSize = 30

    struct Step {
        let status, code, reason, when: String
    }

    struct Row {
        let id, amount, creditor, account, reference, origin, status, code: String
        /// The day that it was ordered for.
        let day: String?
        /// How the app asked to have it turn out.
        let scenario: String?
        let isSettled, isRejected, isWaiting: Bool
        let timeline: [Step]
    }

    struct Model {
        let app: AppHead
        let rows: [Row]
        let hasRows, mayPay: Bool
        let next, first: String?
    }

    private func show(_ app: App, _ developer: Developer, _ request: Request, _ context: AppContext) async throws -> Response {
        let before = request.query?["before"].flatMap { PaymentID($0) }
        let (payments, timelines) = try await site.database.read { tx in
            let payments = try PaymentRecords().list(ofApp: app.id, before: before, limit: Self.pageSize + 1, in: tx)
            return (payments, try PaymentRecords().timelines(of: payments.map(\.id), in: tx))
        }
        let shown = payments.prefix(Self.pageSize)
        let address = "/portal/apps/\(app.id)/payments"
        let model = Model(
            app: AppHead(app, tab: "payments", at: context.receivedAt), rows: shown.map { Row($0, timelines[$0.id] ?? []) }, hasRows: !shown.isEmpty,
            mayPay: app.scopes.contains(.paymentsWrite), next: payments.count > Self.pageSize ? shown.last.map { "\(address)?before=\($0.id)" } : nil,
            first: before == nil ? nil : address)
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
        self.timeline = timeline.map { step in
            .init(
                status: step.status.rawValue, code: step.status.iso20022,
                reason: step.reason.rawValue + (step.reason.iso20022.map { " (\($0))" } ?? ""), when: step.at.dayAndClock)
        }
    }
}
