import Applications
import Contract
import HTTPTypes
import Hummingbird
internal import JSON
import Metering
import Primitives
import Storage
import Web

/// A request with an `Idempotency-Key` that came before is answered with its first answer, and costs nothing.
struct IdempotencyPolicy: Policy {
    let name = "idempotency"
    let database: any Database
    private let records = IdempotencyRecords()

    init(database: any Database) { self.database = database }

    func checkAtOnce(_ call: inout Call) -> Verdict? { call.rules.isIdempotent ? nil : .skipped(.repeatsSafely) }

    func check(_ call: inout Call) async throws -> Verdict {
        guard let claim = IdempotencyClaim(of: call) else { return .skipped(.noKey) }
        switch try await take(claim, for: &call) {
        case .won:
            call.idempotency = claim
            return .passed(.keyIsNew)
        case .replay(let answer): return .answered(answer.replayed)
        case .otherPayload:
            return refused(
                .idempotencyKeyReused, "The idempotency key was used with another body.", at: "/header/Idempotency-Key", expected: "the first request's body",
                got: "another body")
        case .inFlight:
            return refused(
                .idempotencyInFlight, "The first request with this key is still running.", at: "/header/Idempotency-Key", expected: "a finished request",
                got: "a running one", retryAfter: 1)
        }
    }

    private func take(_ claim: IdempotencyClaim, for call: inout Call) async throws -> IdempotencyOutcome {
        do {
            return try await database.write { [records, now = call.now] in try records.claim(claim, at: now, in: $0) }
        } catch StorageError.undecided(let reason) {
            // The claim may be there: the pipeline lets it go, so that whoever comes back with the key does not find it taken. One that is committed later still
            // is taken over when it is stale.
            call.idempotency = claim
            throw StorageError.undecided(reason: reason)
        }
    }
}

extension IdempotencyClaim {
    /// What a call would hold.
    /// - Returns: `nil` when no key was sent.
    init?(of call: Call) {
        guard let app = call.app, let key = call.parameters.string("Idempotency-Key") else { return nil }
        // Two spellings of one JSON value are one request; of anything else each byte counts.
        let body = call.body.map { Array($0.canonicalText.utf8) } ?? call.bodyBytes ?? []
        // What the path names is part of the request.
        let payload = Digest(of: call.pathParameters.isEmpty ? body : Array(call.request.uri.path.utf8) + [0] + body)
        self.init(appID: app.id, route: call.operation.id, key: key, payload: payload, token: call.requestID)
    }
}

extension UpstreamAnswer {
    /// The first request's answer as a repetition is told it.
    var replayed: UpstreamAnswer {
        var answer = self
        answer.headers[.idempotencyReplayed] = "true"
        return answer
    }
}
