import Consents
import JSON
import OpenBanking
import Primitives
import Web

extension PaymentOrder {
    /// Reads the member of `POST /v1/consents` that bears its type's name, and whose shape the gateway has checked.
    /// - Returns: `nil` with the rules that the values break added to `violations`.
    init?(_ body: JSONValue, of type: ConsentType, expiresAt: Timestamp, now: Timestamp, _ violations: inout [Problem.Violation]) {
        var reader = OrderReader(body: body, pointer: "/\(type.rawValue)", now: now)
        let order: PaymentOrder? =
            switch type {
            case .accountAccess: nil
            case .payment: reader.single()
            case .recurringPayment: reader.recurring(expiresAt: expiresAt)
            case .standingOrder: reader.standing()
            // Its upload lodges it, and the contract has no member for it here.
            case .bulkPayment: nil
            }
        violations += reader.violations
        guard let order, reader.violations.isEmpty else { return nil }
        self = order
    }

    /// The same member, as the app gets it back.
    var json: JSONObject {
        switch self {
        case .single(let instruction, let executionDate):
            var body = instruction.json
            body.append("execution_date", executionDate?.description)
            return body
        case .recurring(let terms): return terms.json
        case .standing(let instruction, let plan):
            var body = instruction.json
            body.append("frequency", .string(plan.frequency.rawValue))
            body.append("first_date", .string(plan.firstDate.description))
            body.append("last_date", plan.lastDate?.description)
            return body
        case .bulk(let bulk):
            var body = JSONObject([
                ("id", .string(bulk.id.rawValue)), ("count", .integer(Int64(bulk.count))), ("total", .object(bulk.total.json)),
                ("digest", .string(bulk.digest.text)),
            ])
            body.append("debtor_number", bulk.debtorNumber)
            return body
        }
    }
}

/// Reads one order and gathers every rule that its values break.
private struct OrderReader {
    let body: JSONValue
    let pointer: String
    let now: Timestamp
    var violations: [Problem.Violation] = []

    /// How many days ahead a payment may be ordered.
    private static let longestWait = 366

    init(body: JSONValue, pointer: String, now: Timestamp) {
        self.body = body
        self.pointer = pointer
        self.now = now
    }

    mutating func single() -> PaymentOrder? {
        let executionDate = coming("execution_date")
        return PaymentInstruction(body, at: pointer, &violations).map { .single($0, executionDate: executionDate) }
    }

    mutating func standing() -> PaymentOrder? {
        let instruction = PaymentInstruction(body, at: pointer, &violations)
        let last = day("last_date")
        guard let first = coming("first_date"), let frequency = body["frequency"]?.string.flatMap(StandingOrderFrequency.init), let instruction
        else { return nil }
        guard let plan = StandingOrderPlan(frequency: frequency, firstDate: first, lastDate: last) else {
            refuse("last_date", "day", "not before first_date", last?.description ?? "")
            return nil
        }
        return .standing(instruction, plan)
    }

    mutating func recurring(expiresAt: Timestamp) -> PaymentOrder? {
        let maximum = Money(body["maximum_amount"] ?? .null, at: "\(pointer)/maximum_amount", &violations)
        var limits: [PeriodicLimit] = []
        for (index, limit) in (body["limits"]?.array ?? []).enumerated() {
            // Their names are the contract's.
            guard let period = limit["period"]?.string.flatMap(LimitPeriod.init),
                let alignment = limit["alignment"]?.string.flatMap(LimitAlignment.init),
                let amount = Money(limit["amount"] ?? .null, at: "\(pointer)/limits/\(index)/amount", &violations)
            else { continue }
            limits.append(PeriodicLimit(period: period, alignment: alignment, amount: amount))
        }
        var creditor: Creditor?
        if let member = body["creditor"] { creditor = Creditor(member, at: "\(pointer)/creditor", &violations) }
        guard violations.isEmpty, let maximum else { return nil }
        do throws(RecurringTermsRefusal) {
            return .recurring(
                try RecurringTerms(creditor: creditor, maximum: maximum, limits: limits, validFrom: body.moment("valid_from"), expiresAt: expiresAt))
        } catch {
            for fault in error.faults { refuse(fault.member, fault.rule, fault.expected, fault.got) }
            return nil
        }
    }

    private mutating func day(_ name: String) -> CivilDate? { CivilDate(body[name], at: "\(pointer)/\(name)", &violations) }

    /// A day of the bank's calendar that has not begun.
    private mutating func coming(_ name: String) -> CivilDate? {
        guard let day = day(name) else { return nil }
        let today = BankCalendar.day(of: now)
        guard day > today, day <= today.adding(days: Self.longestWait) else {
            refuse(name, "day", "a day after \(today), at most a year ahead", day.description)
            return nil
        }
        return day
    }

    private mutating func refuse(_ member: String, _ rule: String, _ expected: String, _ got: String) {
        violations.append(.init(pointer: "\(pointer)/\(member)", rule: rule, expected: expected, got: String(got.prefix(80))))
    }
}

extension RecurringTerms {
    /// The contract's schema `RecurringPayment`.
    fileprivate var json: JSONObject {
        var body = JSONObject()
        if let creditor { body.append("creditor", .object(creditor.json)) }
        body.append("maximum_amount", .object(maximum.json))
        body.append(
            "limits",
            .array(
                limits.map { limit in
                    .object(
                        JSONObject([
                            ("period", .string(limit.period.rawValue)), ("alignment", .string(limit.alignment.rawValue)),
                            ("amount", .object(limit.amount.json)),
                        ]))
                }))
        body.append("valid_from", validFrom?.rfc3339)
        return body
    }
}
