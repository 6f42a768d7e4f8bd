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
import Storage
import Web

/// The operations on files of payments, for sandbox apps.
struct BulkPaymentOperations: Sendable {
    private let database: any Database
    private let books: BulkPaymentBooks
    private let process: BulkPaymentProcess
    private let consents: Consents
    private let records = BulkPaymentRecords()
    private let idempotency = IdempotencyRecords()
    /// Reading a file of 10 MiB takes a while, and nobody else may wait for it.
    private let readers = BoundedWorkers(label: "wekeza.payment-files", concurrency: 2, queueLimit: 16)

    init(database: any Database, randomness: any RandomSource, riskDeadline: Duration) {
        self.database = database
        books = BulkPaymentBooks(randomness: randomness)
        consents = Consents(randomness: randomness)
        process = BulkPaymentProcess(database: database, randomness: randomness, deadline: riskDeadline)
    }

    static let operations: Set<String> = [
        "createBulkPayment", "executeBulkPayment", "listBulkPayments", "getBulkPayment", "cancelBulkPayment", "listBulkPaymentLines",
    ]

    func respond(to call: GuardedCall) async throws -> UpstreamAnswer {
        switch call.operation {
        case "createBulkPayment": try await create(call)
        case "executeBulkPayment": try await execute(call)
        case "listBulkPayments": try await list(call)
        case "getBulkPayment": try await read(call)
        case "cancelBulkPayment": try await cancel(call)
        case "listBulkPaymentLines": try await lines(call)
        default: throw UnservedOperation(operation: call.operation)
        }
    }

    // MARK: Uploading

    private func create(_ call: GuardedCall) async throws -> UpstreamAnswer {
        let new = try await file(call)
        return try await database.write { [books, idempotency] tx in
            let (bulk, _) = try books.lodge(new, at: call.now, in: tx)
            let answer = try Self.answer(bulk, to: call, status: .created, headers: [.location: bulk.address(call.base)], in: tx)
            // With the file's own rows: whoever repeats the request finds both or neither.
            return try idempotency.complete(call.idempotency, with: answer, in: tx)
        }
    }

    private func file(_ call: GuardedCall) async throws -> NewBulkPayment {
        let bytes = call.http.body ?? []
        guard let format = PaymentFileFormat.allCases.first(where: { $0.mediaType == call.http.mediaType }) else {
            throw UnservedOperation(operation: call.operation)
        }
        let new: NewBulkPayment?
        do {
            new = try await readers.run {
                NewBulkPayment(
                    appID: call.app.id, organisationID: call.app.organisationID, format: format, digest: Digest(of: bytes),
                    file: try PaymentFile(bytes, as: format, at: call.now), requestID: call.requestID)
            }
        } catch let refusal as PaymentFileRefusal {
            throw refusal.problem
        }
        guard let new else { throw Problem(.temporarilyUnavailable, "Other files are being read.", headers: [.retryAfter: "1"]) }
        return new
    }

    // MARK: Carrying out

    private func execute(_ call: GuardedCall) async throws -> UpstreamAnswer {
        // The gateway lets no token without a customer's consent to here.
        guard let id = Self.id(call), let consent = call.consent, let person = consent.personID else { throw Self.unknown(call) }
        let new = NewBulkExecution(
            of: id, appID: call.app.id, personID: person, consentID: consent.id, idempotencyKey: call.idempotency?.key, requestID: call.requestID)
        let outcome = try await process.execute(new, at: call.now) { [idempotency] bulk, tx in
            try idempotency.complete(call.idempotency, with: Self.answer(bulk, to: call, in: tx), in: tx)
        }
        switch outcome {
        case .success(let answer?): return answer
        case .success(nil): throw Self.unknown(call)
        case .failure(let refusal): throw refusal.bulkProblem
        }
    }

