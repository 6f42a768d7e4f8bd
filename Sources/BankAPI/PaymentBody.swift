import JSON
import OpenBanking
import Payments
import Primitives
import Risk
import Web

extension PaymentInstruction {
    /// Reads amount, creditor and reference, whose shapes the gateway has checked.
    /// - Returns: `nil` with the rules that the values break added to `violations`.
    init?(_ body: JSONValue, at pointer: String, _ violations: inout [Problem.Violation]) {
        do throws(PaymentInstructionRefusal) {
            try self.init(
                amount: body["amount"]?["amount"]?.string ?? "", currency: body["amount"]?["currency"]?.string ?? "",
                creditorName: body["creditor"]?["name"]?.string ?? "", creditorAccount: body["creditor"]?["account"]?.string ?? "",
                reference: body["reference"]?.string ?? "")
        } catch {
            violations += error.violations(at: pointer)
            return nil
        }
    }

    /// The contract's schema `PaymentInstruction`.
    var json: JSONObject {
        JSONObject([
            ("amount", .object(amount.json)), ("creditor", .object(creditor.json)), ("reference", .string(reference)),
        ])
    }
}

extension Money {
    /// Reads an amount to pay.
    /// - Returns: `nil` with the rule that the values break added to `violations`.
    init?(_ body: JSONValue, at pointer: String, _ violations: inout [Problem.Violation]) {
        do throws(PaymentInstructionRefusal) {
            try self.init(positive: body["amount"]?.string ?? "", currency: body["currency"]?.string ?? "")
        } catch {
            // The member of the fault begins with the name that an instruction gives its amount.
            violations += error.faults.map {
                Problem.Violation(
                    pointer: pointer + $0.member.rawValue.dropFirst("amount".count), rule: $0.rule, expected: $0.expected, got: $0.got)
            }
            return nil
        }
    }

    /// The contract's schema `PaymentAmount`.
    var json: JSONObject { JSONObject([("amount", .string(decimal)), ("currency", .string(currency.rawValue))]) }
}

extension Creditor {
    /// Reads who is paid.
    /// - Returns: `nil` with the rules that the values break added to `violations`.
    init?(_ body: JSONValue, at pointer: String, _ violations: inout [Problem.Violation]) {
        do throws(PaymentInstructionRefusal) {
            try self.init(checkedName: body["name"]?.string ?? "", account: body["account"]?.string ?? "")
        } catch {
            violations += error.violations(at: String(pointer.dropLast("/creditor".count)))
            return nil
        }
    }

    /// The contract's schema `Creditor`.
    var json: JSONObject { JSONObject([("name", .string(name)), ("account", .string(account))]) }
}

extension PaymentInstructionRefusal {
    fileprivate func violations(at pointer: String) -> [Problem.Violation] {
        faults.map { Problem.Violation(pointer: "\(pointer)/\($0.member.rawValue)", rule: $0.rule, expected: $0.expected, got: $0.got) }
    }
}

extension Payment {
    /// A payment on the wire: the contract's schema `Payment`.
    /// - Parameters:
    ///   - timeline: the oldest first.
    ///   - decision: `nil` before there is one.
    func body(timeline: [PaymentStep], decision: RiskDecision?, base: any BaseAddress) -> JSONObject {
        var body = JSONObject([
            ("id", .string(id.rawValue)), ("status", .string(status.rawValue)), ("status_code", .string(status.iso20022)),
            ("status_reason", .string(reason.rawValue)),
        ])
        body.append("reason_code", reason.iso20022)
        body.append("consent_id", .string(consentID.rawValue))
        body.append("standing_order_id", standingOrderID?.rawValue)
        for member in instruction.json.members { body.append(member.name, member.value) }
        body.append("execution_date", executionDate?.description)
        body.append("debtor_account", .string(debtorAccount.rawValue))
        body.append("created_at", .string(createdAt.rfc3339))
        body.append("timeline", .array(timeline.map { .object($0.json) }))
        if let notes = notes(decision) { body.append("sandbox", .object(notes)) }
        body.append("links", .object(PageLinks(current: address(base)).json))
        return body
    }

    /// What only a sandbox tells, and everything in this room is the sandbox's: how the payment was to turn out, and what the risk rules saw.
    private func notes(_ decision: RiskDecision?) -> JSONObject? {
        guard scenario != nil || decision != nil else { return nil }
        var notes = JSONObject()
        notes.append("scenario", scenario?.name)
        if let decision { notes.append("risk", .object(decision.json)) }
        return notes
    }

    func address(_ base: any BaseAddress) -> String { base.address("/v1/\(kind == .transfer ? "transfers" : "payments")/\(id)") }
}

extension RiskDecision {
    fileprivate var json: JSONObject {
        JSONObject([
            ("outcome", .string(outcome.rawValue)), ("score", .integer(Int64(score))), ("reasons", .array(reasons.map(JSONValue.string))),
        ])
    }
}

extension PaymentStep {
    fileprivate var json: JSONObject {
        var step = JSONObject([("status", .string(status.rawValue)), ("status_code", .string(status.iso20022)), ("reason", .string(reason.rawValue))])
        step.append("reason_code", reason.iso20022)
        step.append("at", .string(at.rfc3339))
        return step
    }
}
