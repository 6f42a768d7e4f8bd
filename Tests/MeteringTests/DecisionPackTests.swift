@testable import Metering
import Primitives
import Storage
import TestSupport
import Testing

@Suite("Decision packs")
struct DecisionPackTests {
    private let records = DecisionRecords()

    /// A call whose id is made as the product makes it: in the order of time.
    private func call(at moment: Timestamp, app: AppID = budget, problem: String? = nil) -> DecisionRecord {
        let id = RequestID(at: moment, from: SystemRandom())
        return DecisionRecord(
            requestID: id, receivedAt: moment, durationMicroseconds: 812, organisationID: acme, appID: app, clientID: "acme-budget", consentID: consent,
            personID: amina, method: "GET", path: "/v1/accounts", operation: "listAccounts", status: 200, outcome: .allowed,
            checks: [.init(rule: "token", result: .passed, finding: .signedHere), .init(rule: "app", result: .passed, detail: "Acme Budget")], cost: 1,
            clientAddress: "192.0.2.7", problem: problem)
    }

    private func found(_ ids: [RequestID], in database: any Database) async throws -> [DecisionRecord?] {
        try await database.read { [records] tx in
            let found = try records.find(ids, in: tx)
            return ids.map { found[$0] }
        }
    }

    private func packs(in database: any Database) async throws -> Int {
        try await database.read { try $0.first("SELECT COUNT(*) AS count FROM decision_pack")?["count"] } ?? -1
    }

    @Test(arguments: Engine.available)
    func `records of a moment share rows, and each is found and listed as it was`(engine: Engine) async throws {
        let calls = (0..<300).map { call(at: start + .milliseconds(Int64($0 % 40)), app: AppID(trusted: "app_\($0 % 3)")) }
        try await withDatabase(engine, migrations: MeteringMigrations.all) { database in
            try await database.write { [records] in try records.append(DecisionGroup(calls), in: $0) }

            #expect(try await (2..<75).contains(packs(in: database)))
            #expect(try await found(calls.map(\.requestID), in: database) == calls)
            let list = try await database.read { [records] in try records.list(ofOrganisation: acme, limit: 1000, in: $0) }
            #expect(list.count == 300 && Set(list) == Set(calls))
        }
    }

    @Test(arguments: Engine.available)
    func `groups that were begun beside each other become one, with a row for their calls of one kind`(engine: Engine) async throws {
        let calls = (0..<60).map { call(at: start + .milliseconds(Int64($0)), app: AppID(trusted: "app_\($0 % 2)")) }
        var together = DecisionGroup(Array(calls[..<20]))
        for other in [calls[20..<21], calls[21..<24], calls[24...]] { together.add(DecisionGroup(Array(other))) }
        try await withDatabase(engine, migrations: MeteringMigrations.all) { database in
            try await database.write { [records, together] in try records.append(together, in: $0) }

            let bundles: Int? = try await database.read { try $0.first("SELECT COUNT(*) AS count FROM unshelved_bundle")?["count"] }
            #expect(together.count == 60 && bundles == 2)
            #expect(try await found(calls.map(\.requestID), in: database) == calls)
            let list = try await database.read { [records] in try records.list(ofOrganisation: acme, limit: 100, in: $0) }
            #expect(list.count == 60 && Set(list) == Set(calls))
        }
    }

    @Test(arguments: Engine.available)
    func `an id between those of a pack is in none`(engine: Engine) async throws {
        let calls = (0..<50).map { _ in call(at: start) }
        try await withDatabase(engine, migrations: MeteringMigrations.all) { database in
            try await database.write { [records] in try records.append(DecisionGroup(calls), in: $0) }

            let others = (0..<20).map { RequestID(at: start + .milliseconds($0 - 10), from: SystemRandom()) }
            #expect(try await found(others, in: database).allSatisfy { $0 == nil })
        }
    }

    @Test(arguments: Engine.available)
    func `packs of several groups reach over each other`(engine: Engine) async throws {
        let calls = (0..<240).map { _ in call(at: start) }.shuffled()
        try await withDatabase(engine, migrations: MeteringMigrations.all) { database in
            for group in 0..<4 {
                try await database.write { [records] in try records.append(DecisionGroup(Array(calls[group * 60..<group * 60 + 60])), in: $0) }
            }

            #expect(try await found(calls.map(\.requestID), in: database) == calls)
            let list = try await database.read { [records] in try records.list(ofPerson: amina, limit: 300, in: $0) }
            #expect(list.count == 240 && Set(list) == Set(calls))
        }
    }

