internal import Bank
internal import Events
internal import Hummingbird
internal import Identity
internal import OpenBanking
internal import Pages
internal import Payments
internal import Primitives
internal import Storage
internal import Web

/// `/my/payments`: what apps paid and ordered for the customer, where each stands, and what can still be cancelled.
struct PaymentsPage: Encodable {
    struct Row: Encodable {
        let id, amount, creditor, account, reference, app, from, when, status: String
        /// The day that it was ordered for.
        let day: String?
        let isSettled, isRejected, mayCancel: Bool
    }

    struct Order: Encodable {
        let id, amount, creditor, account, reference, app, from, plan, status: String
        let next: String?
        let mayCancel: Bool
    }

    let heading: String
    let isFirst: Bool
    let message: String?
    /// What can still be cancelled: all of it.
    let open: [Row]
    let openBulks: [BulkRow]
    let hasOpen: Bool
    /// Those that still pay: all of them.
    let orders: [Order]
    let hasOrders: Bool
    let payments: [Row]
    let hasPayments: Bool
    let bulks: [BulkRow]
    let hasBulks: Bool
    let endedOrders: [Order]
    let hasEndedOrders: Bool
    let olderPayments, olderBulks, olderOrders: String?
    let hasNothing: Bool
    let csrf: String
}

extension CustomerRoutes {
    func addPayments(to routes: Routes) {
        routes.get("/my/payments") { request, context in
            try await signedIn(request, context) { try await paymentsPage(for: $0, request, context) }
        }
        routes.get("/my/payments/{id}") { request, context in
            try await signedIn(request, context) { try await bulkPaymentPage(for: $0, request, context) }
        }
        routes.post("/my/payments/{id}/cancel") { request, context in
            try await signedInForm(request, context) { session, _ in try await cancelPayment(session, context) }
        }
        routes.post("/my/standing-orders/{id}/cancel") { request, context in
            try await signedInForm(request, context) { session, _ in try await cancelOrder(session, context) }
        }
    }

    private func paymentsPage(for session: Session, _ request: Request, _ context: AppContext) async throws -> Response {
        let (person, now) = (session.person, context.receivedAt)
        let place = request.query?["before"].flatMap(PaymentsPage.Place.init)
        let cancelled = request.query?["cancelled"] ?? ""
        let (lists, message) = try await database.read { tx in
            (try PaymentsPage.Lists(of: person.id, before: place, in: tx), try Self.message(cancelled, of: person.id, in: tx))
        }
        let book = try await names(person, apps: lists.apps, accounts: lists.accounts)
        let page = PaymentsPage(lists, of: place, message, book, csrf: csrf.token(for: session.id.rawValue), seenAt: now)
        return pages.page("customer/payments", page, shell: shell(page.heading, for: session, current: "payments", width: .single))
    }

    /// What became of the one that was cancelled last.
    private static func message(_ cancelled: String, of person: PersonID, in tx: any ReadTransaction) throws -> String? {
        if let payment = try PaymentID(cancelled).flatMap({ try PaymentRecords().find($0, in: tx) }), payment.personID == person {
            return message(PaymentWords(payment.instruction).sentence, payment.status)
        }
        if let bulk = try BulkPaymentID(cancelled).flatMap({ try BulkPaymentRecords().find($0, in: tx) }), let execution = bulk.execution,
            execution.personID == person
        {
            return message("The file of \(bulk.count.of("payment")), \(bulk.total.text) in all,", execution.status)
        }
        guard let order = try StandingOrderID(cancelled).flatMap({ try StandingOrderRecords().find($0, in: tx) }), order.personID == person,
            order.status != .active
        else { return nil }
        return "The standing order of \(PaymentWords(order.instruction).sentence) is cancelled: it pays no more."
    }

    private static func message(_ sentence: String, _ status: PaymentStatus) -> String {
        status == .cancelled ? "\(sentence) is cancelled: it will not be paid." : "\(sentence) could not be cancelled any more."
    }

    private func cancelPayment(_ session: Session, _ context: AppContext) async throws -> Response {
        if let id = context.parameters.get("id").flatMap({ BulkPaymentID($0) }) { return try await cancelBulkPayment(id, session, context) }
        guard let id = context.parameters.get("id").flatMap({ PaymentID($0) }) else { throw HTTPError(.notFound) }
        let (person, now, requestID) = (session.person.id, context.receivedAt, context.requestID)
        let isTheirs = try await database.write { [books] tx in
            guard let payment = try PaymentRecords().find(id, in: tx), payment.personID == person else { return false }
            // One that went on meanwhile stays as it is: the page shows what became of it.
            guard try books.cancel(payment, by: .customer, because: .cancelledByCustomer, at: now, in: tx) != nil else { return true }
            try AuditLog().append(
                AuditEntry(
                    actor: .person(person), action: .paymentCancelled, subject: id.rawValue, before: ["status": payment.status.rawValue],
                    after: ["app": payment.appID.rawValue], requestID: requestID, at: now), in: tx)
            return true
        }
        guard isTheirs else { throw HTTPError(.notFound) }
        return .seeOther("/my/payments?cancelled=\(id)")
    }

