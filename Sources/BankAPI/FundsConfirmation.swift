import Bank
import Consents
import Gateway
import JSON
import OpenBanking
import Payments
import Primitives
import Storage
import Web

/// `POST /v1/funds-confirmations`: whether what the customer approved could be paid now. How much there is, stays the customer's to tell.
enum FundsConfirmation {
    static func confirm(_ call: GuardedCall, _ database: any Database) async throws -> UpstreamAnswer {
        let (consent, _) = try call.namedConsent()
        guard let terms = consent.payment, let account = consent.accounts.first else {
            throw Problem(.consentRequired, "The token carries no payment consent of this app and customer.")
        }
        let amount = try amount(call, terms.order)
        let isAvailable = try await database.read { tx in
            guard let held = try Accounts().find(account, in: tx), held.status.allowsDebits,
                let balance = try Accounts().balance(of: account, at: call.now, in: tx), balance.available.currency == amount.currency
            else { return false }
            if case .recurring(let recurring) = terms.order {
                let usage = try PaymentBooks().usage(of: recurring, under: consent, at: call.now, in: tx)
                guard usage.allSatisfy({ amount.minorUnits <= $0.left.minorUnits }) else { return false }
            }
            return amount.minorUnits <= balance.available.minorUnits
        }
        return .json(
            JSONObject([
                ("consent_id", .string(consent.id.rawValue)), ("amount", .object(amount.json)), ("funds_available", .boolean(isAvailable)),
                ("at", .string(call.now.rfc3339)),
            ]), records: 1)
    }

    /// The amount that is asked about: the approved one, or one within the limits, so that nobody finds a balance by asking.
    private static func amount(_ call: GuardedCall, _ order: PaymentOrder) throws -> Money {
        var violations: [Problem.Violation] = []
        let asked = call.body?["amount"].flatMap { Money($0, at: "/amount", &violations) }
        guard violations.isEmpty else { throw Problem(.invalidRequest, "The amount cannot be asked about.", errors: violations) }
        switch order {
        case .single(let instruction, _), .standing(let instruction, _): return try approved(instruction.amount, asked)
        case .bulk(let bulk): return try approved(bulk.total, asked)
        case .recurring(let terms):
            guard let asked else {
                throw Problem(
                    .invalidRequest, "The amount is missing.",
                    errors: [.init(pointer: "/amount", rule: "required", expected: "amount beside a recurring_payment", got: "nothing")])
            }
            guard asked.currency == terms.maximum.currency else {
                throw PaymentRefusal.differs([
                    .init(member: .currency, approved: terms.maximum.currency.rawValue, sent: asked.currency.rawValue)
                ]).problem
            }
            guard asked.minorUnits <= terms.maximum.minorUnits else { throw PaymentRefusal.aboveMaximum(terms.maximum).problem }
            return asked
        }
    }

    private static func approved(_ amount: Money, _ asked: Money?) throws -> Money {
        guard asked == nil || asked == amount else {
            throw PaymentRefusal.differs([.init(member: .amount, approved: amount.text, sent: asked?.text ?? "")]).problem
        }
        return amount
    }
}
