import Metering
import Primitives
import Storage
import TestSupport
import Testing

/// What pages read of some records: every list, the uses of a consent, the counts of days.
private struct Sight: Equatable {
    let ofOrganisation: [RequestID]
    let ofApp: [RequestID]
    let refused: [RequestID]
    let behind: [RequestID]
    let ofPerson: [RequestID]
    let ofConsent: [RequestID]
    let uses: [ConsentID: DecisionRecords.Use]
    let days: [DecisionRecords.DayCount]
    let lastCalls: [AppID: Timestamp]

    init(of database: any Database) async throws {
        self = try await database.read { tx in
            let records = DecisionRecords()
            let ofOrganisation = try records.list(ofOrganisation: acme, limit: 500, in: tx)
            return Sight(
                ofOrganisation: ofOrganisation.map(\.requestID),
                ofApp: try records.list(ofOrganisation: acme, filter: .init(appID: budget), limit: 500, in: tx).map(\.requestID),
                refused: try records.list(ofOrganisation: acme, filter: .init(outcome: .refused), limit: 500, in: tx).map(\.requestID),
                behind: try ofOrganisation.dropFirst(9).first.map {
                    try records.list(ofOrganisation: acme, before: .init(after: $0), limit: 25, in: tx).map(\.requestID)
                } ?? [],
                ofPerson: try records.list(ofPerson: amina, limit: 500, in: tx).map(\.requestID),
                ofConsent: try records.list(ofPerson: amina, consent: consent, limit: 500, in: tx).map(\.requestID),
                uses: try records.uses(ofConsents: [consent], of: amina, since: start, atMost: 50, in: tx),
                days: try records.dayCounts(ofOrganisation: acme, from: start.date, to: start.date.adding(days: 1), in: tx),
                lastCalls: try records.lastCalls(ofApps: [budget, AppID(trusted: "app_0"), AppID(trusted: "app_1")], of: acme, in: tx))
        }
    }

    private init(
        ofOrganisation: [RequestID], ofApp: [RequestID], refused: [RequestID], behind: [RequestID], ofPerson: [RequestID], ofConsent: [RequestID],
        uses: [ConsentID: DecisionRecords.Use], days: [DecisionRecords.DayCount], lastCalls: [AppID: Timestamp]
    ) {
        self.ofOrganisation = ofOrganisation
        self.ofApp = ofApp
        self.refused = refused
        self.behind = behind
        self.ofPerson = ofPerson
        self.ofConsent = ofConsent
        self.uses = uses
        self.days = days
        self.lastCalls = lastCalls
    }
}

/// Of three apps, twenty in each second, two in each tenth.
private let calls = (0..<57).map { (index: Int) -> DecisionRecord in
    let app = index.isMultiple(of: 3) ? AppID(trusted: "app_\(index % 2)") : budget
    let isRefused = index.isMultiple(of: 5)
    return record(
        index < 10 ? "0\(index)" : "\(index)", at: start + .milliseconds(Int64(index / 2 * 100)), app: app, outcome: isRefused ? .refused : .allowed,
        cost: isRefused ? 0 : 1)
}

/// How many rows calls wait as that come together.
private func bundles(of calls: some Sequence<DecisionRecord>) -> Int {
    Set(calls.map { "\($0.appID?.rawValue ?? "") \($0.outcome) \($0.receivedAt.milliseconds / 1000)" }).count
}

private func rows(of table: String, in database: any Database) async throws -> Int {
    var sql = SQL.StringInterpolation(literalCapacity: 40, interpolationCount: 0)
    sql.appendLiteral("SELECT COUNT(*) AS count FROM \(table)")
    let statement = SQL(stringInterpolation: sql)
    return try await database.read { try $0.first(statement)?["count"] } ?? -1
}

@Suite("Shelves of decision records")
struct ShelvingTests {
    private let records = DecisionRecords()

    private func withRecords(_ engine: Engine, _ entries: [DecisionRecord] = calls, _ body: (any Database) async throws -> Void) async throws {
        try await withDatabase(engine, migrations: MeteringMigrations.all) { database in
            try await append(entries, to: database)
            try await body(database)
        }
    }

