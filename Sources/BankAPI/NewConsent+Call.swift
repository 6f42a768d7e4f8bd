import Applications
import Consents
import Contract
import Gateway
package import JSON
import OpenBanking
import Primitives
import Web

extension NewConsent {
    /// Reads the body of `POST /v1/consents`, whose shape the gateway has checked.
    /// - Throws: a `Problem` that names every rule the values break.
    init(_ call: GuardedCall) throws {
        let body = call.body ?? .null
        let permissions: PermissionSet
        do throws(PermissionRefusal) {
            permissions = try PermissionSet(names: body["permissions"]?.array?.compactMap(\.string) ?? [])
        } catch {
            throw Problem(
                .invalidPermissions, "The permissions do not go together.",
                errors: [Problem.Violation(pointer: "/permissions", rule: error.rule, expected: error.expected, got: error.got)])
        }
        var violations: [Problem.Violation] = []
        let expiresAt = body.moment("expires_at") ?? .epoch
        if let refusal = ConsentTerm.refusal(expiresAt: expiresAt, at: call.now) {
            violations.append(.init(pointer: "/expires_at", rule: "term", expected: refusal.expected, got: expiresAt.rfc3339))
        }
        let from = body.moment("transactions_from")
        let to = body.moment("transactions_to")
        let window = DataWindow(from: from, to: to)
        if window == nil {
            violations.append(
                .init(pointer: "/transactions_to", rule: "window", expected: "not before transactions_from", got: to?.rfc3339 ?? "nothing"))
        }
        guard violations.isEmpty, let window else {
            throw Problem(.invalidRequest, "The consent cannot be lodged as it stands.", errors: violations)
        }
        self.init(appID: call.app.id, organisationID: call.app.organisationID, permissions: permissions, window: window, expiresAt: expiresAt)
    }
}

extension JSONValue {
    fileprivate func moment(_ name: String) -> Timestamp? { self[name]?.string.flatMap { Timestamp(iso8601: $0) } }
}
