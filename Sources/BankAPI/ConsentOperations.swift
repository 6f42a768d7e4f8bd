public import Gateway
public import Primitives
public import Storage
import AccessTokens
import Applications
import Consents
import Contract
import Events
import HTTPTypes
import OpenBanking
import Web

/// The operations on consents, which the platform itself keeps: for sandbox and live apps alike.
public struct ConsentOperations: Upstream {
    private let database: any Database
    private let consents: Consents
    private let idempotency = IdempotencyRecords()

    public init(database: any Database, randomness: any RandomSource = SystemRandom()) {
        self.database = database
        consents = Consents(randomness: randomness)
    }

    public func respond(to call: GuardedCall) async throws -> UpstreamAnswer {
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
            let body = consent.body(at: call.now, base: call.base)
            let answer = UpstreamAnswer.json(body, status: .created, headers: [.location: consent.address(call.base)])
            // With the consent's own row: whoever repeats the request finds both or neither.
            return try idempotency.complete(call.idempotency, with: answer, in: tx)
        }
    }

    private func list(_ call: GuardedCall) async throws -> UpstreamAnswer {
        try await call.page(of: ConsentID.self) { [consents, database] id, limit in
            let found = try await database.read { tx -> [Consent]? in
                let before = try id.flatMap { try consents.find($0, in: tx) }
                guard id == nil || before?.appID == call.app.id else { return nil }
                return try consents.list(ofApp: call.app.id, before: before, limit: limit, in: tx)
            }
            guard let found else { throw call.foreignCursor }
            return found.map { ($0.id, $0.body(at: call.now, base: call.base)) }
        }
    }

    private func read(_ call: GuardedCall) async throws -> UpstreamAnswer {
        let found = try await database.read { [consents] tx in
            try Self.consent(of: call, consents, in: tx).map { ($0, try consents.history(of: $0.id, in: tx)) }
        }
        guard let (consent, history) = found else { throw Self.unknown(call) }
        return .json(consent.body(history: history, at: call.now, base: call.base), records: 1)
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

    private static func unknown(_ call: GuardedCall) -> Problem { call.unknown("consent_id", "consent", "lodged") }
}
