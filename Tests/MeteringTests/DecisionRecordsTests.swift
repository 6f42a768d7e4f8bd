import Metering
import Primitives
import Storage
import Testing
import TestSupport

@Suite("Decision records")
struct DecisionRecordsTests {
    private let records = DecisionRecords()

    private func database(_ engine: Engine, holding entries: [DecisionRecord], _ body: (any Database) async throws -> Void) async throws {
        try await withDatabase(engine, migrations: MeteringMigrations.all) { database in
            try await database.write { [records] in try records.append(DecisionGroup(entries), in: $0) }
            try await body(database)
        }
    }

    @Test(arguments: Engine.available)
    func `a record reads back as it was written`(engine: Engine) async throws {
        let refused = record("1", outcome: .refused, cost: 0)
        let bare = DecisionRecord(
            requestID: RequestID(trusted: "req_2"), receivedAt: start, durationMicroseconds: 0, method: "GET", path: "/v1/accounts", operation: nil,
            status: 401,
            outcome: .refused, clientAddress: "local")

        try await database(engine, holding: [refused, bare]) { database in
            let read = try await database.read { [records] tx in try [refused, bare].map { try records.find($0.requestID, in: tx) } }

            #expect(read == [refused, bare])
            let unknown = try await database.read { [records] in try records.find(RequestID(trusted: "req_none"), in: $0) }
            #expect(unknown == nil)
        }
    }

    @Test(arguments: Engine.available)
    func `each finding and each end of a check read back, in short lines`(engine: Engine) async throws {
        let found = Finding.allCases.map { DecisionRecord.Check(rule: "token", result: .passed, finding: $0) }
        let ended = DecisionRecord.Check.Result.allCases.flatMap { result in
            [("route", " Ürsprung~+- "), ("app", "\u{301}mark"), ("app", "")].map { DecisionRecord.Check(rule: $0, result: result, detail: $1) }
        }
        let checks = found + ended

        try await database(engine, holding: [record("1", checks: checks)]) { database in
            let read = try await database.read { [records] in try records.find(RequestID(trusted: "req_1"), in: $0) }

            #expect(read?.checks == checks)
            #expect(Set(checks.map(\.words)).count == Finding.allCases.count + 3)
            let kept = try await database.read { try $0.first("SELECT records FROM decision_pack")?["records"] as String? }
            #expect(kept?.contains("\u{1F}t+nt\nt+na\n") == true)
        }
    }

    @Test(arguments: Engine.available)
    func `checks of a rule without a letter are kept in full, as all once were`(engine: Engine) async throws {
        let ours = [
            DecisionRecord.Check(rule: "token", result: .passed, finding: .signedHere), .init(rule: "weather", result: .skipped, finding: .noToken),
            .init(rule: "scope", result: .failed, detail: "too small"),
        ]
        let earlier = "request_id\tpassed\treq_1\ntoken\tpassed\tsigned\npossession\tskipped\t\nscope\tfailed\ttoo small\na+zz"

        try await database(engine, holding: [record("1", checks: ours)]) { database in
            try await database.write { try insertUnpacked(record("2"), checks: earlier, in: $0) }

            let read = try await database.read { [records] tx in
                try ["req_1", "req_2"].map { try records.find(RequestID(trusted: $0), in: tx)?.checks.map { "\($0.rule) \($0.result) \($0.words)" } }
            }

            #expect(read[0] == ["token passed \(Finding.signedHere.words)", "weather skipped no token", "scope failed too small"])
            // With what a later version may have found.
            #expect(read[1] == ["request_id passed req_1", "token passed signed", "possession skipped ", "scope failed too small", "app passed "])
        }
    }

    @Test(arguments: Engine.available)
    func `a group is written once, and refused where it is there unless that may be`(engine: Engine) async throws {
        let calls = [record("1"), record("2")]
        try await database(engine, holding: calls) { database in
            await #expect(throws: StorageError.self) { try await database.write { [records] in try records.append(DecisionGroup(calls), in: $0) } }
            await #expect(throws: StorageError.self) { try await database.write { [records] in try records.append(DecisionGroup([record("1")]), in: $0) } }

            try await database.write { [records] in try records.append(again(calls), in: $0) }
            try await database.write { [records] in try records.append(again([record("3")]), in: $0) }

            let list = try await database.read { [records] in try records.list(ofOrganisation: acme, limit: 10, in: $0) }
            #expect(list.map(\.requestID.rawValue) == ["req_3", "req_2", "req_1"])
        }
    }

