import Primitives
import Storage
import TestSupport
import Testing

@Suite("Memory of what may be used once")
struct ReplayMemoryTests {
    private struct Fixture {
        let database: any Database
        let clock = ManualClock()
        let memory: ReplayMemory

        static func run<R>(_ engine: Engine, isolation: isolated (any Actor)? = #isolation, _ body: (Fixture) async throws -> R) async throws -> R {
            try await withDatabase(engine, migrations: ReplayMemory.migrations) { database in
                let fixture = Fixture(database)
                try await fixture.memory.begin(boot: "one")
                return try await body(fixture)
            }
        }

        init(_ database: any Database) {
            self.database = database
            memory = ReplayMemory(database: database, clock: clock)
        }

        /// Another process.
        var otherNode: ReplayMemory { ReplayMemory(database: database, clock: clock) }

        func use(_ name: String, age: Duration = .zero) -> ReplayMemory.Use {
            ReplayMemory.Use(digest: Digest(of: name), issuedAt: clock.now - age, expiresAt: clock.now + .seconds(60))
        }
    }

    @Test(arguments: Engine.available)
    func `the first use is the first, here and at another node`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let first = try await fixture.memory.use(fixture.use("a"))
            let other = try await fixture.memory.use(fixture.use("b"))
            let again = try await fixture.memory.use(fixture.use("a"))
            let elsewhere = try await fixture.otherNode.use(fixture.use("b"))

            #expect(first == .first && other == .first)
            #expect(again == .replayed && elsewhere == .replayed)
        }
    }

    @Test(arguments: Engine.available)
    func `of two hundred at once over two nodes one is the first, five rounds`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let nodes = [fixture.memory, fixture.otherNode]
            for round in 1...5 {
                let use = fixture.use("round \(round)")

                let outcomes = try await withThrowingTaskGroup(of: ReplayMemory.Outcome.self) { group in
                    for number in 0..<200 { group.addTask { try await nodes[number % 2].use(use) } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }

                #expect(outcomes.count { $0 == .first } == 1)
                #expect(outcomes.count { $0 == .replayed } == 199)
            }
        }
    }

    @Test(arguments: Engine.available)
    func `a hundred different ones at once are all first`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let uses = (0..<100).map { fixture.use("use \($0)") }

            let outcomes = try await withThrowingTaskGroup(of: ReplayMemory.Outcome.self) { group in
                for use in uses { group.addTask { try await fixture.memory.use(use) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }

            #expect(outcomes.allSatisfy { $0 == .first })
        }
    }

    @Test(arguments: Engine.available)
    func `of two that are used together each is used for itself`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let (memory, use) = (fixture.memory, fixture.use)

            let both = try await memory.use(use("a", .zero), with: use("b", .zero))
            let one = try await memory.use(use("a", .zero), with: use("c", .zero))
            let none = try await fixture.otherNode.use(use("c", .zero), with: use("b", .zero))
            let twice = try await memory.use(use("d", .zero), with: use("d", .zero))
            let old = try await memory.use(use("e", .seconds(1)), with: use("f", .zero))

            #expect(both == (.first, .first))
            #expect(one == (.replayed, .first))
            #expect(none == (.replayed, .replayed))
            #expect(twice == (.first, .replayed))
            #expect(old == (.tooOldToTell, .first))
        }
    }

    @Test(arguments: Engine.available)
    func `of a hundred pairs at once that share one, one has it, and each its own`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let nodes = [fixture.memory, fixture.otherNode]
            let (shared, own) = (fixture.use("shared"), (0..<100).map { fixture.use("own \($0)") })

            let outcomes = try await withThrowingTaskGroup(of: (ReplayMemory.Outcome, ReplayMemory.Outcome).self) { group in
                for (number, use) in own.enumerated() { group.addTask { try await nodes[number % 2].use(use, with: shared) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }

            #expect(outcomes.count == 100 && outcomes.allSatisfy { $0.0 == .first })
            #expect(outcomes.count { $0.1 == .first } == 1 && outcomes.count { $0.1 == .replayed } == 99)
        }
    }

    @Test(arguments: Engine.available)
    func `what was made before the memory began cannot be told`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let old = try await fixture.memory.use(fixture.use("old", age: .seconds(1)))
            let new = try await fixture.memory.use(fixture.use("new"))

            #expect(old == .tooOldToTell)
            #expect(new == .first)
        }
    }

    @Test(arguments: Engine.available)
    func `a restart of the process forgets nothing, one of the machine begins anew`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let before = fixture.use("before")
            fixture.clock.advance(by: .seconds(5))

            try await fixture.otherNode.begin(boot: "one")
            #expect(try await fixture.memory.use(before) == .first)

            let between = fixture.use("between")
            fixture.clock.advance(by: .seconds(5))
            try await fixture.otherNode.begin(boot: "two")
            #expect(try await fixture.memory.use(between) == .tooOldToTell)
            #expect(try await fixture.memory.use(fixture.use("after")) == .first)
        }
    }

    @Test(arguments: Engine.available)
    func `a memory lost under a running process refuses what may have been used, and works again a second later`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            // As PostgreSQL does with unlogged tables when it recovers.
            try await fixture.database.write { tx in
                try tx.execute("DELETE FROM used_once")
                try tx.execute("DELETE FROM replay_memory")
            }

            #expect(try await fixture.memory.use(fixture.use("a")) == .tooOldToTell)
            fixture.clock.advance(by: .seconds(1))
            #expect(try await fixture.memory.use(fixture.use("b")) == .first)
        }
    }

    @Test(arguments: Engine.available)
    func `the purge keeps what a clock set back by two hours would make valid again`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let use = fixture.use("a")
            _ = try await fixture.memory.use(use)
            fixture.clock.advance(by: .hours(2))
            #expect(try await fixture.memory.purge() == 0)
            fixture.clock.advance(by: .hours(-2))
            #expect(try await fixture.memory.use(use) == .replayed)

            fixture.clock.advance(by: .hours(4))
            #expect(try await fixture.memory.purge() == 1)
        }
    }
}
