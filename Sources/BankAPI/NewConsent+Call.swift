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
        if body["type"]?.string == ConsentType.payment.rawValue {
            try self.init(payment: body, call)
            return
        }
        if body["payment"] != nil || body["debtor_account"] != nil {
            throw Problem(
                .invalidRequest, "The consent cannot be lodged as it stands.",
                errors: [Problem.Violation(pointer: "/type", rule: "type", expected: "payment beside payment and debtor_account", got: "account_access")])
        }
        let missing = ["permissions", "expires_at"].filter { body[$0] == nil }
        guard missing.isEmpty else {
            throw Problem(
                .invalidRequest, "The consent cannot be lodged as it stands.",
                errors: missing.map { Problem.Violation(pointer: "/\($0)", rule: "required", expected: "\($0) beside type account_access", got: "nothing") })
        }
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

extension NewConsent {
    /// A consent for one payment.
    private init(payment body: JSONValue, _ call: GuardedCall) throws {
        var violations = ["permissions", "transactions_from", "transactions_to"].filter { body[$0] != nil }.map { name in
            Problem.Violation(pointer: "/\(name)", rule: "type", expected: "no \(name) beside type payment", got: name)
        }
        let expiresAt = body.moment("expires_at") ?? call.now + ConsentTerm.payment
        if let refusal = ConsentTerm.refusal(expiresAt: expiresAt, at: call.now) {
            violations.append(.init(pointer: "/expires_at", rule: "term", expected: refusal.expected, got: expiresAt.rfc3339))
        }
        let instruction = body["payment"].flatMap { PaymentInstruction($0, at: "/payment", &violations) }
        if body["payment"] == nil {
            violations.append(.init(pointer: "/payment", rule: "required", expected: "payment beside type payment", got: "nothing"))
        }
        guard violations.isEmpty, let instruction else {
            throw Problem(.invalidRequest, "The consent cannot be lodged as it stands.", errors: violations)
        }
        // Whose account it is shows when the customer signs in: until then an id tells the app nothing.
        self.init(
            appID: call.app.id, organisationID: call.app.organisationID,
            payment: PaymentTerms(instruction: instruction, debtorAccount: body["debtor_account"]?.string.flatMap(AccountID.init)), expiresAt: expiresAt)
    }
}

extension JSONValue {
    fileprivate func moment(_ name: String) -> Timestamp? { self[name]?.string.flatMap { Timestamp(iso8601: $0) } }
}
