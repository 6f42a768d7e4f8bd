import AccessTokens
import Composition
import Events
import JOSE
import Primitives
import Storage
import TestSupport
import Testing

/// The root key under the operator's master key (docs/decisions/0023-root-key.md).
@Suite("Root key")
struct RootKeyTests {
    private let now = Timestamp.epoch + .hours(1)
    private let other = MasterKey(bytes: Array(repeating: 9, count: 32))!  // 32 bytes

    private func run(_ engine: Engine, _ body: (any Database) async throws -> Void) async throws {
        try await withDatabase(engine, migrations: AllMigrations.all(on: engine), body)
    }

    private func open(_ database: any Database, by master: MasterKey = .test) async throws -> RootKey {
        try await RootKeys.open(database, by: master, randomness: SystemRandom(), at: now)
    }

    private func reseal(_ database: any Database, from master: MasterKey = .test, to replacement: MasterKey) async throws -> RootKeys.Change {
        try await RootKeys.reseal(database, from: master, to: replacement, randomness: SystemRandom(), at: now)
    }

    private func loadKeys(_ database: any Database, _ rootKey: RootKey) async throws -> SigningKeys {
        try await SigningKeys.load(database: database, rootKey: rootKey, feed: ChangeFeed(database: database, logger: .quiet), at: now)
    }

    private func isRefusal(_ error: any Error) -> Bool {
        (error as? ConfigurationError)?.description
            == "The keys in this database are sealed under another master key: start with the one that they were sealed under last."
    }

    @Test(arguments: Engine.available)
    func `a new deployment draws one, which the next start opens`(engine: Engine) async throws {
        try await run(engine) { database in
            let first = try await open(database)
            let second = try await open(database)

            #expect(first == second)
            #expect(first != MasterKey.test.rootKeyBeforeUpgrade)
        }
    }

    @Test(arguments: Engine.available)
    func `starts that come at once agree on one`(engine: Engine) async throws {
        try await run(engine) { database in
            let opened = try await withThrowingTaskGroup(of: RootKey.self) { group in
                for _ in 0..<8 { group.addTask { try await open(database) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }

            #expect(opened.count == 8 && opened.allSatisfy { $0 == opened[0] })
        }
    }

    @Test(arguments: Engine.available)
    func `it is sealed at rest, and another master key is told in one sentence`(engine: Engine) async throws {
        try await run(engine) { database in
            _ = try await open(database)

            await #expect { try await open(database, by: other) } throws: { isRefusal($0) }
            let sealed = try await database.read { tx in try tx.all("SELECT sealed FROM root_key").map { try $0["sealed"] as String } }
            #expect(sealed.count == 1 && sealed.allSatisfy { MasterKey.test.open($0) != nil && other.open($0) == nil })
        }
    }

    @Test(arguments: Engine.available)
    func `a deployment of before goes on with what it derived from its master key`(engine: Engine) async throws {
        try await run(engine) { database in
            let before = try await loadKeys(database, MasterKey.test.rootKeyBeforeUpgrade).current.id

            let opened = try await open(database)

            #expect(opened == MasterKey.test.rootKeyBeforeUpgrade)
            #expect(try await loadKeys(database, opened).current.id == before)
        }
    }

    @Test(arguments: Engine.available)
    func `a deployment of before that is opened with another key keeps none, and its own key opens it afterwards`(engine: Engine) async throws {
        try await run(engine) { database in
            _ = try await loadKeys(database, MasterKey.test.rootKeyBeforeUpgrade)

            await #expect { try await open(database, by: other) } throws: { isRefusal($0) }
            await #expect { try await reseal(database, from: other, to: other) } throws: { isRefusal($0) }

            #expect(try await open(database) == MasterKey.test.rootKeyBeforeUpgrade)
        }
    }

    @Test(arguments: Engine.available)
    func `a change tells that a deployment of before keeps its old master key as its root key`(engine: Engine) async throws {
        try await run(engine) { database in
            _ = try await loadKeys(database, MasterKey.test.rootKeyBeforeUpgrade)

            #expect(try await reseal(database, to: other) == .changedAroundOldKey)

            #expect(try await open(database, by: other) == MasterKey.test.rootKeyBeforeUpgrade)
            await #expect { try await open(database) } throws: { isRefusal($0) }
        }
    }

    @Test(arguments: Engine.available)
    func `under another master key it is the same, and the old one opens nothing any more`(engine: Engine) async throws {
        try await run(engine) { database in
            let before = try await open(database)

            #expect(try await reseal(database, to: other) == .changed)

            #expect(try await open(database, by: other) == before)
            await #expect { try await open(database) } throws: { isRefusal($0) }
            let told = try await database.read { tx in
                try tx.all("SELECT action, actor FROM audit_log").map { [try $0["action"], try $0["actor"]] as [String] }
            }
            #expect(told == [["master_key.changed", "command_line"]])
        }
    }

    @Test(arguments: Engine.available)
    func `a change that is asked for again changes nothing, and one from a foreign key is refused`(engine: Engine) async throws {
        try await run(engine) { database in
            let before = try await open(database)
            let third = try #require(MasterKey(bytes: Array(repeating: 3, count: 32)))
            _ = try await reseal(database, to: other)

            #expect(try await reseal(database, to: other) == .sealedAlready)
            await #expect { try await reseal(database, from: third, to: .test) } throws: { isRefusal($0) }

            #expect(try await open(database, by: other) == before)
        }
    }

    @Test(arguments: Engine.available)
    func `of two changes at once one wins, and its key opens`(engine: Engine) async throws {
        try await run(engine) { database in
            let before = try await open(database)
            let candidates = try (10..<14).map { try #require(MasterKey(bytes: Array(repeating: $0, count: 32))) }

            let won = await withTaskGroup(of: Int?.self) { group in
                for (index, candidate) in candidates.enumerated() {
                    group.addTask { (try? await reseal(database, to: candidate)) == .changed ? index : nil }
                }
                return await group.reduce(into: [] as [Int]) { won, index in if let index { won.append(index) } }
            }

            #expect(won.count == 1)
            #expect(try await open(database, by: candidates[try #require(won.first)]) == before)
        }
    }
}