    private func append(_ entries: [DecisionRecord], to database: any Database) async throws {
        try await database.write { [records] in try records.append(DecisionGroup(entries), in: $0) }
    }

    @discardableResult
    private func shelve(in database: any Database) async throws -> Int { try await database.write { [records] in try records.shelveAll(in: $0) } }

    private func shelve(slice: Int, limit: Int, in database: any Database) async throws -> Int {
        try await database.write { [records] in try records.shelve(slice: slice, limit: limit, in: $0) }
    }

    /// Of the slices that hold anything, how many records of each were shelved in each transaction.
    private func shelveSlices(by limit: Int, in database: any Database, between: () async throws -> Void = {}) async throws -> [[Int]] {
        var all: [[Int]] = []
        for slice in DecisionRecords.slices {
            var counts: [Int] = []
            while case let count = try await shelve(slice: slice, limit: limit, in: database), count > 0 {
                counts.append(count)
                try await between()
            }
            if !counts.isEmpty { all.append(counts) }
        }
        return all
    }

    @Test(arguments: Engine.available)
    func `lists, uses and days are the same before, between and after`(engine: Engine) async throws {
        try await withRecords(engine) { database in
            let before = try await Sight(of: database)
            #expect(before.ofOrganisation.count == 57 && before.behind.count == 25 && before.ofPerson.count == 57)
            #expect(before.refused.count == 12 && before.uses[consent]?.count == 45 && before.days.map(\.total) == [57])

            // Three apps, in a slice each, with three seconds.
            let shelved = try await shelveSlices(by: 20, in: database) {
                let between = try await Sight(of: database)
                #expect(between == before)
            }

            #expect(shelved.map { $0.reduce(0, +) }.sorted() == [9, 10, 38] && shelved.contains { $0.count == 2 && $0[0] >= 20 })
            #expect(try await rows(of: "unshelved_bundle", in: database) == 0)
        }
    }

    @Test(arguments: Engine.available)
    func `one transaction shelves no more calls than asked for, however few rows they are`(engine: Engine) async throws {
        try await withRecords(engine, (0..<600).map { record("\($0 + 1000)", at: start + .milliseconds(Int64($0 * 10))) }) { database in
            let waiting = try await database.read { [records] in try records.unshelvedCount(atMost: 10, in: $0) }
            #expect(waiting == 600)
            #expect(try await rows(of: "unshelved_bundle", in: database) == 6)

            // A hundred in each second.
            #expect(try await shelveSlices(by: 150, in: database) == [[200, 200, 200]])
        }
    }

    @Test(arguments: Engine.available)
    func `a record that comes late, older than what is shelved, is listed at once and once`(engine: Engine) async throws {
        try await withRecords(engine, Array(calls[10...])) { database in
            try await shelve(in: database)

            // By a node whose clock is behind, or whose database did not answer for a while.
            try await append(Array(calls[..<10]), to: database)

            let waiting = try await Sight(of: database)
            #expect(waiting.ofOrganisation.count == 57 && waiting.days.map(\.total) == [57])
            try await shelve(in: database)
            #expect(try await Sight(of: database) == waiting)
        }
    }

    @Test(arguments: Engine.available)
    func `a group that is written again after it was shelved stays one`(engine: Engine) async throws {
        try await withRecords(engine) { database in
            try await shelve(in: database)
            let before = try await Sight(of: database)

            try await database.write { [records] in try records.append(again(calls), in: $0) }

            #expect(try await Sight(of: database) == before)
            #expect(try await shelve(in: database) == 0)
        }
    }

