import JSON
import OpenBanking
import Primitives
import Storage

/// An order as the columns of its consent: what every kind has in columns of their own, the rest as one object.
struct PaymentOrderRow {
    /// Of one payment, the most that one payment may be, or the sum of all.
    let amount: Money
    let creditor: Creditor?
    let reference: String?
    /// A JSON object.
    let details: String?

    init(_ order: PaymentOrder) {
        switch order {
        case .single(let instruction, let executionDate):
            self.init(instruction, executionDate.map { JSONObject([("execution_date", .string($0.description))]).text })
        case .recurring(let terms):
            self.init(amount: terms.maximum, creditor: terms.creditor, reference: nil, details: terms.details.text)
        case .standing(let instruction, let plan):
            self.init(instruction, plan.details.text)
        case .bulk(let bulk):
            self.init(amount: bulk.total, creditor: nil, reference: nil, details: bulk.details.text)
        }
    }

    private init(_ instruction: PaymentInstruction, _ details: String?) {
        self.init(amount: instruction.amount, creditor: instruction.creditor, reference: instruction.reference, details: details)
    }

    private init(amount: Money, creditor: Creditor?, reference: String?, details: String?) {
        self.amount = amount
        self.creditor = creditor
        self.reference = reference
        self.details = details
    }

    /// - Returns: `nil` for a consent that pays nothing.
    init?(_ row: Row) throws {
        guard let amount: Int64 = try row["amount"] else { return nil }
        let name: String? = try row["creditor_name"]
        let account: String? = try row["creditor_account"]
        self.init(
            amount: Money(minorUnits: amount, currency: try row["currency"]),
            creditor: name.flatMap { name in account.map { Creditor(name: name, account: $0) } }, reference: try row["reference"],
            details: try row["order_details"])
    }

    func order(of type: ConsentType) throws -> PaymentOrder? {
        let details = try details.map { try JSONValue(parsing: Array($0.utf8)).object.orUnexpected() }
        return try order(of: type, details)
    }

    private func order(of type: ConsentType, _ details: JSONObject?) throws -> PaymentOrder? {
        switch type {
        case .accountAccess: nil
        case .payment:
            try .single(instruction, executionDate: details?["execution_date"].map { try CivilDate($0.string.orUnexpected()).orUnexpected() })
        case .recurringPayment: try .recurring(RecurringTerms(details.orUnexpected(), creditor: creditor, maximum: amount))
        case .standingOrder: try .standing(instruction, StandingOrderPlan(details.orUnexpected()))
        case .bulkPayment: try .bulk(BulkOrder(details.orUnexpected(), total: amount))
        }
    }

    private var instruction: PaymentInstruction {
        get throws { PaymentInstruction(stored: amount, creditor: try creditor.orUnexpected(), reference: try reference.orUnexpected()) }
    }
}

extension RecurringTerms {
    fileprivate var details: JSONObject {
        var details = JSONObject([
            (
                "limits",
                .array(
                    limits.map { limit in
                        .object(
                            JSONObject([
                                ("period", .string(limit.period.rawValue)), ("alignment", .string(limit.alignment.rawValue)),
                                ("amount", .integer(limit.amount.minorUnits)),
                            ]))
                    })
            )
        ])
        details.append("valid_from", seconds: validFrom?.seconds)
        return details
    }

    fileprivate init(_ details: JSONObject, creditor: Creditor?, maximum: Money) throws {
        let limits = try (details["limits"]?.array).orUnexpected()
        self.init(
            stored: creditor, maximum: maximum,
            limits: try limits.map { limit in
                PeriodicLimit(
                    period: try (limit["period"]?.string.flatMap(LimitPeriod.init)).orUnexpected(),
                    alignment: try (limit["alignment"]?.string.flatMap(LimitAlignment.init)).orUnexpected(),
                    amount: Money(minorUnits: try (limit["amount"]?.integer).orUnexpected(), currency: maximum.currency))
            }, validFrom: details["valid_from"]?.integer.map { Timestamp(seconds: $0) })
    }
}

extension StandingOrderPlan {
    fileprivate var details: JSONObject {
        var details = JSONObject([("frequency", .string(frequency.rawValue)), ("first_date", .string(firstDate.description))])
        details.append("last_date", lastDate?.description)
        return details
    }

    fileprivate init(_ details: JSONObject) throws {
        let plan = StandingOrderPlan(
            frequency: try (details["frequency"]?.string.flatMap(StandingOrderFrequency.init)).orUnexpected(),
            firstDate: try (details["first_date"]?.string.flatMap { CivilDate($0) }).orUnexpected(),
            lastDate: details["last_date"]?.string.flatMap { CivilDate($0) })
        self = try plan.orUnexpected()
    }
}

extension BulkOrder {
    fileprivate var details: JSONObject {
        var details = JSONObject([
            ("bulk_payment_id", .string(id.rawValue)), ("count", .integer(Int64(count))), ("digest", .string(digest.text)),
        ])
        details.append("debtor_number", debtorNumber)
        return details
    }

    fileprivate init(_ details: JSONObject, total: Money) throws {
        self.init(
            id: try (details["bulk_payment_id"]?.string.flatMap { BulkPaymentID($0) }).orUnexpected(),
            count: Int(try (details["count"]?.integer).orUnexpected()), total: total,
            digest: Digest(stored: try (details["digest"]?.string).orUnexpected()), debtorNumber: details["debtor_number"]?.string)
    }
}

extension Optional {
    /// What this program itself wrote.
    fileprivate func orUnexpected() throws -> Wrapped {
        guard let self else { throw StorageError.unexpectedValue(column: "order_details") }
        return self
    }
}