    private static func answer(
        _ bulk: BulkPayment, to call: GuardedCall, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:], in tx: any ReadTransaction
    ) throws -> UpstreamAnswer {
        guard let answer = try BulkPaymentAnswer(bulk, in: tx) else { throw StorageError.failed(reason: "bulk payment \(bulk.id) has no consent") }
        return .json(answer.body(at: call.now, base: call.base), status: status, headers: headers, records: 1)
    }

    // MARK: Taking back

    private func cancel(_ call: GuardedCall) async throws -> UpstreamAnswer {
        let found = try await database.write { [records] tx -> (status: PaymentStatus?, answer: UpstreamAnswer)? in
            guard let bulk = try Self.bulk(of: call, records, in: tx) else { return nil }
            try cancel(bulk, call, in: tx)
            let standing = try records.find(bulk.id, in: tx) ?? bulk
            return (standing.execution?.status, try Self.answer(standing, to: call, in: tx))
        }
        guard let found else { throw Self.unknown(call) }
        // Cancelling what has ended unpaid changes nothing and is no error: the app wanted it unpaid.
        guard let status = found.status, status != .cancelled else { return found.answer }
        throw Problem(
            .notCancellable, "The file cannot be cancelled any more.",
            errors: [
                Problem.Violation(
                    pointer: "/path/bulk_payment_id", rule: "payment_status", expected: "held, or not carried out yet", got: status.rawValue)
            ])
    }

    /// One that was not begun ends with its consent.
    private func cancel(_ bulk: BulkPayment, _ call: GuardedCall, in tx: any WriteTransaction) throws {
        guard let execution = bulk.execution else {
            _ = try consents.revoke(
                bulk.consentID, by: .partner, audit: .app(call.app.id), reason: ConsentReason.deleted, at: call.now, requestID: call.requestID, in: tx)
            return
        }
        guard try books.cancel(bulk, by: .partner, because: .cancelledByPartner, at: call.now, in: tx) != nil else { return }
        try call.audit(.paymentCancelled, of: bulk.id.rawValue, at: execution.status.rawValue, in: tx)
    }

    // MARK: Reading

    private func read(_ call: GuardedCall) async throws -> UpstreamAnswer {
        let answer = try await database.read { [records] tx in try Self.bulk(of: call, records, in: tx).map { try Self.answer($0, to: call, in: tx) } }
        guard let answer else { throw Self.unknown(call) }
        return answer
    }

    private func list(_ call: GuardedCall) async throws -> UpstreamAnswer {
        try await call.page(of: BulkPaymentID.self) { before, limit in
            try await database.read { [records] tx in
                try records.list(ofApp: call.app.id, before: before, limit: limit, in: tx).compactMap { bulk in
                    try BulkPaymentAnswer(bulk, in: tx).map { (bulk.id, $0.body(at: call.now, base: call.base)) }
                }
            }
        }
    }

    private func lines(_ call: GuardedCall) async throws -> UpstreamAnswer {
        let limit = call.parameters.integer("limit") ?? 100
        let cursor = call.parameters.string("cursor")
        let after = cursor.flatMap { LineCursor($0)?.number }
        guard cursor == nil || after != nil else { throw call.foreignCursor }
        let found = try await database.read { [records] tx -> ([JSONObject], last: Int?)? in
            guard let bulk = try Self.bulk(of: call, records, in: tx), let consent = try Consents().find(bulk.consentID, in: tx) else { return nil }
            let standing = consent.standing(at: call.now)
            let status = bulk.status(standing)
            let lines = try records.lines(of: bulk, after: after ?? 0, limit: limit + 1, in: tx)
            let page = lines.prefix(limit).map {
                $0.body(status, because: bulk.execution?.reason.rawValue ?? standing.reason, code: bulk.execution?.reason.iso20022)
            }
            return (page, lines.count > limit ? lines.prefix(limit).last?.number : nil)
        }
        guard let (page, last) = found else { throw Self.unknown(call) }
        let links = PageLinks(
            current: call.base.address(call.http.path + (call.http.query.map { "?\($0)" } ?? "")),
            next: last.map { call.base.address("\(call.http.path)?cursor=\(LineCursor(number: $0).text)&limit=\(limit)") })
        return .json(PageAnswer(data: page, links: links).json, records: page.count)
    }

    /// The bulk payment in the path when it is this app's: another's looks like one that does not exist.
    private static func bulk(of call: GuardedCall, _ records: BulkPaymentRecords, in tx: any ReadTransaction) throws -> BulkPayment? {
        guard let id = id(call), let bulk = try records.find(id, in: tx), bulk.appID == call.app.id else { return nil }
        return bulk
    }

    private static func id(_ call: GuardedCall) -> BulkPaymentID? { call.pathParameters["bulk_payment_id"].flatMap { BulkPaymentID($0) } }

    private static func unknown(_ call: GuardedCall) -> Problem { call.unknown("bulk_payment_id", "bulk_payment", "uploaded") }
}

/// Where a page of a file ends, spelled so that nobody builds on it.
private struct LineCursor {
    let number: Int

    init(number: Int) { self.number = number }

    init?(_ text: String) {
        guard let bytes = Base64URL.decode(text), let number = Int(String(decoding: bytes, as: UTF8.self)), number > 0 else { return nil }
        self.number = number
    }

    var text: String { Base64URL.encode(String(number).utf8) }
}

extension PaymentFileRefusal {
    /// Nothing of the file is kept, and nothing has moved.
    fileprivate var problem: Problem {
        let counted = isFull ? "\(Self.mostCounted) or more" : "\(count)"
        let told = faults.count < count ? ", of which the first \(faults.count) are listed" : ""
        return Problem(
            isMalformed ? .malformedBody : .invalidRequest,
            count == 1 ? "The file has a fault, and none of it is taken." : "The file has \(counted) faults\(told), and none of it is taken.",
            errors: faults.map { Problem.Violation(pointer: $0.pointer, rule: $0.rule, expected: $0.expected, got: $0.got) })
    }
}

extension PaymentRefusal {
    /// As the API tells it of a file. Nothing has moved, and the consent is as it was.
    fileprivate var bulkProblem: Problem {
        switch self {
        case .consentState(.consumed): problem(.consentConsumed, "The file was paid.", "consent_state", "authorised", "consumed")
        case .consentState(.revoked): problem(.consentRevoked, "The consent was withdrawn.", "consent_state", "authorised", "revoked")
        case .consentState(.expired): problem(.consentExpired, "The consent has expired.", "consent_state", "authorised", "expired")
        case .consentState(let status):
            problem(.consentNotAuthorised, "The consent is not in force.", "consent_state", "authorised", status.rawValue)
        case .insufficientFunds:
            // How much there is, is the customer's to tell.
            problem(.insufficientFunds, "There is not enough on the customer's account.", "funds", "at most what can be spent", "more")
        case .debtorAccountBlocked(let status):
            problem(.debtorAccountBlocked, "The customer's account cannot pay.", "account_status", "open", status.rawValue)
        default:
            problem(.consentRequired, "The token was approved for a consent other than this file's.", "consent", "the consent of this file", "another")
        }
    }

    private func problem(_ code: ErrorCode, _ detail: String, _ rule: String, _ expected: String, _ got: String) -> Problem {
        Problem(code, detail, errors: [Problem.Violation(pointer: "/path/bulk_payment_id", rule: rule, expected: expected, got: got)])
    }
}
