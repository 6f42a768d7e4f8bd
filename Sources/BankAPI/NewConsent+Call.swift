import Applications
import Consents
import Contract
import Gateway
import JSON
import OpenBanking
import Primitives
import Web

extension NewConsent {
    /// Reads the body of `POST /v1/consents`, whose shape the gateway has checked.
    /// - Throws: a `Problem` that names every rule the values break.
    init(_ call: GuardedCall) throws {
        let body = call.body ?? .null
        let type = body["type"]?.string.flatMap(ConsentType.init) ?? .accountAccess
        if type != .accountAccess {
            try self.init(payment: body, of: type, call)
            return
        }
        let others = ConsentType.payments.map(\.rawValue) + ["debtor_account"]
        if let other = others.first(where: { body[$0] != nil }) {
            throw Problem(
                .invalidRequest, "The consent cannot be lodged as it stands.",
                errors: [Problem.Violation(pointer: "/type", rule: "type", expected: "another type beside \(other)", got: type.rawValue)])
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
    /// A consent that moves money.
    private init(payment body: JSONValue, of type: ConsentType, _ call: GuardedCall) throws {
        let others = ConsentType.payments.filter { $0 != type }.map(\.rawValue) + ["permissions", "transactions_from", "transactions_to"]
        var violations = others.filter { body[$0] != nil }.map { name in
            Problem.Violation(pointer: "/\(name)", rule: "type", expected: "no \(name) beside type \(type.rawValue)", got: name)
        }
        // What goes on has an end that the app states; one payment has a day to be ordered.
        if type == .recurringPayment, body["expires_at"] == nil {
            violations.append(.init(pointer: "/expires_at", rule: "required", expected: "expires_at beside type \(type.rawValue)", got: "nothing"))
        }
        let expiresAt = body.moment("expires_at") ?? call.now + ConsentTerm.payment
        if let refusal = ConsentTerm.refusal(expiresAt: expiresAt, at: call.now) {
            violations.append(.init(pointer: "/expires_at", rule: "term", expected: refusal.expected, got: expiresAt.rfc3339))
        }
        var order: PaymentOrder?
        if let member = body[type.rawValue] {
            order = PaymentOrder(member, of: type, expiresAt: expiresAt, now: call.now, &violations)
        } else {
            violations.append(
                .init(pointer: "/\(type.rawValue)", rule: "required", expected: "\(type.rawValue) beside type \(type.rawValue)", got: "nothing"))
        }
        guard violations.isEmpty, let order else {
            throw Problem(.invalidRequest, "The consent cannot be lodged as it stands.", errors: violations)
        }
        // Whose account it is shows when the customer signs in: until then an id tells the app nothing.
        self.init(
            appID: call.app.id, organisationID: call.app.organisationID,
            payment: PaymentTerms(order: order, debtorAccount: body["debtor_account"]?.string.flatMap(AccountID.init)), expiresAt: expiresAt)
    }
}

extension JSONValue {
    func moment(_ name: String) -> Timestamp? { self[name]?.string.flatMap { Timestamp(iso8601: $0) } }
}
