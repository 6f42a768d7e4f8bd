import Primitives
import Storage
import TestSupport
import Testing

@Suite("Memory of what may be used once")
struct ReplayMemoryTests {
    private struct Fixture {
        let clock = ManualClock()
        let memory: any ReplayMemory
        /// Another process.
        let otherNode: any ReplayMemory
        let database: any Database
        private let shared: TestReplayMemory

        static func run<R>(_ engine: Engine, isolation: isolated (any Actor)? = #isolation, _ body: (Fixture) async throws -> R) async throws -> R {
            try await withDatabase(engine, migrations: ReplayTable.migrations) { database in
                try await TestReplayMemory.run(engine, on: database) { try await body(Fixture($0, database)) }
            }
        }

        init(_ shared: TestReplayMemory, _ database: any Database) async throws {
            (self.shared, self.database) = (shared, database)
            memory = try await shared.started(clock)
            otherNode = try await shared.started(clock)
        }

        /// A process that starts now.
        func started() async throws -> any ReplayMemory { try await shared.started(clock) }

        func use(_ name: String, age: Duration = .zero) -> ReplayUse {
            ReplayUse(digest: Digest(of: name), issuedAt: clock.now - age, expiresAt: clock.now + .seconds(60))
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

                let outcomes = try await withThrowingTaskGroup(of: ReplayOutcome.self) { group in
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

            let outcomes = try await withThrowingTaskGroup(of: ReplayOutcome.self) { group in
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

            let outcomes = try await withThrowingTaskGroup(of: (ReplayOutcome, ReplayOutcome).self) { group in
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
    func `a process that starts knows what was used, and believes what was made while another ran`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let (used, unused) = (fixture.use("used"), fixture.use("unused"))
            _ = try await fixture.memory.use(used)
            fixture.clock.advance(by: .seconds(5))

            let started = try await fixture.started()

            #expect(try await started.use(used) == .replayed)
            #expect(try await started.use(unused) == .first)
            #expect(try await fixture.memory.use(unused) == .replayed)
        }
    }

    @Test(arguments: Engine.available.filter { $0 == .postgres })
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
    func `the purge keeps what a clock that is two hours ahead and then two behind would make valid again`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let use = fixture.use("a")
            _ = try await fixture.memory.use(use)
            fixture.clock.advance(by: .hours(4))
            #expect(try await fixture.memory.purge() == 0)
            fixture.clock.advance(by: .hours(-4))
            #expect(try await fixture.memory.use(use) == .replayed)

            fixture.clock.advance(by: .hours(6))
            #expect(try await fixture.memory.purge() == 1)
            #expect(try await fixture.memory.use(use) == .first)
        }
    }
}
