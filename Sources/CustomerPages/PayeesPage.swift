internal import AuthorizationServer
internal import Consents
internal import Hummingbird
internal import Identity
internal import OpenBanking
internal import Pages
internal import Payments
internal import Primitives
internal import Storage
internal import Web

/// All payments of a file, page by page: before its customer decides, and afterwards with what became of each.
struct PayeesPage: Encodable {
    struct Row: Encodable {
        let number, amount, creditor, account, reference: String
        let status: String?
        let isSettled, isRejected: Bool
    }

    static let pageSize = 100

    let heading, lead: String
    let rows: [Row]
    let hasStatus: Bool
    let first, next: String?
    /// Where the page belongs; `nil` while it stands beside the question in a tab of its own.
    let back: String?
}

extension PayeesPage {
    /// - Parameter address: of the first page, with its query begun.
    init(_ bulk: BulkPayment, _ lines: [BulkPaymentLine], after: Int, address: String, back: String?) {
        let shown = lines.prefix(Self.pageSize)
        self.init(
            heading: "\(bulk.count.of("payment")) of \(bulk.total.text) in all",
            lead: bulk.reference.map { "The file “\($0)”, in its order." } ?? "One file, in its order.", rows: shown.map { Row($0, of: bulk) },
            hasStatus: bulk.execution != nil, first: after > 0 ? address : nil,
            next: lines.count > Self.pageSize ? shown.last.map { "\(address)after=\($0.number)" } : nil, back: back)
    }
}

extension PayeesPage.Row {
    init(_ line: BulkPaymentLine, of bulk: BulkPayment) {
        let words = PaymentWords(line.instruction)
        let outcome = line.refusedBecause == nil ? bulk.execution?.status : .rejected
        self.init(
            number: line.number.grouped, amount: words.amount, creditor: words.creditor, account: words.account, reference: words.reference,
            status: outcome?.words, isSettled: outcome == .settled, isRejected: outcome == .rejected)
    }
}

/// The first payments of a file on the page that asks for it, and the way to all of them.
struct PayeesPreview: Encodable {
    let rows: [PayeesPage.Row]
    /// `All 37 payments`, when not all are here.
    let more: String?
    let address: String

    static let size = 10
}

extension PayeesPreview {
    init(_ bulk: BulkPayment, _ lines: [BulkPaymentLine], sealed: String) {
        self.init(
            rows: lines.map { PayeesPage.Row($0, of: bulk) }, more: bulk.count > lines.count ? "All \(bulk.count.of("payment"))" : nil,
            address: "/oauth2/authorize/payees?transaction=\(sealed)")
    }
}

extension CustomerRoutes {
    /// `/oauth2/authorize/payees`: everybody whom the file pays, for the customer who is asked.
    func payeesToApprove(_ request: Request, _ context: AppContext) async throws -> Response {
        try await opened(request.query?["transaction"], request, context) { transaction, sealed in
            let step = try await authorization.step(transaction, session: try await session(of: request, context), at: context.receivedAt)
            guard case .consent(let question) = step, case .bulk(let order)? = question.payment?.order else { return .seeOther(Self.address(sealed)) }
            guard let page = try await payees(of: order.id, request, address: "/oauth2/authorize/payees?transaction=\(sealed)&", back: nil) else {
                throw HTTPError(.notFound)
            }
            var shell = shell(page.heading, for: nil, width: .single)
            shell.signedInAs = question.person.givenName
            return pages.page("customer/payees", page, shell: shell)
        }
    }

    /// `/my/payments/{id}`: a file that was carried out for the customer.
    func bulkPaymentPage(for session: Session, _ request: Request, _ context: AppContext) async throws -> Response {
        guard let id = context.parameters.get("id").flatMap({ BulkPaymentID($0) }),
            let bulk = try await database.readOne({ try BulkPaymentRecords().find(id, in: $0) }), bulk.execution?.personID == session.person.id,
            let page = try await payees(of: id, request, address: "/my/payments/\(id)?", back: "/my/payments")
        else { throw HTTPError(.notFound) }
        return pages.page("customer/payees", page, shell: shell(page.heading, for: session, current: "payments", width: .single))
    }

    private func payees(of id: BulkPaymentID, _ request: Request, address: String, back: String?) async throws -> PayeesPage? {
        let after = request.query?["after"].flatMap { Int($0) } ?? 0
        return try await database.read { tx in
            guard let bulk = try BulkPaymentRecords().find(id, in: tx) else { return nil }
            let lines = try BulkPaymentRecords().lines(of: bulk, after: after, limit: PayeesPage.pageSize + 1, in: tx)
            return PayeesPage(bulk, lines, after: after, address: address, back: back)
        }
    }
}
