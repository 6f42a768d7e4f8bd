import Primitives
import Storage
import Synchronization
import TestSupport
import Testing

@Suite("Transactions on both engines")
struct TransactionTests {
    @Test(arguments: Engine.available)
    func `a write is read back by another handle once it returned`(engine: Engine) async throws {
        try await withPlace(engine) { place in
            let (here, there) = (try await place.open(), try await place.open())

            try await here.write { try $0.execute("INSERT INTO coin (id, amount) VALUES (\("a"), \(7))") }

            #expect(try await there.read { try $0.first("SELECT amount FROM coin WHERE id = \("a")")?["amount"] as Int? } == 7)
            await here.close()
            await there.close()
        }
    }

    @Test(arguments: Engine.available)
    func `of many that wait together the one that throws is rolled back alone`(engine: Engine) async throws {
        try await withCoins(engine) { db in
            let outcomes = await withTaskGroup(of: (Int, Bool).self, returning: [Int: Bool].self) { group in
                for number in 0..<60 {
                    group.addTask {
                        do {
                            try await db.write { tx in
                                try tx.execute("INSERT INTO coin (id, amount) VALUES (\("c\(number)"), \(number))")
                                if number % 7 == 0 { throw Refusal() }
                            }
                            return (number, true)
                        } catch is Refusal {
                            return (number, false)
                        } catch {
                            Issue.record(error)
                            return (number, false)
                        }
                    }
                }
                return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }

            let kept = try await db.read { try $0.all("SELECT amount FROM coin ORDER BY amount").map { try $0["amount"] as Int } }
            #expect(kept == (0..<60).filter { $0 % 7 != 0 })
            #expect(outcomes.filter(\.value).keys.sorted() == kept)
        }
    }

    @Test(arguments: Engine.available)
    func `of many that share a commit the one whose late row has no place is refused alone`(engine: Engine) async throws {
        try await withCoins(engine) { db in
            try await db.write { try $0.execute("INSERT INTO coin (id, amount) VALUES ('taken', 0)") }

            let refused = await withTaskGroup(of: Int?.self) { group in
                for number in 0..<60 {
                    group.addTask {
                        let id = number % 20 == 7 ? "taken" : "c\(number)"
                        do {
                            try await db.write { try $0.insertLate([[id.sqlValue, number.sqlValue]], into: "coin", "id, amount") }
                            return nil
                        } catch { return number }
                    }
                }
                return await group.reduce(into: Set<Int>()) { refused, number in if let number { refused.insert(number) } }
            }

            #expect(refused == [7, 27, 47])
            #expect(try await count(in: db) == 58)
        }
    }

