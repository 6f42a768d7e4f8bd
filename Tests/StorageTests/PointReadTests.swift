import Primitives
import Storage
import StorageSQLite
import TestSupport
import Testing

@Suite("Reads of one statement")
struct PointReadTests {
    private func withCoin(_ engine: Engine, _ asker: Asker, _ body: (any Database) async throws -> Void) async throws {
        try await withCoins(engine) { db in
            try await db.write { try $0.execute("INSERT INTO coin (id, amount) VALUES ('a', 1)") }
            try await asker.run { try await body(db) }
        }
    }

    private func amount(in db: any Database) async throws -> Int? {
        try await db.readOne { try $0.first("SELECT amount FROM coin WHERE id = 'a'").map { try $0["amount"] } }
    }

    @Test(arguments: Engine.available, Asker.allCases)
    func `each sees what was committed before it`(engine: Engine, asker: Asker) async throws {
        try await withCoin(engine, asker) { db in
            for amount in 2...40 {
                try await db.write { try $0.execute("UPDATE coin SET amount = \(amount) WHERE id = 'a'") }
                #expect(try await self.amount(in: db) == amount)
            }
        }
    }

    @Test(arguments: Engine.available, Asker.allCases)
    func `many at once each get their own answer`(engine: Engine, asker: Asker) async throws {
        try await withCoin(engine, asker) { db in
            let answers = try await withThrowingTaskGroup(of: (Int, Int?).self) { group in
                for number in 0..<200 {
                    group.addTask { (number, try await db.readOne { try $0.first("SELECT amount + \(number) AS sum FROM coin WHERE id = 'a'")?["sum"] }) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }

            #expect(answers.count == 200 && answers.allSatisfy { $0.1 == $0.0 + 1 })
        }
    }

    @Test(arguments: Engine.available, Asker.allCases)
    func `a second statement is refused`(engine: Engine, asker: Asker) async throws {
        try await withCoin(engine, asker) { db in
            await #expect(throws: StorageError.self) {
                try await db.readOne { tx in
                    _ = try tx.all("SELECT id FROM coin")
                    _ = try tx.all("SELECT id FROM coin")
                }
            }
        }
    }

    @Test(arguments: Engine.available, Asker.allCases)
    func `a statement that fails leaves nothing behind for the next ones`(engine: Engine, asker: Asker) async throws {
        try await withCoin(engine, asker) { db in
            for _ in 0..<10 {
                await #expect(throws: StorageError.self) { try await db.readOne { _ = try $0.all("SELECT nothing FROM coin") } }
                // The second row overflows.
                await #expect(throws: StorageError.self) {
                    try await db.readOne { _ = try $0.all("SELECT abs(x) AS y FROM (SELECT 1 AS x UNION ALL SELECT \(Int64.min) - 0 AS x) AS both_rows") }
                }
                #expect(try await amount(in: db) == 1)
            }
            try await db.write { try $0.execute("UPDATE coin SET amount = 2") }
            #expect(try await amount(in: db) == 2)
        }
    }

    @Test(arguments: Engine.available, Asker.allCases)
    func `a schema that has changed is noticed`(engine: Engine, asker: Asker) async throws {
        let step = Migration("test.0002_grade", "ALTER TABLE coin ADD COLUMN grade TEXT; UPDATE coin SET grade = 'fine'; DROP TABLE scratch;")
        try await withCoin(engine, asker) { db in
            for _ in 0..<8 { #expect(try await amount(in: db) == 1) }
            try await db.migrate([step], at: .epoch)

            for _ in 0..<8 {
                #expect(try await amount(in: db) == 1)
                let grade: String? = try await db.readOne { try $0.first("SELECT grade FROM coin WHERE id = 'a'")?["grade"] }
                #expect(grade == "fine")
            }
        }
    }

    @Test(arguments: Asker.allCases) func `on SQLite the names of columns follow the schema`(asker: Asker) async throws {
        try await withCoin(.sqlite, asker) { db in
            let read: @Sendable (any ReadTransaction) throws -> String? = { try $0.first("SELECT * FROM coin")?["grade"] }
            for _ in 0..<8 { await #expect(throws: StorageError.self) { _ = try await db.readOne(read) } }

            try await db.migrate([Migration("test.0002_grade", "ALTER TABLE coin ADD COLUMN grade TEXT DEFAULT 'fine'")], at: .epoch)

            for _ in 0..<8 {
                let grade = try await db.readOne(read)
                #expect(grade == "fine")
            }
        }
    }

    @Test(arguments: Asker.allCases) func `on SQLite nothing can be written`(asker: Asker) async throws {
        try await withCoin(.sqlite, asker) { db in
            await #expect(throws: StorageError.self) { try await db.readOne { _ = try $0.all("DELETE FROM coin RETURNING id") } }
            let amount = try await amount(in: db)
            #expect(amount == 1)
        }
    }

    @Test(arguments: Engine.available, Asker.allCases)
    func `more different statements than are kept are answered`(engine: Engine, asker: Asker) async throws {
        try await withCoin(engine, asker) { db in
            for number in 0..<1000 {
                var sql = SQL.StringInterpolation(literalCapacity: 60, interpolationCount: 0)
                sql.appendLiteral("SELECT amount + \(number) AS sum FROM coin")
                let statement = SQL(stringInterpolation: sql)
                let sum: Int? = try await db.readOne { try $0.first(statement)?["sum"] }
                #expect(sum == number + 1)
            }
            #expect(try await amount(in: db) == 1)
        }
    }

    @Test func `a closed SQLite file is in nobody's use, and is not read any more`() async throws {
        try await withPlace(.sqlite) { place in
            let db = try await place.open()
            for _ in 0..<8 { _ = try await db.readOne { try $0.all("SELECT id FROM coin").count } }

            await db.close()

            try await SQLiteFile.takeOutOfUse(place.address)
            let error = await #expect(throws: StorageError.self) { _ = try await db.readOne { try $0.all("SELECT id FROM coin").count } }
            #expect(error?.isUnavailable == true)
        }
    }

    @Test func `a read that is under way while SQLite closes ends as it would`() async throws {
        try await withPlace(.sqlite) { place in
            let db = try await place.open()
            let (begun, mayEnd) = (Gate(), Gate())
            let slow = Task {
                try await db.readOne { tx in
                    begun.open()
                    mayEnd.waitBlocking()
                    return try tx.all("SELECT id FROM coin").count
                }
            }
            await begun.wait()

            await db.close()
            mayEnd.open()

            let coins = try await slow.value
            #expect(coins == 0)
            try await SQLiteFile.takeOutOfUse(place.address)
        }
    }
}
