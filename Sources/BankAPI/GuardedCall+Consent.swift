import Applications
import Consents
import Gateway
import JSON
import OpenBanking
import Primitives
import Web

extension GuardedCall {
    /// The consent behind the token, which the body names too.
    /// - Throws: a `Problem` when the body names another.
    func namedConsent() throws -> (consent: Consent, person: PersonID) {
        guard let consent, let person = consent.personID else { throw Problem(.consentRequired, "The token carries no consent.") }
        let named = body?["consent_id"]?.string ?? ""
        // The customer approved this token for one consent; to name another is to ask for another's.
        guard named == consent.id.rawValue else {
            throw Problem(
                .consentRequired, "The token was approved for a consent other than the one that the body names.",
                errors: [Problem.Violation(pointer: "/consent_id", rule: "consent", expected: consent.id.rawValue, got: named.beginning(bytes: 64))])
        }
        return (consent, person)
    }

    /// The refusal of an id in the path that names nothing of this app's.
    func unknown(_ parameter: String, _ name: String, _ verb: String) -> Problem {
        let words = name.replacing("_", with: " ")
        return Problem(
            .notFound, "This app has no such \(words).",
            errors: [
                Problem.Violation(
                    pointer: "/path/\(parameter)", rule: name, expected: "a \(words) that this app \(verb)",
                    got: (pathParameters[parameter] ?? "").beginning(bytes: 64))
            ])
    }
}

extension CivilDate {
    /// Reads a day that may be missing.
    /// - Returns: `nil` when it is, and, with the rule added to `violations`, when there is no such day.
    init?(_ value: JSONValue?, at pointer: String, _ violations: inout [Problem.Violation]) {
        guard let text = value?.string else { return nil }
        guard let day = CivilDate(text) else {
            violations.append(.init(pointer: pointer, rule: "day", expected: "a day such as 2026-11-21", got: String(text.prefix(40))))
            return nil
        }
        self = day
    }
}
