package import Gateway
package import Primitives
package import Storage
import AccessTokens
import Applications
import Consents
import Contract
import Events
import HTTPTypes
import OpenBanking
import Web

/// The operations on consents, which the platform itself keeps: for sandbox and live apps alike.
package struct ConsentOperations: Upstream {
    private let database: any Database
    private let consents: Consents
    private let idempotency = IdempotencyRecords()

    package init(database: any Database, randomness: any RandomSource = SystemRandom()) {
        self.database = database
        consents = Consents(randomness: randomness)
    }

    package func respond(to call: GuardedCall) async throws -> UpstreamAnswer {
        switch call.operation {
        case "createConsent": try await create(call)
        case "listConsents": try await list(call)
        case "getConsent": try await read(call)
        case "deleteConsent": try await end(call)
        default: throw Problem(.notFound, "There is no operation \(call.operation).")
        }
    }

    private func create(_ call: GuardedCall) async throws -> UpstreamAnswer {
        let new = try NewConsent(call)
        return try await database.write { [consents, idempotency] tx in
            let consent = try consents.lodge(new, by: .app(call.app.id), at: call.now, requestID: call.requestID, in: tx)
            let body = consent.body(at: call.now, issuer: call.issuer)
            let answer = UpstreamAnswer.json(body, status: .created, headers: [.location: consent.address(call.issuer)])
            // With the consent's own row: whoever repeats the request finds both or neither.
            return try idempotency.complete(call.idempotency, with: answer, in: tx)
        }
    }

    private func list(_ call: GuardedCall) async throws -> UpstreamAnswer {
        let limit = call.parameters.integer("limit") ?? 100
        let cursor = call.parameters.string("cursor")
        let found = try await database.read { [consents] tx -> [Consent]? in
            var before: Consent?
            if let cursor {
                guard let id = ConsentCursor(cursor)?.id, let last = try consents.find(id, in: tx), last.appID == call.app.id else { return nil }
                before = last
            }
            return try consents.list(ofApp: call.app.id, before: before, limit: limit + 1, in: tx)
        }
        guard let found else { throw Self.brokenCursor(cursor) }
        let page = found.prefix(limit)
        let next = found.count > limit ? page.last.map { ConsentCursor(id: $0.id).text } : nil
        let body = PageAnswer(
            data: page.map { $0.body(at: call.now, issuer: call.issuer) },
            links: PageLinks(
                current: call.issuer.address(call.http.path + (call.http.query.map { "?\($0)" } ?? "")),
                next: next.map { call.issuer.address("\(call.http.path)?cursor=\($0)&limit=\(limit)") }))
        return .json(body.json, records: page.count)
    }

    private func read(_ call: GuardedCall) async throws -> UpstreamAnswer {
        let found = try await database.read { [consents] tx in
            try Self.consent(of: call, consents, in: tx).map { ($0, try consents.history(of: $0.id, in: tx)) }
        }
        guard let (consent, history) = found else { throw Self.unknown(call) }
        return .json(consent.body(history: history, at: call.now, issuer: call.issuer), records: 1)
    }

    /// Ending what has ended changes nothing and is no error: the app wanted it ended.
    private func end(_ call: GuardedCall) async throws -> UpstreamAnswer {
        let isKnown = try await database.write { [consents] tx in
            guard let consent = try Self.consent(of: call, consents, in: tx) else { return false }
            _ = try consents.revoke(
                consent.id, by: .partner, audit: .app(call.app.id), reason: ConsentReason.deleted, at: call.now, requestID: call.requestID, in: tx)
            return true
        }
        guard isKnown else { throw Self.unknown(call) }
        return .noContent
    }

    /// The consent in the path when it is this app's: another's looks like one that does not exist.
    private static func consent(of call: GuardedCall, _ consents: Consents, in tx: any ReadTransaction) throws -> Consent? {
        guard let id = call.pathParameters["consent_id"].flatMap(ConsentID.init), let consent = try consents.find(id, in: tx), consent.appID == call.app.id
        else { return nil }
        return consent
    }

    private static func unknown(_ call: GuardedCall) -> Problem {
        let id = call.pathParameters["consent_id"] ?? ""
        return Problem(
            .notFound, "This app has no such consent.",
            errors: [Problem.Violation(pointer: "/path/consent_id", rule: "consent", expected: "a consent that this app lodged", got: String(id.prefix(64)))])
    }

    private static func brokenCursor(_ cursor: String?) -> Problem {
        Problem(
            .invalidRequest, "The cursor does not come from this list.",
            errors: [
                Problem.Violation(pointer: "/query/cursor", rule: "cursor", expected: "the cursor of links.next", got: String((cursor ?? "").prefix(80)))
            ])
    }
}
