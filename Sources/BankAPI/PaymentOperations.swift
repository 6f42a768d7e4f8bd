import Applications
import Bank
import Consents
import Contract
import Events
import Gateway
import HTTPTypes
import JSON
import OpenBanking
import Payments
import Primitives
import Risk
import Storage
import Web

/// The operations on payments, for sandbox apps: a live app's go to the bank behind `--upstream`.
struct PaymentOperations: Sendable {
    private let database: any Database
    private let randomness: any RandomSource
    private let process: PaymentProcess
    private let records = PaymentRecords()
    private let idempotency = IdempotencyRecords()

    init(database: any Database, randomness: any RandomSource, riskDeadline: Duration) {
        self.database = database
        self.randomness = randomness
        process = PaymentProcess(database: database, randomness: randomness, deadline: riskDeadline)
    }

    static let operations: Set<String> = [
        "createPayment", "listPayments", "getPayment", "cancelPayment", "createTransfer", "listTransfers", "getTransfer",
        "cancelTransfer",
    ]

    func respond(to call: GuardedCall) async throws -> UpstreamAnswer {
        switch call.operation {
        case "createPayment": try await create(.payment, call)
        case "listPayments": try await list([.payment, .standingOrder], call)
        case "getPayment": try await read([.payment, .standingOrder], call)
        case "cancelPayment": try await cancel([.payment, .standingOrder], call)
        case "createTransfer": try await create(.transfer, call)
        case "listTransfers": try await list([.transfer], call)
        case "getTransfer": try await read([.transfer], call)
        case "cancelTransfer": try await cancel([.transfer], call)
        default: throw UnservedOperation(operation: call.operation)
        }
    }

    private func create(_ kind: PaymentKind, _ call: GuardedCall) async throws -> UpstreamAnswer {
        let new = try NewPayment(kind, call)
        let fault = new.scenario?.fault
        if let fault, !fault.isMade { throw fault.kind.problem(call) }
        let outcome = try await process.make(new, at: call.now) { [idempotency] payment, tx in
            let body = try Story(of: payment, in: tx).body(call.base)
            let answer = UpstreamAnswer.json(body, status: .created, headers: [.location: payment.address(call.base)])
            return try idempotency.complete(call.idempotency, with: answer, in: tx)
        }
        switch outcome {
        case .success(let answer):
            // The answer is kept under the request's key: it is lost on the way only.
            if let fault { throw fault.kind.problem(call) }
            return answer
        case .failure(let refusal): throw refusal.problem
        }
    }

    private func list(_ kinds: [PaymentKind], _ call: GuardedCall) async throws -> UpstreamAnswer {
        try await call.page(of: PaymentID.self) { [database, records] before, limit in
            let stories = try await database.read { tx in
                try Story.each(of: records.list(ofApp: call.app.id, kinds: kinds, before: before, limit: limit, in: tx), in: tx)
            }
            return stories.map { ($0.payment.id, $0.body(call.base)) }
        }
    }

    private func read(_ kinds: [PaymentKind], _ call: GuardedCall) async throws -> UpstreamAnswer {
        let story = try await database.read { tx in try Self.payment(of: call, kinds, in: tx).map { try Story(of: $0, in: tx) } }
        guard let story else { throw Self.unknown(call) }
        return .json(story.body(call.base), records: 1)
    }

    private func cancel(_ kinds: [PaymentKind], _ call: GuardedCall) async throws -> UpstreamAnswer {
        let books = PaymentBooks(randomness: randomness)
        let found = try await database.write { [records] tx -> Story? in
            guard let payment = try Self.payment(of: call, kinds, in: tx) else { return nil }
            let cancelled = try books.cancel(payment, by: .partner, because: .cancelledByPartner, at: call.now, in: tx)
            if cancelled != nil { try call.audit(.paymentCancelled, of: payment.id.rawValue, at: payment.status.rawValue, in: tx) }
            let standing = try cancelled ?? records.find(payment.id, in: tx) ?? payment
            return try Story(of: standing, in: tx)
        }
        guard let story = found else { throw Self.unknown(call) }
        // Cancelling what is cancelled changes nothing and is no error: the app wanted it cancelled.
        guard story.payment.status == .cancelled else {
            throw Problem(
                .notCancellable, "The \(Self.name(call)) cannot be cancelled any more.",
                errors: [
                    Problem.Violation(
                        pointer: "/path/\(Self.name(call))_id", rule: "payment_status", expected: "scheduled or held", got: story.payment.status.rawValue)
                ])
        }
        return .json(story.body(call.base), records: 1)
    }

    /// The payment in the path when it is this app's: another's looks like one that does not exist.
    private static func payment(of call: GuardedCall, _ kinds: [PaymentKind], in tx: any ReadTransaction) throws -> Payment? {
        guard let id = (call.pathParameters["payment_id"] ?? call.pathParameters["transfer_id"]).flatMap(PaymentID.init),
            let payment = try PaymentRecords().find(id, in: tx), payment.appID == call.app.id, kinds.contains(payment.kind)
        else { return nil }
        return payment
    }

    private static func unknown(_ call: GuardedCall) -> Problem { call.unknown("\(name(call))_id", name(call), "made") }

    /// What the path names.
    private static func name(_ call: GuardedCall) -> String { call.pathParameters["payment_id"] == nil ? "transfer" : "payment" }
}

/// A payment with how it came to stand where it stands.
private struct Story {
    let payment: Payment
    /// The oldest first.
    let timeline: [PaymentStep]
    /// `nil` before there is one.
    let decision: RiskDecision?

    /// Several, with two statements more than their own.
    static func each(of payments: [Payment], in tx: any ReadTransaction) throws -> [Story] {
        let ids = payments.map(\.id)
        let timelines = try PaymentRecords().timelines(of: ids, in: tx)
        let decisions = try RiskDecisions().find(of: ids, in: tx)
        return payments.map { Story(payment: $0, timeline: timelines[$0.id] ?? [], decision: decisions[$0.id]?.decision) }
    }

    private init(payment: Payment, timeline: [PaymentStep], decision: RiskDecision?) {
        self.payment = payment
        self.timeline = timeline
        self.decision = decision
    }

    init(of payment: Payment, in tx: any ReadTransaction) throws {
        self.init(
            payment: payment, timeline: try PaymentRecords().timeline(of: payment.id, in: tx),
            decision: try RiskDecisions().find(of: payment.id, in: tx)?.decision)
    }

    func body(_ base: any BaseAddress) -> JSONObject { payment.body(timeline: timeline, decision: decision, base: base) }
}

extension NewPayment {
    /// Reads the body of `POST /v1/payments` or `/v1/transfers`, whose shape the gateway has checked.
    /// - Throws: a `Problem` that names every rule the values break.
    fileprivate init(_ kind: PaymentKind, _ call: GuardedCall) throws {
        let body = call.body ?? .null
        let (consent, person) = try call.namedConsent()
        var violations: [Problem.Violation] = []
        let instruction = PaymentInstruction(body, at: "", &violations)
        let executionDate = CivilDate(body["execution_date"], at: "/execution_date", &violations)
        guard violations.isEmpty, let instruction else {
            throw Problem(.invalidRequest, "The payment cannot be made as it stands.", errors: violations)
        }
        self.init(
            appID: call.app.id, organisationID: call.app.organisationID, personID: person, consentID: consent.id, kind: kind, instruction: instruction,
            executionDate: executionDate, idempotencyKey: call.idempotency?.key, requestID: call.requestID,
            scenario: try PaymentScenario.asked(by: call, for: instruction))
    }
}
