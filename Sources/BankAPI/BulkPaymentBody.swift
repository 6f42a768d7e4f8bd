import Consents
import JSON
import OpenBanking
import Payments
import Primitives
import Storage
import Web

/// A bulk payment with what came before its payments: its consent.
struct BulkPaymentAnswer {
    let bulk: BulkPayment
    let consent: Consent
    let history: [ConsentHistoryEntry]
    /// The statuses it had as payments.
    let steps: [PaymentStep]

    /// - Returns: `nil` for one whose consent is gone, which nothing removes.
    init?(_ bulk: BulkPayment, in tx: any ReadTransaction) throws {
        guard let consent = try Consents().find(bulk.consentID, in: tx) else { return nil }
        self.bulk = bulk
        self.consent = consent
        history = try Consents().history(of: bulk.consentID, in: tx)
        steps = try BulkPaymentRecords().timelines(of: [bulk.id], in: tx)[bulk.id] ?? []
    }

    /// The contract's schema `BulkPayment`.
    func body(at now: Timestamp, base: any BaseAddress) -> JSONObject {
        let standing = consent.standing(at: now)
        let status = bulk.status(standing)
        var body = JSONObject([
            ("id", .string(bulk.id.rawValue)), ("status", .string(status.rawValue)), ("status_code", .string(status.iso20022(isPartial: bulk.isPartial))),
            ("status_reason", .string(bulk.execution?.reason.rawValue ?? standing.reason)),
        ])
        body.append("reason_code", bulk.execution?.reason.iso20022)
        body.append("consent_id", .string(bulk.consentID.rawValue))
        body.append("format", .string(bulk.format.rawValue))
        body.append("digest", .string(bulk.digest.text))
        body.append("reference", bulk.reference)
        body.append("count", .integer(Int64(bulk.count)))
        body.append("total", .object(bulk.total.json))
        if let paid = bulk.execution?.paid {
            body.append("paid", Self.part(paid.count, paid.total))
            let rest = Money(minorUnits: bulk.total.minorUnits - paid.total.minorUnits, currency: bulk.total.currency)
            body.append("rejected", Self.part(bulk.count - paid.count, rest))
        }
        body.append("debtor_account", bulk.execution?.debtorAccount.rawValue ?? consent.accounts.first?.rawValue)
        body.append("created_at", .string(bulk.createdAt.rfc3339))
        body.append("timeline", .array(timeline(standing).map(JSONValue.object)))
        body.append("links", .object(JSONObject([("self", .string(bulk.address(base))), ("payments", .string(bulk.address(base) + "/payments"))])))
        return body
    }

    private static func part(_ count: Int, _ total: Money) -> JSONValue {
        .object(JSONObject([("count", .integer(Int64(count))), ("total", .object(total.json))]))
    }

    /// What its customer did, and then what became of its payments.
    private func timeline(_ standing: ConsentStanding) -> [JSONObject] {
        var found = history.filter { $0.status != .consumed }.map { Self.step(.consent($0.status), $0.reason, nil, $0.at) }
        // The clock has ended it; the job that writes the line may still be on its way.
        if bulk.execution == nil, standing.status == .expired, history.last?.status != .expired {
            found.append(Self.step(.consent(.expired), standing.reason, nil, standing.since))
        }
        return found + steps.map { Self.step(.payment($0.status), $0.reason.rawValue, $0.reason.iso20022, $0.at) }
    }

    private static func step(_ status: BulkPaymentStatus, _ reason: String, _ code: String?, _ at: Timestamp) -> JSONObject {
        var step = JSONObject([("status", .string(status.rawValue)), ("status_code", .string(status.iso20022())), ("reason", .string(reason))])
        step.append("reason_code", code)
        step.append("at", .string(at.rfc3339))
        return step
    }
}

extension BulkPayment {
    func status(_ standing: ConsentStanding) -> BulkPaymentStatus { BulkPaymentStatus(execution?.status, consent: standing.status) }

    /// Whether it was settled without some of its payments.
    fileprivate var isPartial: Bool { execution?.paid.map { $0.count < count } ?? false }

    func address(_ base: any BaseAddress) -> String { base.address("/v1/bulk-payments/\(id)") }
}

extension BulkPaymentLine {
    /// The contract's schema `BulkPaymentLine`.
    /// - Parameter reason: why the whole has its status.
    func body(_ status: BulkPaymentStatus, because reason: String, code: String?) -> JSONObject {
        let status = refusedBecause == nil ? status : .payment(.rejected)
        var body = JSONObject([
            ("number", .integer(Int64(number))), ("status", .string(status.rawValue)), ("status_code", .string(status.iso20022())),
            ("status_reason", .string(refusedBecause?.rawValue ?? reason)),
        ])
        body.append("reason_code", refusedBecause.map(\.iso20022) ?? code)
        for member in instruction.json.members { body.append(member.name, member.value) }
        body.append("end_to_end_id", line.endToEndID)
        return body
    }
}