    @Test(arguments: Engine.available)
    func `lists go on page by page, newest first, without gaps or repetitions`(engine: Engine) async throws {
        // Two in each millisecond, so that the time alone does not order them.
        let entries = (0..<57).map { record("\($0)", at: start + .milliseconds(Int64($0 / 2))) }
        try await database(engine, holding: entries) { database in
            var seen: [DecisionRecord] = []
            while true {
                let last = seen.last.map(DecisionRecords.Position.init(after:))
                let page = try await database.read { [records] in try records.list(ofPerson: amina, before: last, limit: 10, in: $0) }
                if page.isEmpty { break }
                seen += page
            }

            #expect(seen.count == 57 && Set(seen.map(\.requestID)).count == 57)
            #expect(seen.map(\.receivedAt) == seen.map(\.receivedAt).sorted(by: >))
            let ofConsent = try await database.read { [records] in try records.list(ofPerson: amina, consent: consent, limit: 100, in: $0) }
            #expect(ofConsent.map(\.requestID) == seen.map(\.requestID))
        }
    }

    @Test(arguments: Engine.available)
    func `an organisation sees its own calls, narrowed as it asks`(engine: Engine) async throws {
        let entries = [
            record("1"), record("2", outcome: .refused), record("3", app: AppID(trusted: "app_other")), record("4", operation: "getAccountBalance"),
            record("5", organisation: OrganisationID(trusted: "org_other")),
        ]
        try await database(engine, holding: entries) { database in
            func ids(_ filter: DecisionRecords.Filter) async throws -> Set<String> {
                let list = try await database.read { [records] in try records.list(ofOrganisation: acme, filter: filter, limit: 10, in: $0) }
                return Set(list.map { String($0.requestID.rawValue.dropFirst(4)) })
            }

            let all = try await ids(.init())
            let ofApp = try await ids(.init(appID: budget))
            let refused = try await ids(.init(outcome: .refused))
            let both = try await ids(.init(appID: budget, outcome: .refused))

            #expect(all == ["1", "2", "3", "4"] && ofApp == ["1", "2", "4"] && refused == ["2"] && both == ["2"])
        }
    }

    @Test(arguments: Engine.available)
    func `days are counted in UTC`(engine: Engine) async throws {
        let midnight = start.date.adding(days: 1).start
        let entries = [
            record("1", at: midnight - .milliseconds(1)), record("2", at: midnight), record("3", at: midnight + .hours(23), outcome: .refused, cost: 0),
            record("4", at: midnight + .days(1), outcome: .failed, cost: 0),
        ]
        try await database(engine, holding: entries) { database in
            let counts = try await database.read { [records] tx in
                try records.dayCounts(ofOrganisation: acme, from: start.date, to: start.date.adding(days: 1), in: tx)
            }

            #expect(counts.map(\.day) == [start.date, start.date.adding(days: 1)])
            #expect(counts.map(\.allowed) == [1, 1] && counts.map(\.refused) == [0, 1] && counts.map(\.cost) == [1, 1])
        }
    }

    @Test(arguments: Engine.available)
    func `a group that is written again is not counted again`(engine: Engine) async throws {
        let calls = (0..<40).map { record("\($0)") }
        try await database(engine, holding: calls) { database in
            try await database.write { [records] in try records.append(again(calls), in: $0) }

            let counts = try await database.read { [records] in try records.dayCounts(ofOrganisation: acme, from: start.date, to: start.date, in: $0) }
            #expect(counts.map(\.allowed) == [40] && counts.map(\.cost) == [40])
        }
    }

    @Test(arguments: Engine.available)
    func `days of one app are its own`(engine: Engine) async throws {
        let other = AppID(trusted: "app_other")
        try await database(engine, holding: [record("1"), record("2", app: other), record("3", app: other, outcome: .failed)]) { database in
            let counts = try await database.read { [records] tx in
                try records.dayCountsByApp(ofOrganisation: acme, from: start.date, to: start.date, in: tx)
            }
            #expect(counts[other]?.map(\.allowed) == [1] && counts[other]?.map(\.failed) == [1])
            #expect(counts[budget]?.map(\.total) == [1] && counts.count == 2)
        }
    }