    @Test(arguments: Engine.available)
    func `what ends in the middle of shelving leaves everything as it was`(engine: Engine) async throws {
        struct Killed: Error {}
        try await withRecords(engine) { database in
            let before = try await Sight(of: database)

            await #expect(throws: Killed.self) {
                try await database.write { [records] tx in
                    _ = try records.shelveAll(in: tx)
                    throw Killed()
                }
            }

            #expect(try await Sight(of: database) == before)
            #expect(try await shelve(in: database) == 57)
            #expect(try await Sight(of: database) == before)
        }
    }

    @Test(arguments: Engine.available)
    func `nodes that shelve at the same time share the records between them`(engine: Engine) async throws {
        let place = try await TestPlace.make(engine, migrations: StorageMigrations.all + MeteringMigrations.all)
        let nodes = [try await place.open(), try await place.open(), try await place.open()]
        try await append(calls, to: nodes[0])
        let before = try await Sight(of: nodes[0])

        let shelved = try await withThrowingTaskGroup(of: Int.self) { group in
            for node in nodes {
                for slice in DecisionRecords.slices { group.addTask { try await shelve(slice: slice, limit: 10, in: node) } }
                group.addTask { try await shelve(in: node) }
            }
            return try await group.reduce(0, +)
        }

        #expect(shelved == 57)
        #expect(try await Sight(of: nodes[1]) == before)
        for node in nodes { await node.close() }
        await place.remove()
    }

    @Test func `on PostgreSQL a record that commits after later ones were shelved is listed, and shelved next`() async throws {
        guard Engine.available.contains(.postgres) else { return }
        try await withRecords(.postgres, Array(calls[20...])) { database in
            let (written, mayCommit) = (Gate(), Gate())
            let slow = Task {
                try await database.write { [records] tx in
                    try records.append(DecisionGroup(Array(calls[..<20])), in: tx)
                    written.open()
                    mayCommit.waitBlocking()
                }
            }
            await written.wait()
            #expect(try await shelve(in: database) == 37)

            mayCommit.open()
            try await slow.value

            let complete = try await Sight(of: database)
            #expect(complete.ofOrganisation.count == 57 && complete.days.map(\.total) == [57])
            #expect(try await shelve(in: database) == 20)
            #expect(try await Sight(of: database) == complete)
        }
    }

    @Test(arguments: Engine.available)
    func `purged records leave nothing on shelves, and stay counted`(engine: Engine) async throws {
        try await withRecords(engine) { database in
            // Some of each app's, the others wait.
            for slice in DecisionRecords.slices { _ = try await shelve(slice: slice, limit: 2, in: database) }
            #expect(try await (1..<bundles(of: calls)).contains(rows(of: "unshelved_bundle", in: database)))
            let days = try await Sight(of: database).days

            let isMore = try await database.write { [records] in try records.purge(before: start + .seconds(2), limit: 1000, in: $0) }

            #expect(!isMore)
            let left = try await Sight(of: database)
            #expect(left.ofOrganisation.count == 17 && left.ofPerson == left.ofOrganisation && left.days == days)
            try await shelve(in: database)
            #expect(try await rows(of: "developer_shelf", in: database) == bundles(of: calls[40...]))
            #expect(try await rows(of: "customer_shelf", in: database) == 2)
            #expect(try await Sight(of: database) == left)
        }
    }

    @Test(arguments: Engine.available)
    func `where some of a second are purged, the others stay on their shelf`(engine: Engine) async throws {
        try await withRecords(engine) { database in
            try await shelve(in: database)

            for moment in [2200, 2400] {
                _ = try await database.write { [records] in try records.purge(before: start + .milliseconds(Int64(moment)), limit: 1000, in: $0) }
            }

            let left = try await Sight(of: database)
            #expect(left.ofOrganisation == calls[48...].reversed().map(\.requestID) && left.ofPerson == left.ofOrganisation)
            #expect(try await rows(of: "developer_shelf", in: database) == bundles(of: calls[48...]))
            _ = try await database.write { [records] in try records.purge(before: start + .seconds(3), limit: 1000, in: $0) }
            #expect(try await rows(of: "developer_shelf", in: database) == 0)
            #expect(try await rows(of: "customer_shelf", in: database) == 0)
        }
    }

    @Test(arguments: Engine.available)
    func `a list goes on behind any moment that an address can name`(engine: Engine) async throws {
        try await withRecords(engine) { database in
            try await shelve(in: database)
            for (milliseconds, count) in [(Int64.max, 57), (.max - 1000, 57), (0, 0), (.min, 0)] {
                let position = DecisionRecords.Position(receivedAt: Timestamp(milliseconds: milliseconds), requestID: RequestID(trusted: "req_a"))
                let (ofDeveloper, ofCustomer) = try await database.read { [records] tx in
                    (
                        try records.list(ofOrganisation: acme, before: position, limit: 100, in: tx).count,
                        try records.list(ofPerson: amina, before: position, limit: 100, in: tx).count
                    )
                }
                #expect(ofDeveloper == count && ofCustomer == count)
            }
        }
    }

    @Test(arguments: Engine.available)
    func `lists go on page by page through seconds that were shelved in parts`(engine: Engine) async throws {
        try await withRecords(engine, calls.enumerated().filter { $0.offset % 4 == 0 }.map(\.element)) { database in
            try await shelve(in: database)
            try await append(calls.enumerated().filter { $0.offset % 4 == 1 }.map(\.element), to: database)
            try await shelve(in: database)
            try await append(calls.enumerated().filter { $0.offset % 4 > 1 }.map(\.element), to: database)

            for size in [1, 7, 20, 56, 57, 58] {
                var (developers, customers): ([DecisionRecord], [DecisionRecord]) = ([], [])
                for _ in 0...57 / size {
                    let (last, lastOfCustomer) = (developers.last, customers.last)
                    let pages = try await database.read { [records] tx in
                        (
                            try records.list(ofOrganisation: acme, before: last.map(DecisionRecords.Position.init(after:)), limit: size, in: tx),
                            try records.list(ofPerson: amina, before: lastOfCustomer.map(DecisionRecords.Position.init(after:)), limit: size, in: tx)
                        )
                    }
                    developers += pages.0
                    customers += pages.1
                }
                #expect(developers.map(\.requestID) == calls.reversed().map(\.requestID) && customers == developers)
            }
        }
    }

    @Test(arguments: Engine.available)
    func `calls of nobody and about nobody wait for no shelf`(engine: Engine) async throws {
        let nobody = DecisionRecord(
            requestID: RequestID(trusted: "req_1"), receivedAt: start, durationMicroseconds: 0, method: "GET", path: "/v1/accounts", operation: nil,
            status: 401, outcome: .refused, clientAddress: "local")
        try await withRecords(engine, [nobody]) { database in
            let waiting = try await database.readOne { [records] in try records.unshelvedCount(atMost: 10, in: $0) }

            #expect(waiting == 0)
        }
    }

    @Test(arguments: Engine.available)
    func `records of a database that had indexes stand on shelves after its migration`(engine: Engine) async throws {
        let earlier = Array(MeteringMigrations.all.prefix { $0.name != "metering.0005_shelves" })
        try await withDatabase(engine, migrations: earlier) { database in
            try await database.write { tx in
                for call in calls { try insertUnpacked(call, in: tx) }
                try tx.execute(
                    """
                    INSERT INTO decision_record (request_id, received_ms, duration_us, method, path, status, outcome, checks, cost, client_address)
                    VALUES ('req_nobody', \(start.milliseconds), 1, 'GET', '/v1/accounts', 401, 'refused', '', 0, 'local')
                    """)
            }

            try await database.migrate(MeteringMigrations.all, at: start)

            let sight = try await Sight(of: database)
            #expect(sight.ofOrganisation.count == 57 && sight.ofPerson == sight.ofOrganisation && sight.refused.count == 12)
            #expect(sight.ofApp.count == 38 && sight.uses[consent]?.count == 44)
            #expect(try await shelve(in: database) == 0)
        }
    }

    @Test(arguments: Engine.available)
    func `what waited before there were slices and bundles is listed and shelved`(engine: Engine) async throws {
        let earlier = Array(MeteringMigrations.all.prefix { $0.name != "metering.0006_slices" })
        try await withDatabase(engine, migrations: earlier) { database in
            try await database.write { tx in
                for call in calls { try insertUnsliced(call, in: tx) }
            }
            try await database.migrate(MeteringMigrations.all, at: start)

            let before = try await Sight(of: database)
            #expect(before.ofOrganisation.count == 57 && before.days.map(\.total) == [57])
            #expect(try await shelveSlices(by: 1000, in: database) == [[57]])
            let after = try await Sight(of: database)
            #expect(after.ofOrganisation == before.ofOrganisation && after.ofPerson == before.ofPerson && after.days == before.days)
            #expect(after.ofApp.count == 38)
        }
    }

    @Test(arguments: Engine.available)
    func `what nodes of the version before write is shelved by a recorder, once`(engine: Engine) async throws {
        try await withRecords(engine, Array(calls[..<30])) { database in
            try await database.write { tx in
                for call in calls[30...] { try insertUnsliced(call, in: tx) }
            }

            for _ in 0..<2 { try await DecisionRecorder(database: database, logger: .quiet).shelve() }

            let sight = try await Sight(of: database)
            #expect(sight.ofOrganisation == calls.reversed().map(\.requestID) && sight.ofPerson == sight.ofOrganisation && sight.days.map(\.total) == [57])
            #expect(sight.ofApp.count == 38)
            #expect(try await rows(of: "unshelved_decision", in: database) == 0)
        }
    }

    @Test func `on PostgreSQL nodes of the version before go on while slices are made, and nothing is lost or there twice`() async throws {
        guard Engine.available.contains(.postgres) else { return }
        let earlier = Array(MeteringMigrations.all.prefix { $0.name != "metering.0006_slices" })
        try await withDatabase(.postgres, migrations: earlier) { database in
            let (written, mayCommit) = (Gate(), Gate())
            let before = Task {
                try await database.write { tx in
                    for call in calls { try insertUnsliced(call, in: tx) }
                    written.open()
                    mayCommit.waitBlocking()
                }
            }
            await written.wait()

            let migrating = Task { try await database.migrate(MeteringMigrations.all, at: start) }
            while try await lockWaits(in: database) == 0 { await Task.yield() }
            mayCommit.open()

            try await before.value
            try await migrating.value
            let sight = try await Sight(of: database)
            #expect(sight.ofOrganisation.count == 57 && sight.days.map(\.total) == [57])
            #expect(try await shelve(in: database) == 57)
            let after = try await Sight(of: database)
            #expect(after.ofOrganisation == sight.ofOrganisation && after.ofPerson == sight.ofPerson && after.days == sight.days && after.ofApp.count == 38)
        }
    }

    private func lockWaits(in database: any Database) async throws -> Int {
        try await database.readOne { tx in
            try tx.first(
                """
                SELECT COUNT(*) AS count FROM pg_locks
                WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                """)?["count"] ?? 0
        }
    }

    /// As nodes did that knew neither slices nor bundles.
    private func insertUnsliced(_ call: DecisionRecord, in tx: any WriteTransaction) throws {
        try insertUnpacked(call, in: tx)
        try tx.execute(
            """
            INSERT INTO unshelved_decision (request_id, received_ms, outcome, cost, organisation_id, app_id, person_id, consent_id)
            VALUES (\(call.requestID), \(call.receivedAt.milliseconds), \(call.outcome), \(call.cost), \(acme), \(call.appID ?? budget), \(amina), \(consent))
            """)
    }

    @Test(arguments: Engine.available)
    func `a recorder shelves what any node has written, slice by slice when it is much`(engine: Engine) async throws {
        let many = (0..<5100).map { record("\($0)", at: start + .seconds(Int64($0)), app: AppID(trusted: "app_\($0 % 40)")) }
        try await withRecords(engine, many) { database in
            let before = try await Sight(of: database)

            try await DecisionRecorder(database: database, logger: .quiet).shelve()

            #expect(try await rows(of: "unshelved_bundle", in: database) == 0)
            #expect(try await Sight(of: database) == before)
        }
    }

    @Test(arguments: Engine.available)
    func `a recorder shelves what any node has written`(engine: Engine) async throws {
        try await withRecords(engine) { database in
            let before = try await Sight(of: database)
            let recorder = DecisionRecorder(database: database, logger: .quiet)

            try await recorder.shelve()

            #expect(try await rows(of: "unshelved_bundle", in: database) == 0)
            #expect(try await Sight(of: database) == before)
        }
    }
}
