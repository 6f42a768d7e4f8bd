import Applications
import Consents
import Events
import Gateway
import HTTPTypes
import JSON
import OpenBanking
import Payments
import Primitives
import Storage
import Web

/// The operations on standing orders, for sandbox apps.
struct StandingOrderOperations: Sendable {
    private let database: any Database
    private let books: PaymentBooks
    private let records = StandingOrderRecords()
    private let idempotency = IdempotencyRecords()

    init(database: any Database, randomness: any RandomSource) {
        self.database = database
        books = PaymentBooks(randomness: randomness)
    }

    static let operations: Set<String> = ["createStandingOrder", "listStandingOrders", "getStandingOrder", "cancelStandingOrder"]

    func respond(to call: GuardedCall) async throws -> UpstreamAnswer {
        switch call.operation {
        case "createStandingOrder": try await create(call)
        case "listStandingOrders": try await list(call)
        case "getStandingOrder": try await read(call)
        case "cancelStandingOrder": try await cancel(call)
        default: throw UnservedOperation(operation: call.operation)
        }
    }

    private func create(_ call: GuardedCall) async throws -> UpstreamAnswer {
        let new = try NewStandingOrder(call)
        do {
            return try await database.write { [books, idempotency] tx in
                let order = try books.take(new, at: call.now, in: tx)
                let answer = UpstreamAnswer.json(order.body(call.base), status: .created, headers: [.location: order.address(call.base)])
                return try idempotency.complete(call.idempotency, with: answer, in: tx)
            }
        } catch let refusal as PaymentRefusal {
            throw refusal.problem
        }
    }

    private func list(_ call: GuardedCall) async throws -> UpstreamAnswer {
        try await call.page(of: StandingOrderID.self) { [database, records] before, limit in
            try await database.readOne { try records.list(ofApp: call.app.id, before: before, limit: limit, in: $0) }
                .map { ($0.id, $0.body(call.base)) }
        }
    }

    private func read(_ call: GuardedCall) async throws -> UpstreamAnswer {
        guard let order = try await database.readOne({ [records] tx in try Self.order(of: call, records, in: tx) }) else { throw Self.unknown(call) }
        return .json(order.body(call.base), records: 1)
    }

    /// Cancelling what has ended changes nothing and is no error: the app wanted no more payments.
    private func cancel(_ call: GuardedCall) async throws -> UpstreamAnswer {
        let order = try await database.write { [books, records] tx -> StandingOrder? in
            guard let order = try Self.order(of: call, records, in: tx) else { return nil }
            guard let cancelled = try books.cancel(order.id, by: .partner, at: call.now, in: tx) else { return order }
            try call.audit(.standingOrderCancelled, of: order.id.rawValue, at: order.status.rawValue, in: tx)
            return cancelled
        }
        guard let order else { throw Self.unknown(call) }
        return .json(order.body(call.base), records: 1)
    }

    /// The order in the path when it is this app's: another's looks like one that does not exist.
    private static func order(of call: GuardedCall, _ records: StandingOrderRecords, in tx: any ReadTransaction) throws -> StandingOrder? {
        guard let id = call.pathParameters["standing_order_id"].flatMap(StandingOrderID.init), let order = try records.find(id, in: tx),
            order.appID == call.app.id
        else { return nil }
        return order
    }

    private static func unknown(_ call: GuardedCall) -> Problem { call.unknown("standing_order_id", "standing_order", "made") }
}

extension NewStandingOrder {
    /// Reads the body of `POST /v1/standing-orders`, whose shape the gateway has checked.
    /// - Throws: a `Problem` that names every rule the values break.
    fileprivate init(_ call: GuardedCall) throws {
        let body = call.body ?? .null
        let (consent, person) = try call.namedConsent()
        var violations: [Problem.Violation] = []
        let instruction = PaymentInstruction(body, at: "", &violations)
        let first = CivilDate(body["first_date"], at: "/first_date", &violations)
        let last = CivilDate(body["last_date"], at: "/last_date", &violations)
        var plan: StandingOrderPlan?
        if let first, let frequency = body["frequency"]?.string.flatMap(StandingOrderFrequency.init) {
            plan = StandingOrderPlan(frequency: frequency, firstDate: first, lastDate: last)
            if plan == nil {
                violations.append(.init(pointer: "/last_date", rule: "day", expected: "not before first_date", got: last?.description ?? ""))
            }
        }
        guard violations.isEmpty, let instruction, let plan else {
            throw Problem(.invalidRequest, "The standing order cannot be taken as it stands.", errors: violations)
        }
        self.init(
            appID: call.app.id, personID: person, consentID: consent.id, instruction: instruction, plan: plan, idempotencyKey: call.idempotency?.key,
            requestID: call.requestID)
    }
}

extension StandingOrder {
    /// A standing order on the wire: the contract's schema `StandingOrder`.
    func body(_ base: any BaseAddress) -> JSONObject {
        var body = JSONObject([
            ("id", .string(id.rawValue)), ("status", .string(status.rawValue)), ("consent_id", .string(consentID.rawValue)),
        ])
        for member in instruction.json.members { body.append(member.name, member.value) }
        body.append("frequency", .string(plan.frequency.rawValue))
        body.append("first_date", .string(plan.firstDate.description))
        body.append("last_date", plan.lastDate?.description)
        body.append("next_date", nextDate?.description)
        body.append("payments_made", .integer(Int64(made)))
        body.append("debtor_account", .string(debtorAccount.rawValue))
        body.append("created_at", .string(createdAt.rfc3339))
        body.append("ended_at", endedAt?.rfc3339)
        body.append("ended_by", endedBy?.rawValue)
        body.append("links", .object(PageLinks(current: address(base)).json))
        return body
    }

    func address(_ base: any BaseAddress) -> String { base.address("/v1/standing-orders/\(id)") }
}