    @Test(arguments: Engine.available)
    func `the last call of each app is found, however it ended and however many apps there are`(engine: Engine) async throws {
        // More apps than one statement asks for.
        let ids = (0..<45).map { AppID(trusted: "app_\($0)") }
        let entries = ids.enumerated().flatMap { index, id in
            (0..<3).map { record("\(index)-\($0)", at: start + .seconds(Int64(index * 10 + $0)), app: id, outcome: DecisionOutcome.allCases[(index + $0) % 3]) }
        }
        try await database(engine, holding: entries) { database in
            let silent = AppID(trusted: "app_silent")

            let last = try await database.read { [records] tx in try records.lastCalls(ofApps: ids + [silent], of: acme, in: tx) }

            #expect(ids.allSatisfy { id in last[id] == entries.last { $0.appID == id }?.receivedAt })
            #expect(last[silent] == nil && last.count == 45)
        }
    }

    @Test(arguments: Engine.available)
    func `uses of a consent are those that were allowed, counted up to a bound`(engine: Engine) async throws {
        let entries =
            [record("0", at: start - .days(8)), record("1"), record("2", at: start + .seconds(5)), record("3", at: start + .seconds(9), outcome: .refused)]
        try await database(engine, holding: entries) { database in
            func uses(atMost bound: Int) async throws -> [ConsentID: DecisionRecords.Use] {
                let ids = [consent] + (2..<150).map { ConsentID(trusted: "cns_\($0)") }
                return try await database.read { [records] in try records.uses(ofConsents: ids, of: amina, since: start - .days(7), atMost: bound, in: $0) }
            }

            let all = try await uses(atMost: 10)
            let bounded = try await uses(atMost: 1)

            #expect(all.keys.sorted() == [consent] && all[consent]?.last == start + .seconds(5) && all[consent]?.count == 2)
            #expect(bounded[consent]?.count == 1)
        }
    }

    @Test(arguments: Engine.available)
    func `a list over many apps is in the order of time`(engine: Engine) async throws {
        // More apps than one statement asks for.
        let entries = (0..<90).map { index in
            record("\(index)", at: start + .seconds(Int64(index)), app: AppID(trusted: "app_\(index % 45)"), outcome: index % 7 == 0 ? .refused : .allowed)
        }
        try await database(engine, holding: entries) { database in
            let first = try await database.read { [records] in try records.list(ofOrganisation: acme, limit: 31, in: $0) }
            let second = try await database.read { [records] in
                try records.list(ofOrganisation: acme, before: .init(after: first[30]), limit: 100, in: $0)
            }
            let refused = try await database.read { [records] in try records.list(ofOrganisation: acme, filter: .init(outcome: .refused), limit: 5, in: $0) }

            #expect((first + second).map(\.requestID) == entries.reversed().map(\.requestID))
            #expect(refused.map(\.requestID.rawValue) == ["req_84", "req_77", "req_70", "req_63", "req_56"])
        }
    }

    @Test(arguments: Engine.available)
    func `the oldest go first when records are purged`(engine: Engine) async throws {
        try await database(engine, holding: (0..<5).map { record("\($0)", at: start + .seconds(Int64($0))) }) { database in
            let isMore = try await database.write { [records] in try records.purge(before: start + .seconds(3), limit: 2, in: $0) }

            let rest = try await database.read { [records] in try records.list(ofOrganisation: acme, limit: 10, in: $0) }
            #expect(isMore && rest.map(\.requestID.rawValue) == ["req_4", "req_3", "req_2"])
        }
    }

    @Test func `texts are bounded and hold no NUL, which PostgreSQL refuses`() {
        let long = DecisionRecord(
            requestID: RequestID(trusted: "req_1"), receivedAt: start, durationMicroseconds: 0, method: "GET",
            path: "/v1/\0" + String(repeating: "é", count: 5000), operation: nil, status: 400, outcome: .refused, got: String(repeating: "x", count: 9000),
            clientAddress: "local", problem: String(repeating: "y", count: 90_000))

        #expect(long.path.utf8.count <= 500 && !long.path.contains("\0"))
        #expect((long.got?.utf8.count ?? 0) <= 500 && (long.problem?.utf8.count ?? 0) <= 4000)
    }
}

