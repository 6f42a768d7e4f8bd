import HTTPTypes
import Primitives
import Storage
import TestSupport
import Testing

@testable import Gateway

@Suite("Idempotency keys")
struct IdempotencyRecordsTests {
    private let records = IdempotencyRecords()
    private let clock = ManualClock()

    private func claim(_ body: String = "{}", token: String = "req_1", key: String = "k") -> IdempotencyClaim {
        IdempotencyClaim(
            appID: AppID(trusted: "app_budget"), route: "createConsent", key: key, payload: Digest(of: body), token: RequestID(trusted: token))
    }

    /// The outcome in a word.
    private func outcome(_ claim: IdempotencyClaim, in database: any Database) async throws -> String {
        let now = clock.now
        return switch try await database.write({ [records] in try records.claim(claim, at: now, in: $0) }) {
        case .won: "won"
        case .otherPayload: "other"
        case .inFlight: "in flight"
        case .replay(let answer): "\(answer.status.code) \(answer.headers[.location] ?? "") \(String(decoding: answer.body, as: UTF8.self))"
        }
    }

    private let answer = UpstreamAnswer(
        status: .created, headers: [.location: "http://localhost/x", .contentType: "application/json"], body: Array(#"{"é":1}"#.utf8))

    @Test(arguments: Engine.available)
    func `the first wins, the next waits, then gets its answer`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: GatewayMigrations.all) { database in
            var outcomes = [try await outcome(claim(), in: database), try await outcome(claim(token: "req_2"), in: database)]

            try await database.write { [records, answer] in try records.complete(claim(), with: answer, in: $0) }

            outcomes.append(try await outcome(claim(token: "req_3"), in: database))
            outcomes.append(try await outcome(claim("{\"a\":1}", token: "req_4"), in: database))
            outcomes.append(try await outcome(claim(token: "req_5", key: "other"), in: database))
            #expect(outcomes == ["won", "in flight", #"201 http://localhost/x {"é":1}"#, "other", "won"])
        }
    }

    @Test(arguments: Engine.available)
    func `a released key is free, an answered one is not released`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: GatewayMigrations.all) { database in
            _ = try await outcome(claim(), in: database)
            try await database.write { [records] in try records.release(claim(), in: $0) }
            let again = try await outcome(claim(token: "req_2"), in: database)
            try await database.write { [records, answer] in try records.complete(claim(token: "req_2"), with: answer, in: $0) }
            try await database.write { [records] in try records.release(claim(token: "req_2"), in: $0) }
            let replay = try await outcome(claim(token: "req_3"), in: database)

            #expect(again == "won" && replay.hasPrefix("201"))
        }
    }

    @Test(arguments: Engine.available)
    func `a sleeper whose key was taken over cannot complete, so its work rolls back`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: GatewayMigrations.all) { database in
            let first = try await outcome(claim(), in: database)
            clock.advance(by: .seconds(60))
            let second = try await outcome(claim(token: "req_2"), in: database)

            #expect(first == "won" && second == "won")
            await #expect(throws: IdempotencyClaimLost.self) {
                try await database.write { [records, answer] in try records.complete(claim(), with: answer, in: $0) }
            }
        }
    }

    @Test(arguments: Engine.available)
    func `the key of a process that died answers its own body alone, for a day`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: GatewayMigrations.all) { database in
            _ = try await outcome(claim(), in: database)
            clock.advance(by: .seconds(60))

            let other = try await outcome(claim("{\"a\":1}", token: "req_2"), in: database)
            let same = try await outcome(claim(token: "req_3"), in: database)
            // The promised day, by a clock two hours ahead.
            clock.advance(by: .hours(26))
            let ahead = try await outcome(claim("{\"a\":1}", token: "req_4"), in: database)
            clock.advance(by: .hours(3))
            let tomorrow = try await outcome(claim("{\"a\":1}", token: "req_5"), in: database)

            #expect([other, same, ahead, tomorrow] == ["other", "won", "other", "won"])
        }
    }

    @Test(arguments: Engine.available)
    func `an answer is told for the promised day, also by a clock two hours ahead`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: GatewayMigrations.all) { database in
            _ = try await outcome(claim(), in: database)
            try await database.write { [records, answer] in try records.complete(claim(), with: answer, in: $0) }
            clock.advance(by: .hours(26))
            let now = clock.now

            let gone = try await database.write { [records] in try records.purge(at: now, in: $0) }
            let behindItsConsent = try await database.readOne { [records] in try records.answer(to: claim(token: "req_2"), at: now, in: $0) }
            let again = try await outcome(claim(token: "req_3"), in: database)
            clock.advance(by: .hours(3))
            let later = try await outcome(claim(token: "req_4"), in: database)

            #expect(gone == 0 && behindItsConsent?.status == .created)
            #expect(again.hasPrefix("201") && later == "won")
        }
    }

    @Test(arguments: Engine.available)
    func `a claim from before the clock was set back is taken over, one of a node whose clock is ahead is not`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: GatewayMigrations.all) { database in
            _ = try await outcome(claim(), in: database)
            clock.advance(by: .seconds(-10))
            let ahead = try await outcome(claim(token: "req_2"), in: database)
            clock.advance(by: .hours(-2))
            let other = try await outcome(claim("{\"a\":1}", token: "req_3"), in: database)
            let setBack = try await outcome(claim(token: "req_4"), in: database)

            #expect([ahead, other, setBack] == ["in flight", "other", "won"])
        }
    }

    @Test(arguments: Engine.available)
    func `after a restore every key without an answer is free, also those behind the first two thousand`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: GatewayMigrations.all) { database in
            let now = clock.now
            let claims = (0...2001).map { claim(key: "k\($0)") }
            try await database.write { [records, answer] tx in
                for claim in claims { _ = try records.claim(claim, at: now, in: tx) }
                try records.complete(claims[1000], with: answer, in: tx)
            }

            try await database.write { [records] in try records.releaseAll(in: $0) }

            let kept = try await database.read { tx in try tx.all("SELECT key FROM idempotency_key").map { row in try row["key"] as String } }
            #expect(kept == ["k1000"])
        }
    }

    @Test(arguments: Engine.available)
    func `fifty claims at once, five rounds: one wins`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: GatewayMigrations.all) { database in
            for round in 0..<5 {
                let winners = try await withThrowingTaskGroup(of: Bool.self) { group in
                    for index in 0..<50 {
                        group.addTask { try await outcome(claim(token: "req_\(index)", key: "round-\(round)"), in: database) == "won" }
                    }
                    return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
                }

                #expect(winners == 1)
            }
        }
    }

    @Test(arguments: Engine.available)
    func `yesterday's keys go`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: GatewayMigrations.all) { database in
            _ = try await outcome(claim(key: "old"), in: database)
            clock.advance(by: .hours(28))
            _ = try await outcome(claim(key: "young"), in: database)
            clock.advance(by: .hours(1))
            let now = clock.now

            let gone = try await database.write { [records] in try records.purge(at: now, in: $0) }

            let kept = try await database.read { tx in try tx.all("SELECT key FROM idempotency_key").map { row in try row["key"] as String } }
            #expect(gone == 1 && kept == ["young"])
        }
    }
}
