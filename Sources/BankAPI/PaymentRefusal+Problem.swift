import Bank
import Consents
import OpenBanking
import Payments
import Primitives
import Web

extension PaymentRefusal {
    /// As the API tells it. Nothing has moved, and the consent is as it was.
    var problem: Problem {
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
        case .keyReused:
            Problem(
                .idempotencyKeyReused, "The idempotency key was used with another body.",
                errors: [violation("/header/Idempotency-Key", "idempotency", "the first request's body", "another")])
        case .consentType(let type):
            Problem(
                .consentTypeMismatch, "The consent is for something else.",
                errors: [violation("/consent_id", "consent_type", "the type of consent that this operation is for", type.rawValue)])
        case .notYetValid(let from):
            Problem(
                .limitExceeded, "The customer allowed payments from a later day on.",
                errors: [violation("/consent_id", "valid_from", "not before \(from.rfc3339)", "now")])
        case .dayIsOver(let member, let day, let today):
            Problem(
                .paymentDiffers, "The day that the customer approved is over.",
                errors: [violation("/\(member.rawValue)", "day", "\(today) or a later day", day.description)])
        case .aboveMaximum(let maximum):
            Problem(
                .limitExceeded, "The payment is more than the customer allows at once.",
                errors: [violation("/amount/amount", "limit.maximum", "at most \(maximum.decimal)", "more")])
        case .aboveLimit(let limit, let left, let until):
            Problem(
                .limitExceeded, "The payment is more than is left of what the customer allows in a \(limit.period.rawValue.replacing("_", with: " ")).",
                errors: [violation("/amount/amount", "limit.\(limit.period.rawValue)", "at most \(left.decimal) until \(until.rfc3339)", "more")])
        case .notTheirAccount:
            Problem(
                .creditorAccountRefused, "The customer allows payments to their own accounts only.",
                errors: [violation("/creditor/account", "own_account", "another account of the same customer", "another's, or none")])
        case .paysItself:
            Problem(
                .creditorAccountRefused, "The account would pay itself.",
                errors: [violation("/creditor/account", "self_payment", "another account", "the debtor's own")])
        case .creditorAccountClosed:
            Problem(
                .creditorAccountRefused, "The creditor's account is closed.", errors: [violation("/creditor/account", "account_status", "open", "closed")])
        case .creditorAccountCurrency:
            Problem(
                .creditorAccountRefused, "The creditor's account is kept in another currency.",
                errors: [violation("/creditor/account", "currency", "an account in the payment's currency", "one in another")])
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
