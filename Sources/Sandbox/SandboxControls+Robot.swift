import Applications
import AuthorizationServer
import Bank
import Consents
import Events
import Gateway
import JSON
import OpenBanking
import Primitives
import Storage
import Web

/// The robot customer over the API: what it will do with a lodged consent when the app sends its customer, and what it withdraws.
extension SandboxControls {
    /// Nothing is decided here: the next authorization request of the consent is, with the checks that every request passes, and the app gets its code.
    func tellRobot(_ call: GuardedCall) async throws -> UpstreamAnswer {
        let wish = try Self.wish(call)
        return try await database.write { [consents, wishes] tx in
            let consent = try Self.consent(of: call, consents, in: tx)
            guard consent.waits(at: call.now) else {
                throw Self.conflict("awaiting_authorisation", got: consent.status(at: call.now))
            }
            try Self.checkAccounts(wish, of: call, in: tx)
            try wishes.keep(wish, for: consent.id, at: call.now, in: tx)
            return .json(
                JSONObject([
                    ("consent_id", .string(consent.id.rawValue)), ("customer", .string(wish.customer)), ("decision", .string(wish.decision.rawValue)),
                    ("accounts", .array(wish.accounts.map { .string($0.rawValue) })),
                ]))
        }
    }

    /// The customer withdraws, as on their own page.
    func withdraw(_ call: GuardedCall) async throws -> UpstreamAnswer {
        try await database.write { [consents] tx in
            let consent = try Self.consent(of: call, consents, in: tx)
            guard let person = consent.personID else { throw Self.conflict("authorised", got: consent.status(at: call.now)) }
            guard Persona.all.contains(where: { $0.personID(in: call.app.world) == person }) else {
                throw Problem(
                    .sandboxOnly, "The customer of this consent is not one of the sandbox's own.",
                    errors: [violation("/path/consent_id", "customer", "a consent of one of the sandbox's own customers", "another's")])
            }
            // Ending what has ended changes nothing.
            let after =
                try consents.revoke(
                    consent.id, by: .customer, audit: .app(call.app.id), reason: ConsentReason.robotWithdrew, at: call.now, requestID: call.requestID,
                    in: tx) ?? consent
            let standing = after.standing(at: call.now)
            return .json(
                JSONObject([
                    ("consent_id", .string(after.id.rawValue)), ("status", .string(standing.status.rawValue)),
                    ("status_actor", .string(standing.actor.rawValue)), ("status_reason", .string(standing.reason)),
                ]))
        }
    }

    private static func wish(_ call: GuardedCall) throws -> RobotWish {
        let body = call.body ?? .null
        let name = body["customer"]?.string ?? ""
        let accounts = body["accounts"]?.array?.compactMap { $0.string.flatMap(AccountID.init) } ?? []
        guard let decision = body["decision"]?.string.flatMap(RobotWish.Decision.init),
            let wish = RobotWish(customer: name, decision: decision, accounts: accounts)
        else {
            let known = Persona.all.map(\.signInName).joined(separator: ", ")
            throw Problem(
                .invalidRequest, "The sandbox has no such customer.", errors: [violation("/customer", "customer", "one of \(known)", String(name.prefix(80)))])
        }
        return wish
    }

    private static func checkAccounts(_ wish: RobotWish, of call: GuardedCall, in tx: any ReadTransaction) throws {
        guard let persona = Persona.named(wish.customer) else { return }
        let own = try Set(Accounts().list(of: persona.personID(in: call.app.world), in: tx).map(\.id))
        guard !own.isEmpty else {
            throw Problem(
                .invalidRequest, "The app's sandbox has no such customer.",
                errors: [violation("/customer", "customer", "a customer of the app's sandbox", wish.customer)])
        }
        let strangers = wish.accounts.enumerated().filter { !own.contains($0.element) }
        guard strangers.isEmpty else {
            throw Problem(
                .invalidRequest, "The robot chooses among the customer's own accounts.",
                errors: strangers.map { violation("/accounts/\($0.offset)", "account", "an account of \(wish.customer)", $0.element.rawValue) })
        }
    }

    /// The consent in the path when it is this app's: another's looks like one that does not exist.
    private static func consent(of call: GuardedCall, _ consents: Consents, in tx: any ReadTransaction) throws -> Consent {
        let text = call.pathParameters["consent_id"] ?? ""
        guard let consent = try ConsentID(text).flatMap({ try consents.find($0, in: tx) }), consent.appID == call.app.id else {
            throw Problem(
                .notFound, "This app has no such consent.",
                errors: [violation("/path/consent_id", "consent", "a consent that this app lodged", text.beginning(bytes: 64))])
        }
        return consent
    }

    private static func conflict(_ expected: String, got status: ConsentStatus) -> Problem {
        Problem(
            .consentStateConflict, "The consent is \(status.rawValue).", errors: [violation("/path/consent_id", "consent_state", expected, status.rawValue)])
    }
}

private func violation(_ pointer: String, _ rule: String, _ expected: String, _ got: String) -> Problem.Violation {
    Problem.Violation(pointer: pointer, rule: rule, expected: expected, got: got)
}