    private func cancelOrder(_ session: Session, _ context: AppContext) async throws -> Response {
        guard let id = context.parameters.get("id").flatMap({ StandingOrderID($0) }) else { throw HTTPError(.notFound) }
        let (person, now, requestID) = (session.person.id, context.receivedAt, context.requestID)
        let isTheirs = try await database.write { [books] tx in
            guard let order = try StandingOrderRecords().find(id, in: tx), order.personID == person else { return false }
            guard try books.cancel(id, by: .customer, at: now, in: tx) != nil else { return true }
            try AuditLog().append(
                AuditEntry(
                    actor: .person(person), action: .standingOrderCancelled, subject: id.rawValue, before: ["status": order.status.rawValue],
                    after: ["app": order.appID.rawValue], requestID: requestID, at: now), in: tx)
            return true
        }
        guard isTheirs else { throw HTTPError(.notFound) }
        return .seeOther("/my/payments?cancelled=\(id)")
    }
}

extension PaymentsPage {
    fileprivate init(_ lists: Lists, of place: Place?, _ message: String?, _ book: NameBook, csrf: String, seenAt now: Timestamp) {
        let open = lists.open.map { Row($0, book, seenAt: now) }
        let openBulks = lists.openBulks.compactMap { BulkRow($0, book, seenAt: now) }
        let orders = lists.orders.map { Order($0, book) }
        let payments = lists.payments.prefix(Self.pageSize).map { Row($0, book, seenAt: now) }
        let bulks = lists.bulks.prefix(Self.pageSize).compactMap { BulkRow($0, book, seenAt: now) }
        let endedOrders = lists.endedOrders.prefix(Self.pageSize).map { Order($0, book) }
        let hasOpen = !open.isEmpty || !openBulks.isEmpty
        self.init(
            heading: place?.heading ?? "Payments through apps", isFirst: place == nil, message: message, open: open, openBulks: openBulks, hasOpen: hasOpen,
            orders: orders, hasOrders: !orders.isEmpty, payments: payments, hasPayments: !payments.isEmpty, bulks: bulks, hasBulks: !bulks.isEmpty,
            endedOrders: endedOrders, hasEndedOrders: !endedOrders.isEmpty, olderPayments: Self.older(lists.payments.map(\.id)),
            olderBulks: Self.older(lists.bulks.map(\.id)), olderOrders: Self.older(lists.endedOrders.map(\.id)),
            hasNothing: !hasOpen && orders.isEmpty && payments.isEmpty && bulks.isEmpty && endedOrders.isEmpty, csrf: csrf)
    }
}

extension PaymentsPage.Row {
    fileprivate init(_ payment: Payment, _ book: NameBook, seenAt now: Timestamp) {
        let words = PaymentWords(payment.instruction)
        self.init(
            id: payment.id.rawValue, amount: words.amount, creditor: words.creditor, account: words.account, reference: words.reference,
            app: book.app(payment.appID), from: book.account(payment.debtorAccount), when: payment.createdAt.moment(seenAt: now),
            status: payment.status.words, day: payment.executionDate?.words, isSettled: payment.status == .settled,
            isRejected: payment.status == .rejected,
            mayCancel: payment.status.transition(on: .cancel, by: .customer) == .moves(to: .cancelled))
    }
}

extension PaymentsPage.Order {
    fileprivate init(_ order: StandingOrder, _ book: NameBook) {
        let words = PaymentWords(order.instruction)
        let end = order.plan.lastDate.map { " until \($0.words)" } ?? ""
        self.init(
            id: order.id.rawValue, amount: words.amount, creditor: words.creditor, account: words.account, reference: words.reference,
            app: book.app(order.appID), from: book.account(order.debtorAccount),
            plan: "\(order.plan.frequency.words) from \(order.plan.firstDate.words)\(end)", status: order.status.words,
            next: order.nextDate?.words, mayCancel: order.status == .active)
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

extension StandingOrderStatus {
    fileprivate var words: String {
        switch self {
        case .active: "In force"
        case .completed: "All paid"
        case .cancelled: "Cancelled"
        }
    }
}
