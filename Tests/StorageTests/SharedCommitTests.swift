import Primitives
import Storage
import TestSupport
import Testing

@Suite("Single statements and rows that share a commit")
struct SharedCommitTests {
    private static func coin(_ id: String, _ amount: Int = 1) -> SQL {
        "INSERT INTO coin (id, amount) VALUES (\(id), \(amount)) RETURNING id, amount"
    }

    private static func add(_ id: String, to tx: any WriteTransaction) throws {
        try tx.insertLate([[id.sqlValue, 1.sqlValue]], into: "coin", "id, amount")
        try tx.insertLate([[id.sqlValue]], into: "scratch", "coin_id")
    }

    private func isConflict(_ error: StorageError?) -> Bool { if case .conflict = error { true } else { false } }

    @Test(arguments: Engine.available)
    func `what is written is there for another handle once the call returned, with what it returns`(engine: Engine) async throws {
        try await withPlace(engine) { place in
            let (here, there) = (try await place.open(), try await place.open())

            let rows = try await here.writeOne(Self.coin("a", 7))
            let none = try await here.writeOne("UPDATE coin SET amount = 8 WHERE id = 'nobody' RETURNING id")
            let returned = try await here.insert { tx in
                try Self.add("b", to: tx)
                return 5
            }

            let coins = try await there.read { try $0.all("SELECT id FROM coin ORDER BY id").map { try $0["id"] as String } }
            let scratches = try await there.read { try $0.all("SELECT coin_id FROM scratch").map { try $0["coin_id"] as String } }
            #expect(try rows.map { try $0["amount"] as Int } == [7] && none.isEmpty && returned == 5)
            #expect(coins == ["a", "b"] && scratches == ["b"])
            await here.close()
            await there.close()
        }
    }

    @Test(arguments: Engine.available)
    func `of many at once each is told of its own, and few commits carry them`(engine: Engine) async throws {
        try await withCoins(engine) { db in
            let (commits, writes, statements) = (db.statistics.commits, db.statistics.writes, db.statistics.statements)
            let told = try await withThrowingTaskGroup(of: String?.self) { group in
                for number in 0..<200 {
                    group.addTask { try await db.writeOne(Self.coin("c\(number)", number)).first?["id"] }
                    group.addTask {
                        try await db.insert { try Self.add("r\(number)", to: $0) }
                        return nil
                    }
                }
                return try await group.reduce(into: Set<String>()) { told, id in if let id { told.insert(id) } }
            }

            #expect(told == Set((0..<200).map { "c\($0)" }))
            #expect(db.statistics.writes - writes == 400)
            #expect(db.statistics.commits - commits < 200)
            #expect(db.statistics.statements - statements < 500)
            #expect(try await count(in: db) == 400)
        }
    }

    @Test(arguments: Engine.available)
    func `of many at once the refused are refused alone`(engine: Engine) async throws {
        try await withCoins(engine) { db in
            try await db.writeOne(Self.coin("taken"))
            let refused = await withTaskGroup(of: Int?.self) { group in
                for number in 0..<60 {
                    group.addTask {
                        do {
                            switch number % 20 {
                            case 3: try await db.writeOne(Self.coin("taken"))
                            case 7: try await db.insert { try Self.add("taken", to: $0) }
                            case 11: try await db.writeOne("UPDATE coin SET nothing = 1")
                            case 15: try await db.insert { try $0.insertLate([["nobody".sqlValue]], into: "scratch", "coin_id") }
                            case let odd where odd % 2 == 1: try await db.insert { try Self.add("r\(number)", to: $0) }
                            default: try await db.writeOne(Self.coin("c\(number)"))
                            }
                            return nil
                        } catch { return number }
                    }
                }
                return await group.reduce(into: Set<Int>()) { refused, number in if let number { refused.insert(number) } }
            }

            #expect(refused == [3, 7, 11, 15, 23, 27, 31, 35, 43, 47, 51, 55])
            #expect(try await count(in: db) == 1 + 48)
        }
    }

    @Test(arguments: Engine.available)
    func `a place that is taken is a conflict, and nothing of it stays`(engine: Engine) async throws {
        try await withCoins(engine) { db in
            try await db.writeOne(Self.coin("a"))

            let one = await #expect(throws: StorageError.self) { try await db.writeOne(Self.coin("a")) }
            let rows = await #expect(throws: StorageError.self) {
                try await db.insert { tx in
                    try Self.add("b", to: tx)
                    try tx.insertLate([["nobody".sqlValue]], into: "scratch", "coin_id")
                }
            }

            #expect(isConflict(one) && isConflict(rows))
            #expect(try await count(in: db) == 1)
        }
    }

    @Test(arguments: Engine.available)
    func `a body that throws inserts nothing, nor does one that asks or announces something`(engine: Engine) async throws {
        try await withPlace(engine) { place in
            let db = try await place.open()
            struct Refusal: Error {}

            await #expect(throws: Refusal.self) {
                try await db.insert { tx in
                    try Self.add("a", to: tx)
                    throw Refusal()
                }
            }
            await #expect(throws: StorageError.self) {
                try await db.insert { tx in
                    try Self.add("b", to: tx)
                    _ = try tx.all("SELECT id FROM coin")
                }
            }
            await #expect(throws: StorageError.self) {
                try await db.insert { tx in
                    try Self.add("c", to: tx)
                    try tx.announce(.consent, "cns_one", at: .epoch)
                }
            }

            let (commits, coins) = (db.statistics.commits, try await count(in: db))
            try await db.insert { _ in }
            #expect(coins == 0)
            #expect(engine == .sqlite || db.statistics.commits == commits)
            await db.close()
        }
    }

    @Test(arguments: Engine.available)
    func `a closed database takes neither`(engine: Engine) async throws {
        try await withPlace(engine) { place in
            let db = try await place.open()
            await db.close()

            let one = await #expect(throws: StorageError.self) { try await db.writeOne(Self.coin("a")) }
            let rows = await #expect(throws: StorageError.self) { try await db.insert { try Self.add("b", to: $0) } }
            let read = await #expect(throws: StorageError.self) { _ = try await db.readOne { try $0.all("SELECT id FROM coin") } }

            #expect(one?.isUnavailable == true && rows?.isUnavailable == true && read?.isUnavailable == true)
        }
    }
}