@Suite("Decision recorder")
struct DecisionRecorderTests {
    @Test(arguments: Engine.available)
    func `what was recorded is written in groups, and once`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: MeteringMigrations.all) { database in
            let recorder = DecisionRecorder(database: database, logger: .quiet)
            for index in 0..<2345 { recorder.record(record("\(index)")) }

            try await recorder.flush()
            try await recorder.flush()

            let days = try await database.read { try DecisionRecords().dayCounts(ofOrganisation: acme, from: start.date, to: start.date, in: $0) }
            #expect(days.map(\.total) == [2345])
        }
    }

    @Test(arguments: Engine.available)
    func `what threads record at the same moment is written, each once`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: MeteringMigrations.all) { database in
            let recorder = DecisionRecorder(database: database, logger: .quiet)
            await withTaskGroup(of: Void.self) { threads in
                for thread in 0..<8 { threads.addTask { for index in 0..<700 { recorder.record(record("\(thread)_\(index)")) } } }
            }

            try await recorder.flush()

            let days = try await database.read { try DecisionRecords().dayCounts(ofOrganisation: acme, from: start.date, to: start.date, in: $0) }
            #expect(days.map(\.total) == [5600] && recorder.droppedCount == 0)
            let ends = (0..<8).flatMap { [RequestID(trusted: "req_\($0)_0"), RequestID(trusted: "req_\($0)_699")] }
            let found = try await database.read { tx in try ends.filter { try DecisionRecords().find($0, in: tx) != nil } }
            #expect(found == ends)
        }
    }

    @Test func `records wait while the database does not take them, and are written when it does`() async throws {
        try await withDatabase(.sqlite, migrations: []) { database in
            let recorder = DecisionRecorder(database: database, logger: .quiet)
            recorder.record(record("1"))
            recorder.record(record("2"))
            // Without its table each write fails.
            await #expect(throws: (any Error).self) { try await recorder.flush() }

            try await database.migrate(MeteringMigrations.all, at: start)
            try await recorder.flush()

            let list = try await database.read { try DecisionRecords().list(ofOrganisation: acme, limit: 10, in: $0) }
            #expect(list.count == 2 && recorder.droppedCount == 0)
        }
    }

    @Test(arguments: Engine.available, [2, 1200])
    func `what a lost answer left in doubt is written once, and what came meanwhile with it`(engine: Engine, count: Int) async throws {
        try await withDatabase(engine, migrations: MeteringMigrations.all) { open in
            let database = DeafDatabase(open)
            let recorder = DecisionRecorder(database: database, logger: .quiet)
            for index in 0..<count { recorder.record(record("\(index)")) }
            database.losesAnswers = true
            for _ in 0..<2 { await #expect(throws: StorageError.self) { try await recorder.flush() } }
            database.losesAnswers = false

            recorder.record(record("\(count)"))
            try await recorder.flush()

            let days = try await open.read { try DecisionRecords().dayCounts(ofOrganisation: acme, from: start.date, to: start.date, in: $0) }
            #expect(days.map(\.total) == [count + 1] && recorder.droppedCount == 0)
        }
    }

    @Test func `a flood without a database is bounded, and what was dropped is counted`() async throws {
        try await withDatabase(.sqlite, migrations: []) { database in
            let recorder = DecisionRecorder(database: database, logger: .quiet, capacity: 10)
            for index in 0..<2000 { recorder.record(record("\(index)")) }
            try? await recorder.flush()

            #expect(recorder.droppedCount == 1000)
        }
    }

    @Test func `a stopped recorder has written what was left`() async throws {
        try await withDatabase(.sqlite, migrations: MeteringMigrations.all) { database in
            let recorder = DecisionRecorder(database: database, logger: .quiet)
            let running = Task { await recorder.run() }
            recorder.record(record("1"))

            running.cancel()
            await running.value

            let written = try await database.read { try DecisionRecords().find(RequestID(trusted: "req_1"), in: $0) }
            #expect(written != nil)
        }
    }
}
