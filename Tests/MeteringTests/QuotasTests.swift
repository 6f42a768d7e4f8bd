import Metering
import Primitives
import Storage
import Testing
import TestSupport

@Suite("Daily quota")
struct QuotasTests {
    private let clock = ManualClock()

    private func isGranted(_ quotas: Quotas, limit: Int?, at now: Timestamp? = nil) async throws -> Bool {
        if case .granted = try await quotas.reserve(organisation: acme, limit: limit, at: now ?? clock.now) { true } else { false }
    }

    private func grants(_ count: Int, from nodes: [Quotas], limit: Int?) async throws -> Int {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<count { group.addTask { try await self.isGranted(nodes[index % nodes.count], limit: limit) } }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
    }

    @Test(arguments: Engine.available)
    func `fifty calls at once on the last unit, five rounds: one is granted`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: MeteringMigrations.all) { database in
            for round in 0..<5 {
                let limit = 20 + round
                let node = Quotas(database: database, clock: clock, logger: .quiet)
                #expect(try await grants(limit - 1, from: [node], limit: limit) == limit - 1)

                let granted = try await grants(50, from: [node], limit: limit)

                #expect(granted == 1)
                #expect(try await node.used(organisation: acme, day: clock.now.date) == limit)
                clock.advance(by: .days(1))
            }
        }
    }

    @Test(arguments: Engine.available)
    func `four nodes together grant the limit and not one more`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: MeteringMigrations.all) { database in
            let nodes = (0..<4).map { _ in Quotas(database: database, clock: clock, logger: .quiet) }

            let granted = try await grants(600, from: nodes, limit: 300)

            #expect(granted <= 300)
            // What idle nodes held is given back, and the rest of the day is granted to whoever asks.
            for node in nodes { await node.returnUnspent(idleFor: .zero) }
            let rest = try await grants(400, from: [Quotas(database: database, clock: clock, logger: .quiet)], limit: 300)
            #expect(granted + rest == 300)
        }
    }

    @Test(arguments: Engine.available)
    func `what dead nodes held and had not opened is granted at once`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: MeteringMigrations.all) { database in
            for _ in 0..<10 { #expect(try await grants(1, from: [Quotas(database: database, clock: clock, logger: .quiet)], limit: 1000) == 1) }

            let granted = try await grants(1000, from: [Quotas(database: database, clock: clock, logger: .quiet)], limit: 1000)

            #expect(granted == 990)
        }
    }

    @Test(arguments: Engine.available)
    func `a stopped node that goes on spends nothing that was taken back`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: MeteringMigrations.all) { database in
            let stopped = Quotas(database: database, clock: clock, logger: .quiet)
            for _ in 0..<5 { #expect(try await isGranted(stopped, limit: 200)) }

            let elsewhere = try await grants(400, from: [Quotas(database: database, clock: clock, logger: .quiet, patience: .zero)], limit: 200)
            clock.advance(by: .seconds(60))
            let afterwards = try await grants(400, from: [stopped], limit: 200)

            #expect(elsewhere == 195)
            #expect(afterwards == 0)
        }
    }

    @Test(arguments: Engine.available)
    func `two nodes that take from each other grant every unit once`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: MeteringMigrations.all) { database in
            let nodes = (0..<2).map { _ in Quotas(database: database, clock: clock, logger: .quiet, patience: .seconds(30)) }
            let work = Task { await withTaskGroup(of: Void.self) { group in for node in nodes { group.addTask { await node.run() } } } }

            let exactly = try await grants(999, from: nodes, limit: 1000)
            let last = try await grants(50, from: nodes, limit: 1000)

            #expect(exactly == 999)
            #expect(last == 1)
            work.cancel()
            await work.value
        }
    }

    @Test(arguments: Engine.available)
    func `a node whose clock runs ahead is not waited for`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: MeteringMigrations.all) { database in
            let ahead = ManualClock(clock.now + .hours(2))
            let fast = Quotas(database: database, clock: ahead, logger: .quiet)
            #expect(try await isGranted(fast, limit: 1000, at: ahead.now))

            let elsewhere = try await grants(1100, from: [Quotas(database: database, clock: clock, logger: .quiet)], limit: 1000)

            #expect(elsewhere == 999)
            #expect(try await isGranted(fast, limit: 1000, at: ahead.now) == false)
        }
    }

    @Test(arguments: Engine.available)
    func `calls wait for what another node has opened and does not use`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: MeteringMigrations.all) { database in
            let idle = Quotas(database: database, clock: clock, logger: .quiet)
            let work = Task { await idle.run() }
            for _ in 0..<5 { #expect(try await isGranted(idle, limit: 1000)) }

            let granted = try await grants(1100, from: [Quotas(database: database, clock: clock, logger: .quiet, patience: .seconds(30))], limit: 1000)

            #expect(granted == 995)
            work.cancel()
            await work.value
        }
    }

    @Test(arguments: Engine.available)
    func `a give-back whose answer was lost is not done twice`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: MeteringMigrations.all) { database in
            let deaf = DeafDatabase(database)
            let node = Quotas(database: deaf, clock: clock, logger: .quiet)
            #expect(try await isGranted(node, limit: 100))

            deaf.losesAnswers = true
            await node.returnUnspent(idleFor: .zero)
            deaf.losesAnswers = false
            await node.returnUnspent(idleFor: .zero)
            let granted = try await grants(200, from: [node], limit: 100)

            #expect(granted == 99)
        }
    }

    @Test(arguments: Engine.available)
    func `a give-back that did not happen is done again, without a lease too`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: MeteringMigrations.all) { database in
            let deaf = DeafDatabase(database)
            let node = Quotas(database: deaf, clock: clock, logger: .quiet)
            guard case .granted(let unit) = try await node.reserve(organisation: acme, limit: 60, at: clock.now) else {
                Issue.record("no unit")
                return
            }
            await node.giveBack(unit)

            deaf.losesCommits = true
            await node.returnUnspent(idleFor: .zero)
            deaf.losesCommits = false
            await node.returnUnspent(idleFor: .zero)

            #expect(try await node.used(organisation: acme, day: clock.now.date) == 0)
            #expect(try await grants(61, from: [node], limit: 60) == 60)
        }
    }

    @Test(arguments: Engine.available)
    func `calls without a limit whose count was lost are not counted twice`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: MeteringMigrations.all) { database in
            let deaf = DeafDatabase(database)
            let node = Quotas(database: deaf, clock: clock, logger: .quiet)
            let granted = try await grants(10, from: [node], limit: nil)
            #expect(granted == 10)

            deaf.losesAnswers = true
            await node.writeCounts()
            deaf.losesAnswers = false
            await node.writeCounts()

            let counted = try await node.used(organisation: acme, day: clock.now.date)
            #expect(counted == 10)
        }
    }

    @Test(arguments: Engine.available)
    func `calls without a limit whose count did not happen are counted later`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: MeteringMigrations.all) { database in
            let deaf = DeafDatabase(database)
            let node = Quotas(database: deaf, clock: clock, logger: .quiet)
            let granted = try await grants(10, from: [node], limit: nil)
            #expect(granted == 10)

            deaf.losesCommits = true
            await node.writeCounts()
            deaf.losesCommits = false
            await node.writeCounts()

            let counted = try await Quotas(database: database, clock: clock, logger: .quiet).used(organisation: acme, day: clock.now.date)
            #expect(counted == 10)
        }
    }

    @Test(arguments: Engine.available)
    func `a call that came long ago ends no lease of a node that is there`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: MeteringMigrations.all) { database in
            let there = Quotas(database: database, clock: clock, logger: .quiet)
            #expect(try await isGranted(there, limit: 1000))
            let other = Quotas(database: database, clock: clock, logger: .quiet, patience: .zero)
            #expect(try await grants(1000, from: [other], limit: 1000) == 999)

            #expect(try await isGranted(other, limit: 1000, at: clock.now - .seconds(30)) == false)

            let leases = try await database.read { try $0.all("SELECT id FROM quota_lease").count }
            #expect(leases == 1)
        }
    }

    @Test(arguments: Engine.available)
    func `an opening whose answer was lost grants nothing twice`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: MeteringMigrations.all) { database in
            let deaf = DeafDatabase(database)
            let node = Quotas(database: deaf, clock: clock, logger: .quiet)
            #expect(try await isGranted(node, limit: 100))

            deaf.losesAnswers = true
            await #expect(throws: (any Error).self) { try await isGranted(node, limit: 100) }
            deaf.losesAnswers = false
            await node.returnUnspent(idleFor: .zero)
            let granted = try await grants(200, from: [node], limit: 100)

            #expect(granted == 99)
        }
    }

    @Test(arguments: Engine.available)
    func `a unit given back is granted again`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: MeteringMigrations.all) { database in
            let quotas = Quotas(database: database, clock: clock, logger: .quiet)
            guard case .granted(let unit) = try await quotas.reserve(organisation: acme, limit: 1, at: clock.now) else {
                Issue.record("not granted")
                return
            }
            #expect(unit.remaining == 0)
            #expect(try await isGranted(quotas, limit: 1) == false)

            await quotas.giveBack(unit)

            #expect(try await quotas.used(organisation: acme, day: clock.now.date) == 0)
            #expect(try await isGranted(quotas, limit: 1))
        }
    }

    @Test(arguments: Engine.available)
    func `midnight UTC begins a new count, and yesterday's rest returns to yesterday`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: MeteringMigrations.all) { database in
            let quotas = Quotas(database: database, clock: clock, logger: .quiet)
            let yesterday = clock.now.date
            #expect(try await isGranted(quotas, limit: 1000))
            clock.advance(by: .days(1))

            #expect(try await isGranted(quotas, limit: 1000))
            await quotas.returnUnspent(idleFor: .zero)

            #expect(try await quotas.used(organisation: acme, day: yesterday) == 1)
            #expect(try await quotas.used(organisation: acme, day: clock.now.date) == 1)
            let leased = try await database.read { tx in try tx.all("SELECT leased FROM quota_day").map { row in try row["leased"] as Int } }
            #expect(leased == [1, 1])
        }
    }

    @Test(arguments: Engine.available)
    func `calls of two days at once do not hold each other up, five rounds`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: MeteringMigrations.all) { database in
            for _ in 0..<5 {
                let quotas = Quotas(database: database, clock: clock, logger: .quiet)
                let (yesterday, today) = (clock.now, clock.now + .days(1))

                let granted = try await withThrowingTaskGroup(of: Bool.self) { group in
                    for index in 0..<80 { group.addTask { try await isGranted(quotas, limit: 1000, at: index.isMultiple(of: 2) ? yesterday : today) } }
                    return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
                }
                await quotas.returnUnspent(idleFor: .zero)

                #expect(granted == 80)
                for day in [yesterday, today] { #expect(try await quotas.used(organisation: acme, day: day.date) == 40) }
                clock.advance(by: .days(2))
            }
        }
    }

    @Test(arguments: Engine.available)
    func `a larger plan is seen at once, a smaller one grants nothing beyond it`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: MeteringMigrations.all) { database in
            let quotas = Quotas(database: database, clock: clock, logger: .quiet)
            var answers: [Bool] = []

            for limit in [1, 1, 2, 2, nil, 3, 4, 1000, 1000, 5, 6, 7] { answers.append(try await isGranted(quotas, limit: limit)) }

            #expect(answers == [true, false, true, false, true, false, true, true, true, false, false, true])
        }
    }

    @Test(arguments: Engine.available)
    func `without a limit every call is counted and granted`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: MeteringMigrations.all) { database in
            let quotas = Quotas(database: database, clock: clock, logger: .quiet)

            let granted = try await grants(1200, from: [quotas], limit: nil)

            #expect(granted == 1200)
            #expect(try await quotas.used(organisation: acme, day: clock.now.date) == 1200)
            await quotas.writeCounts()
            #expect(try await Quotas(database: database, clock: clock, logger: .quiet).used(organisation: acme, day: clock.now.date) == 1200)
            #expect(try await isGranted(quotas, limit: 1200) == false)
        }
    }

    @Test(arguments: Engine.available)
    func `days that are long over are forgotten, the present one is not`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: MeteringMigrations.all) { database in
            let quotas = Quotas(database: database, clock: clock, logger: .quiet)
            #expect(try await isGranted(quotas, limit: 1000))
            clock.advance(by: .days(8))
            #expect(try await isGranted(quotas, limit: 1000))

            try await database.write { [clock] in try Quotas.purge(at: clock.now, in: $0) }

            let (days, leases) = try await database.read { tx in
                (
                    try tx.all("SELECT day FROM quota_day").map { row in try row["day"] as Int64 },
                    try tx.all("SELECT day FROM quota_lease").map { row in try row["day"] as Int64 }
                )
            }
            let today = clock.now.date.daysSinceEpoch
            #expect(days == [today] && leases == [today])
            #expect(try await isGranted(quotas, limit: 1000))
        }
    }

    @Test func `a database that does not answer grants nothing, and the next call tries again`() async throws {
        try await withDatabase(.sqlite, migrations: []) { database in
            let quotas = Quotas(database: database, clock: clock, logger: .quiet)
            // Without its table each write fails.
            await #expect(throws: (any Error).self) { try await isGranted(quotas, limit: 5) }
            await #expect(throws: (any Error).self) { try await isGranted(quotas, limit: 5) }

            try await database.migrate(MeteringMigrations.all, at: clock.now)

            #expect(try await isGranted(quotas, limit: 5))
        }
    }
}