    @Test(arguments: Engine.available)
    func `late rows of one that throws are not inserted with those of others`(engine: Engine) async throws {
        try await withCoins(engine) { db in
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<60 {
                    group.addTask {
                        try? await db.write { tx in
                            try tx.insertLate([["c\(number)".sqlValue, number.sqlValue]], into: "coin", "id, amount")
                            if number % 3 == 0 { throw Refusal() }
                        }
                    }
                }
            }

            let kept = try await db.read { try $0.all("SELECT amount FROM coin ORDER BY amount").map { try $0["amount"] as Int } }
            #expect(kept == (0..<60).filter { $0 % 3 != 0 })
        }
    }

    @Test func `one that throws before it wrote makes none of those run again that share its commit on SQLite`() async throws {
        try await withCoins(.sqlite) { db in
            let runs = try await runsOfMany(in: db) { number, tx in
                if number % 7 == 0 { throw Refusal() }
                try tx.execute("INSERT INTO coin (id, amount) VALUES (\("c\(number)"), \(number))")
            }

            #expect(runs == 60)
            #expect(try await count(in: db) == (0..<60).count { $0 % 7 != 0 })
        }
    }

    @Test func `one that throws after it wrote makes those run once more that share its commit on SQLite`() async throws {
        try await withCoins(.sqlite) { db in
            let runs = try await runsOfMany(in: db) { number, tx in
                try tx.execute("INSERT INTO coin (id, amount) VALUES (\("c\(number)"), \(number))")
                if number % 7 == 0 { throw Refusal() }
            }

            #expect((60...120).contains(runs))
            #expect(try await count(in: db) == (0..<60).count { $0 % 7 != 0 })
        }
    }

    private final class Runs: Sendable {
        let count = Mutex(0)
    }

    /// Sixty writes that wait together.
    /// - Returns: how often their bodies ran.
    private func runsOfMany(
        in db: any Database, _ body: @escaping @Sendable (_ number: Int, _ tx: any WriteTransaction) throws -> Void
    ) async throws -> Int {
        let runs = Runs()
        let (blocked, mayEnd) = (Gate(), Gate())
        let blocker = Task {
            try await db.write { _ in
                blocked.open()
                mayEnd.waitBlocking()
            }
        }
        await blocked.wait()
        let writes = (0..<60).map { number in
            Task {
                do {
                    try await db.write { tx in
                        runs.count.withLock { $0 += 1 }
                        try body(number, tx)
                    }
                } catch is Refusal {}
            }
        }
        mayEnd.open()
        try await blocker.value
        for write in writes { try await write.value }
        return runs.count.withLock { $0 }
    }

    @Test func `SQLite needs fewer commits than writes when many wait`() async throws {
        try await withCoins(.sqlite) { db in
            let before = db.statistics.commits
            let blocker = Task {
                try await db.write { tx in
                    // Keeps the writer long enough for the others to queue up.
                    for number in 0..<5_000 { try tx.execute("INSERT INTO coin (id, amount) VALUES (\("b\(number)"), 1)") }
                }
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<100 {
                    group.addTask { _ = try await db.write { try $0.execute("INSERT INTO coin (id, amount) VALUES (\("w\(number)"), 1)") } }
                }
                try await group.waitForAll()
            }
            try await blocker.value

            #expect(db.statistics.commits - before < 101)
            #expect(try await count(in: db) == 5_100)
        }
    }

    @Test(arguments: Engine.available)
    func `late rows of one table are one statement behind the body`(engine: Engine) async throws {
        try await withCoins(engine) { db in
            let before = db.statistics.statements
            let seen = try await db.write { tx in
                try tx.insertLate([["a".sqlValue, 1.sqlValue]], into: "coin", "id, amount")
                let seen = try tx.all("SELECT id FROM coin").count
                try tx.insertLate([["b".sqlValue, 2.sqlValue], ["c".sqlValue, 3.sqlValue]], into: "coin", "id, amount")
                return seen
            }

            let statements = db.statistics.statements - before
            let amounts = try await db.read { try $0.all("SELECT amount FROM coin ORDER BY id").map { try $0["amount"] as Int } }
            #expect(seen == 0 && statements == 2 && amounts == [1, 2, 3])
        }
    }

    @Test(arguments: Engine.available)
    func `late rows by the thousand keep their order, and that of their tables`(engine: Engine) async throws {
        try await withCoins(engine) { db in
            try await db.write { tx in
                try tx.execute("INSERT INTO coin (id, amount) VALUES ('a', 1)")
                // Its table comes up first, so it is there before what refers to it.
                try tx.insertLate([["b".sqlValue, 2.sqlValue]], into: "coin", "id, amount")
                for _ in 0..<401 { try tx.insertLate([["a".sqlValue], ["a".sqlValue], ["a".sqlValue]], into: "scratch", "coin_id") }
                try tx.insertLate([["b".sqlValue]], into: "scratch", "coin_id")
            }

            let last = try await db.read { try $0.first("SELECT coin_id FROM scratch ORDER BY id DESC LIMIT 1")?["coin_id"] as String? }
            let rows = try await db.read { try $0.first("SELECT COUNT(*) AS count FROM scratch")?["count"] as Int? }
            #expect(last == "b" && rows == 1204)
        }
    }

    @Test(arguments: Engine.available)
    func `a late row that is refused leaves nothing of its transaction, nor does a body that throws leave late rows`(engine: Engine) async throws {
        try await withCoins(engine) { db in
            let refused = await #expect(throws: StorageError.self) {
                try await db.write { tx in
                    try tx.execute("INSERT INTO coin (id, amount) VALUES ('a', 1)")
                    try tx.insertLate([["a".sqlValue, 2.sqlValue]], into: "coin", "id, amount")
                }
            }
            await #expect(throws: Refusal.self) {
                try await db.write { tx in
                    try tx.insertLate([["b".sqlValue, 2.sqlValue]], into: "coin", "id, amount")
                    throw Refusal()
                }
            }

            let left = try await count(in: db)
            #expect(left == 0)
            if case .conflict = refused {} else { Issue.record("\(String(describing: refused)) is no conflict") }
        }
    }

    @Test(arguments: Engine.available)
    func `a taken unique key is a conflict, and the transaction leaves nothing`(engine: Engine) async throws {
        try await withCoins(engine) { db in
            try await db.write { try $0.execute("INSERT INTO coin (id, amount) VALUES ('a', 1)") }

            let error = await #expect(throws: StorageError.self) {
                try await db.write { tx in
                    try tx.execute("INSERT INTO coin (id, amount) VALUES ('b', 1)")
                    try tx.execute("INSERT INTO coin (id, amount) VALUES ('a', 2)")
                }
            }

            guard case .conflict = error else { return #expect(Bool(false), "\(String(describing: error))") }
            #expect(try await count(in: db) == 1)
        }
    }

    @Test(arguments: Engine.available)
    func `a missing parent row is a conflict`(engine: Engine) async throws {
        try await withCoins(engine) { db in
            let error = await #expect(throws: StorageError.self) {
                try await db.write { try $0.execute("INSERT INTO scratch (coin_id) VALUES ('nobody')") }
            }

            guard case .conflict = error else { return #expect(Bool(false), "\(String(describing: error))") }
        }
    }

    @Test(arguments: Engine.available)
    func `a mistake in a statement is a failure, not unavailability`(engine: Engine) async throws {
        try await withCoins(engine) { db in
            let error = await #expect(throws: StorageError.self) { _ = try await db.read { try $0.all("SELECT nothing FROM coin") } }

            guard case .failed = error else { return #expect(Bool(false), "\(String(describing: error))") }
        }
    }

    @Test(arguments: Engine.available)
    func `a body that swallows a failed statement is not committed`(engine: Engine) async throws {
        try await withCoins(engine) { db in
            await #expect(throws: StorageError.self) {
                try await db.write { tx in
                    try tx.execute("INSERT INTO coin (id, amount) VALUES ('a', 1)")
                    _ = try? tx.execute("INSERT INTO coin (id, amount) VALUES ('a', 1)")
                }
            }

            let kept = try await count(in: db)
            #expect(kept == 0)
        }
    }

    @Test(arguments: Engine.available)
    func `ON CONFLICT DO NOTHING tells whether it inserted`(engine: Engine) async throws {
        try await withCoins(engine) { db in
            let insert: @Sendable () async throws -> Int = {
                try await db.write { try $0.execute("INSERT INTO coin (id, amount) VALUES ('a', 1) ON CONFLICT (id) DO NOTHING") }
            }

            let (first, second) = (try await insert(), try await insert())
            #expect(first == 1)
            #expect(second == 0)
        }
    }

    @Test(arguments: Engine.available)
    func `reads go on while a write is open and see the state before it`(engine: Engine) async throws {
        try await withCoins(engine) { db in
            let opened = Gate()
            let mayEnd = Gate()
            let write = Task {
                try await db.write { tx in
                    try tx.execute("INSERT INTO coin (id, amount) VALUES ('a', 1)")
                    opened.open()
                    mayEnd.waitBlocking()
                }
            }
            await opened.wait()

            #expect(try await count(in: db) == 0)
            mayEnd.open()
            try await write.value
            #expect(try await count(in: db) == 1)
        }
    }

    @Test(arguments: Engine.available)
    func `statements are counted`(engine: Engine) async throws {
        try await withCoins(engine) { db in
            let (statements, commits) = (db.statistics.statements, db.statistics.commits)

            try await db.write { tx in
                try tx.execute("INSERT INTO coin (id, amount) VALUES ('a', 1)")
                _ = try tx.all("SELECT id FROM coin")
            }
            _ = try await count(in: db)

            #expect(db.statistics.statements - statements == 3)
            #expect(db.statistics.commits - commits == 1)
        }
    }

    private struct Refusal: Error {}
}
