import Applications
import Bank
import Consents
import Contract
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
    private let process: PaymentProcess
    private let records = PaymentRecords()
    private let idempotency = IdempotencyRecords()

    init(database: any Database, randomness: any RandomSource) {
        self.database = database
        process = PaymentProcess(database: database, randomness: randomness)
    }

    static let operations: Set<String> = ["createPayment", "listPayments", "getPayment"]

    func respond(to call: GuardedCall) async throws -> UpstreamAnswer {
        switch call.operation {
        case "createPayment": try await create(call)
        case "listPayments": try await list(call)
        case "getPayment": try await read(call)
        default: throw UnservedOperation(operation: call.operation)
        }
    }

    private func create(_ call: GuardedCall) async throws -> UpstreamAnswer {
        let new = try NewPayment(call)
        let fault = new.scenario?.fault
        if let fault, !fault.isMade { throw fault.kind.problem(call) }
        let outcome = try await process.make(new, at: call.now) { [records, idempotency] payment, tx in
            let decision = try RiskDecisions().find(of: payment.id, in: tx)?.decision
            let body = payment.body(timeline: try records.timeline(of: payment.id, in: tx), decision: decision, issuer: call.issuer)
            let answer = UpstreamAnswer.json(body, status: .created, headers: [.location: payment.address(call.issuer)])
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

    private func list(_ call: GuardedCall) async throws -> UpstreamAnswer {
        let limit = call.parameters.integer("limit") ?? 100
        let cursor = call.parameters.string("cursor")
        let before = cursor.flatMap { PaymentCursor($0)?.id }
        guard cursor == nil || before != nil else {
            throw Problem(
                .invalidRequest, "The cursor does not come from this list.",
                errors: [
                    Problem.Violation(pointer: "/query/cursor", rule: "cursor", expected: "the cursor of links.next", got: String((cursor ?? "").prefix(80)))
                ])
        }
        let (found, timelines, decisions) = try await database.read { [records] tx in
            let found = try records.list(ofApp: call.app.id, before: before, limit: limit + 1, in: tx)
            let ids = found.map(\.id)
            return (found, try records.timelines(of: ids, in: tx), try RiskDecisions().find(of: ids, in: tx))
        }
        let page = found.prefix(limit)
        let next = found.count > limit ? page.last.map { PaymentCursor(id: $0.id).text } : nil
        let body = PageAnswer(
            data: page.map { $0.body(timeline: timelines[$0.id] ?? [], decision: decisions[$0.id]?.decision, issuer: call.issuer) },
            links: PageLinks(
                current: call.issuer.address(call.http.path + (call.http.query.map { "?\($0)" } ?? "")),
                next: next.map { call.issuer.address("\(call.http.path)?cursor=\($0)&limit=\(limit)") }))
        return .json(body.json, records: page.count)
    }

    private func read(_ call: GuardedCall) async throws -> UpstreamAnswer {
        let id = call.pathParameters["payment_id"] ?? ""
        let found = try await database.read { [records] tx -> (Payment, [PaymentStep], RiskDecisions.Kept?)? in
            // Another app's payment looks like one that does not exist.
            guard let payment = try PaymentID(id).flatMap({ try records.find($0, in: tx) }), payment.appID == call.app.id else { return nil }
            return (payment, try records.timeline(of: payment.id, in: tx), try RiskDecisions().find(of: payment.id, in: tx))
        }
        guard let (payment, timeline, kept) = found else {
            throw Problem(
                .notFound, "This app has no such payment.",
                errors: [
                    Problem.Violation(pointer: "/path/payment_id", rule: "payment", expected: "a payment that this app made", got: String(id.prefix(64)))
                ])
        }
        return .json(payment.body(timeline: timeline, decision: kept?.decision, issuer: call.issuer), records: 1)
    }
}

/// Where a page of payments ends: the last one's id, spelled so that nobody builds on it.
private struct PaymentCursor {
    let id: PaymentID

    init(id: PaymentID) { self.id = id }

    init?(_ text: String) {
        guard let bytes = Base64URL.decode(text), let id = PaymentID(String(decoding: bytes, as: UTF8.self)) else { return nil }
        self.id = id
    }

    var text: String { Base64URL.encode(id.rawValue.utf8) }
}

extension NewPayment {
    /// Reads the body of `POST /v1/payments`, whose shape the gateway has checked.
    /// - Throws: a `Problem` that names every rule the values break.
    fileprivate init(_ call: GuardedCall) throws {
        let body = call.body ?? .null
        guard let consent = call.consent, let person = consent.personID else { throw Problem(.consentRequired, "The token carries no consent.") }
        var violations: [Problem.Violation] = []
        let instruction = PaymentInstruction(body, at: "", &violations)
        let named = body["consent_id"]?.string ?? ""
        guard violations.isEmpty, let instruction else {
            throw Problem(.invalidRequest, "The payment cannot be made as it stands.", errors: violations)
        }
        // The customer approved this token for one consent; to name another is to ask for another's.
        guard named == consent.id.rawValue else {
            throw Problem(
                .consentRequired, "The token was approved for another consent than the payment names.",
                errors: [Problem.Violation(pointer: "/consent_id", rule: "consent", expected: consent.id.rawValue, got: String(named.prefix(64)))])
        }
        self.init(
            appID: call.app.id, organisationID: call.app.organisationID, personID: person, consentID: consent.id, instruction: instruction,
            idempotencyKey: call.idempotency?.key, requestID: call.requestID, scenario: try PaymentScenario.asked(by: call, for: instruction))
    }
}

extension PaymentRefusal {
    /// As the API tells it. Nothing has moved, and the consent is as it was.
    fileprivate var problem: Problem {
        switch self {
        case .unknownConsent:
            Problem(
                .consentRequired, "The token carries no payment consent of this app and customer.",
                errors: [violation("/consent_id", "consent", "a payment consent", "another")])
        case .consentState(.consumed):
            Problem(.consentConsumed, "The consent's payment was made.", errors: [violation("/consent_id", "consent_state", "authorised", "consumed")])
        case .consentState(.revoked):
            Problem(.consentRevoked, "The consent was withdrawn.", errors: [violation("/consent_id", "consent_state", "authorised", "revoked")])
        case .consentState(.expired):
            Problem(.consentExpired, "The consent has expired.", errors: [violation("/consent_id", "consent_state", "authorised", "expired")])
        case .consentState(let status):
            Problem(.consentNotAuthorised, "The consent is not in force.", errors: [violation("/consent_id", "consent_state", "authorised", status.rawValue)])
        case .differs(let differences):
            Problem(
                .paymentDiffers, "The payment is not the one that the customer approved.",
                errors: differences.map { violation("/\($0.member.rawValue)", "dynamic_linking", $0.approved, String($0.sent.prefix(140))) })
        case .paysItself:
            Problem(
                .creditorAccountRefused, "The account would pay itself.",
                errors: [violation("/creditor/account", "self_payment", "another account", "the debtor's own")])
        case .creditorAccountClosed:
            Problem(
                .creditorAccountRefused, "The creditor's account is closed.", errors: [violation("/creditor/account", "account_status", "open", "closed")])
        case .limitExceeded:
            Problem(
                .paymentLimitExceeded, "The payment is above what the customer may pay through apps.",
                errors: [violation("/amount/amount", "limit", "at most the customer's limit", "more")])
        case .insufficientFunds:
            // How much there is, is the customer's to tell.
            Problem(
                .insufficientFunds, "There is not enough on the customer's account.",
                errors: [violation("/amount/amount", "funds", "at most what can be spent", "more")])
        case .debtorAccountBlocked(let status):
            Problem(
                .debtorAccountBlocked, "The customer's account cannot pay.", errors: [violation("/consent_id", "account_status", "open", status.rawValue)])
        }
    }

    private func violation(_ pointer: String, _ rule: String, _ expected: String, _ got: String) -> Problem.Violation {
        Problem.Violation(pointer: pointer, rule: rule, expected: expected, got: got)
    }
}