    @Test(arguments: Engine.available)
    func `a field reads back whatever was in it before`(engine: Engine) async throws {
        // Among them what packs are made of: a separator, a mark, and what a mark stands for.
        let texts = ["", "a", "\u{1E}", "\u{1F}", "\u{10}", "\u{10}n", "\u{10}e", "e", "n", "x\u{1F}\u{10}\u{1E}y", "\n", "\t\\", "\u{E9}", "e\u{301}", "GET"]
        let optionalTexts = texts.map(Optional.some) + [nil]
        let lines = texts.filter { !$0.contains("\n") && !$0.contains("\t") }
        var chance = SystemRandomNumberGenerator()
        func text() -> String { texts.randomElement(using: &chance) ?? "" }
        func optionalText() -> String? { optionalTexts.randomElement(using: &chance) ?? nil }
        func checks() -> [DecisionRecord.Check] {
            (0..<Int.random(in: 0...3, using: &chance)).map { _ in
                .init(rule: Bool.random() ? "app" : "token", result: .passed, detail: lines.randomElement(using: &chance) ?? "")
            }
        }
        let calls = (0..<400).map { _ in
            DecisionRecord(
                requestID: RequestID(at: start, from: SystemRandom()), receivedAt: start + .milliseconds(.random(in: 0...1)),
                durationMicroseconds: .random(in: -1...1), organisationID: Bool.random() ? acme : nil, appID: Bool.random() ? budget : nil,
                clientID: optionalText(), consentID: Bool.random() ? consent : nil, personID: Bool.random() ? amina : nil,
                accountID: Bool.random() ? AccountID(trusted: "acc_1") : nil, method: text(), path: text(), operation: optionalText(),
                status: .random(in: 200...201), outcome: DecisionOutcome.allCases.randomElement() ?? .failed, rule: optionalText(),
                expected: optionalText(), got: optionalText(), checks: checks(), cost: .random(in: 0...1), records: Bool.random() ? nil : .random(in: 0...1),
                clientAddress: text(), problem: optionalText())
        }
        try await withDatabase(engine, migrations: MeteringMigrations.all) { database in
            try await database.write { [records] in try records.append(DecisionGroup(calls), in: $0) }

            let found = try await found(calls.map(\.requestID), in: database)
            #expect(found == calls)
            // To the byte: texts are equal too that are composed in another way.
            #expect(found.map { $0.map(bytes) ?? [] } == calls.map(bytes))
        }
    }

    private func bytes(of call: DecisionRecord) -> [[UInt8]] {
        let texts = [call.method, call.path, call.clientAddress, call.clientID, call.operation, call.rule, call.expected, call.got, call.problem]
        return (texts.map { $0 ?? "absent" } + call.checks.map(\.words)).map { Array($0.utf8) }
    }

    @Test(arguments: Engine.available)
    func `rows stay short, but of a record that is long itself`(engine: Engine) async throws {
        let calls = (0..<60).map { call(at: start, problem: String(repeating: "\($0 % 10)", count: 100 * ($0 % 9))) }
        let long = call(at: start, problem: String(repeating: "x", count: 3000))
        try await withDatabase(engine, migrations: MeteringMigrations.all) { database in
            try await database.write { [records] in try records.append(DecisionGroup(calls + [long]), in: $0) }

            let lengths: [Int] = try await database.read { try $0.all("SELECT LENGTH(records) AS length FROM decision_pack").map { try $0["length"] } }
            #expect(lengths.filter { $0 > 1900 }.count == 1 && lengths.count < 40)
            #expect(try await found((calls + [long]).map(\.requestID), in: database) == calls + [long])
        }
    }

    @Test(arguments: Engine.available)
    func `a pack that cannot be read is purged as the others`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: MeteringMigrations.all) { database in
            try await database.write { [records] in try records.append(DecisionGroup([record("1"), record("2")]), in: $0) }
            try await database.write { _ = try $0.execute("UPDATE decision_pack SET records = 'none' WHERE request_id = 'req_1'") }

            let isMore = try await database.write { [records] in try records.purge(before: start + .seconds(1), in: $0) }

            #expect(try await packs(in: database) == 0)
            #expect(!isMore)
        }
    }

    @Test(arguments: Engine.available)
    func `what fills a row alone is kept with others`(engine: Engine) async throws {
        let calls = (0..<20).map { call(at: start, problem: $0.isMultiple(of: 2) ? String(repeating: "\($0)", count: 3000) : nil) }
        try await withDatabase(engine, migrations: MeteringMigrations.all) { database in
            try await database.write { [records] in try records.append(DecisionGroup(calls), in: $0) }

            #expect(try await found(calls.map(\.requestID), in: database) == calls)
        }
    }

    @Test(arguments: Engine.available)
    func `text that is none of ours is an error, and no record`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: MeteringMigrations.all) { database in
            try await database.write { [records] in try records.append(DecisionGroup([record("1")]), in: $0) }
            for text in ["", "req_1", "req_1" + String(repeating: "\u{1F}", count: 21), "req_1\u{1F}\u{10}!" + String(repeating: "\u{1F}", count: 20)] {
                try await database.write { _ = try $0.execute("UPDATE decision_pack SET records = \(text)") }

                await #expect(throws: StorageError.self) { try await found([RequestID(trusted: "req_1")], in: database) }
            }
        }
    }

    @Test(arguments: Engine.available)
    func `what a node of the version before wrote is found, listed and purged with the rest`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: MeteringMigrations.all) { database in
            let older = record("2", at: start + .seconds(1))
            let calls = [record("1"), older, record("3", at: start + .seconds(2))]
            try await database.write { [records] tx in
                try records.append(DecisionGroup([calls[0], calls[2]]), in: tx)
                try insertUnpacked(older, in: tx)
                try tx.execute(
                    """
                    INSERT INTO unshelved_bundle (slice, request_id, received_ms, outcome, cost, organisation_id, app_id, person_id, consent_id)
                    VALUES (15, \(older.requestID), \(older.receivedAt.milliseconds), 'allowed', 1, \(acme), \(budget), \(amina), \(consent))
                    """)
            }
            func listed() async throws -> [String] {
                try await database.read { [records] in try records.list(ofPerson: amina, limit: 10, in: $0) }.map(\.requestID.rawValue)
            }

            #expect(try await found([older.requestID], in: database).map { $0?.requestID } == [older.requestID])
            #expect(try await listed() == ["req_3", "req_2", "req_1"])
            let isMore = try await database.write { [records] tx in
                try (0..<2).map { _ in try records.purge(before: start + .seconds(2), limit: 1, in: tx) }
            }
            #expect(isMore == [true, false])
            #expect(try await listed() == ["req_3"])
            #expect(try await found(calls.map(\.requestID), in: database).map { $0?.requestID.rawValue } == [nil, nil, "req_3"])
        }
    }
}
