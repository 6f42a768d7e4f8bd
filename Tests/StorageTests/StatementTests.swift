import Primitives
import Storage
import TestSupport
import Testing

@Suite("Statements on both engines")
struct StatementTests {
    @Test(arguments: Engine.available)
    func `each nil carries its type`(engine: Engine) async throws {
        try await withCoins(engine) { db in
            let (note, spentAt, isSpent): (String?, Timestamp?, Bool?) = (nil, nil, nil)

            try await db.write { tx in
                try tx.execute("INSERT INTO coin (id, amount, note, spent_at) VALUES ('a', 1, \(note), \(spentAt))")
            }
            let found = try await db.read { tx in
                try tx.all("SELECT id FROM coin WHERE (\(note) IS NULL OR id > \(note)) AND (\(isSpent) IS NULL OR is_spent = \(isSpent))").count
            }

            #expect(found == 1)
        }
    }

    @Test(arguments: Engine.available)
    func `values come back as they went in`(engine: Engine) async throws {
        try await withCoins(engine) { db in
            let note = "Ünïcode ✓ 'quoted' $1 \\ \n 😀"
            try await db.write { tx in
                try tx.execute(
                    "INSERT INTO coin (id, amount, note, is_spent, spent_at) VALUES (\("a"), \(Int64.min), \(note), \(true), \(Timestamp(seconds: -5)))")
            }

            let row = try #require(try await db.read { try $0.first("SELECT amount, note, is_spent, spent_at FROM coin") })

            #expect(try row["amount"] as Int64 == .min)
            #expect(try row["note"] as String == note)
            #expect(try row["is_spent"] as Bool)
            #expect(try row["spent_at"] as Timestamp == Timestamp(seconds: -5))
        }
    }

    @Test(arguments: Engine.available)
    func `any number of rows is inserted in their order, what is there stays, and an empty text is no nil`(engine: Engine) async throws {
        let insertion = SQL.Insertion(into: "coin", columns: ["id", "amount", "note"], ending: "ON CONFLICT (id) DO NOTHING RETURNING amount")
        // As many as two statements of 32 rows, one of 8 and three of one.
        let coins = (100..<175).map { ["\($0)".sqlValue, $0.sqlValue, $0.isMultiple(of: 2) ? "".sqlValue : .text(nil)] }
        try await withCoins(engine) { db in
            let (first, second, none) = try await db.write { tx in
                (try tx.insert(Array(coins[..<70]), by: insertion), try tx.insert(coins, by: insertion), try tx.insert([], by: insertion))
            }

            let rows = try await db.read { try $0.all("SELECT amount, note FROM coin ORDER BY id") }

            #expect(try first.map { try $0["amount"] as Int } == Array(100..<170) && second.map { try $0["amount"] as Int } == Array(170..<175))
            #expect(none.isEmpty)
            #expect(try rows.map { try $0["amount"] as Int } == Array(100..<175))
            #expect(try rows.prefix(3).map { try $0["note"] as String? } == ["", nil, ""])
        }
    }

    private static let plain = SQL.Insertion(into: "coin", columns: ["id", "amount", "note", "is_spent", "spent_at"])

    private static func coin(_ number: Int, note: String?) -> [SQLValue] {
        ["c\(number)".sqlValue, number.sqlValue, .text(note), (number % 2 == 1).sqlValue, .integer(number % 3 == 0 ? nil : Int64.min + Int64(number))]
    }

    @Test(arguments: Engine.available)
    func `rows by the thousand hold every text as it is`(engine: Engine) async throws {
        let notes: [String?] = [
            nil, "", #"\N"#, #"\."#, #"a\b\\"#, "tab\tand\nlines\r\n", "'; DROP TABLE coin; --", "\"quoted\", {braced}", "é 日本 \u{1F4B6}", "\u{7F}\u{1}",
            " spaces ",
            #"\t\x41\101"#,
        ]
        try await withCoins(engine) { db in
            try await db.write { tx in
                try tx.insert((0..<3000).map { Self.coin($0, note: notes[$0 % notes.count]) }, by: Self.plain)
                try tx.execute("UPDATE coin SET amount = amount + 0 WHERE id = 'c1'")
            }

            let rows = try await db.read { try $0.all("SELECT amount, note, is_spent, spent_at FROM coin ORDER BY amount") }
            #expect(try rows.map { try $0["amount"] as Int } == Array(0..<3000))
            #expect(try rows.map { try $0["note"] as String? } == (0..<3000).map { notes[$0 % notes.count] })
            #expect(try rows.map { try $0["is_spent"] as Bool } == (0..<3000).map { $0 % 2 == 1 })
            #expect(try rows.map { try $0["spent_at"] as Int64? } == (0..<3000).map { $0 % 3 == 0 ? nil : Int64.min + Int64($0) })
        }
    }

    @Test(arguments: Engine.available)
    func `of rows by the thousand one that is refused refuses all, and their transaction`(engine: Engine) async throws {
        try await withCoins(engine) { db in
            let taken = await #expect(throws: StorageError.self) {
                try await db.write { tx in
                    try tx.execute("INSERT INTO coin (id, amount) VALUES ('before', 1)")
                    try tx.insert((0..<3000).map { Self.coin($0 == 250 ? 10 : $0, note: nil) }, by: Self.plain)
                }
            }
            await #expect(throws: StorageError.self) {
                try await db.write { try $0.insert((0..<3000).map { Self.coin($0, note: nil) }, by: SQL.Insertion(into: "nothing", columns: ["id"])) }
            }

            if case .conflict = taken {} else { Issue.record("\(String(describing: taken)) is no conflict") }
            #expect(try await count(in: db) == 0)
            try await db.write { try $0.insert((0..<3000).map { Self.coin($0, note: nil) }, by: Self.plain) }
            #expect(try await count(in: db) == 3000)
        }
    }

    @Test func `on PostgreSQL rows by the thousand hold no NUL either`() async throws {
        guard Engine.available.contains(.postgres) else { return }
        try await withCoins(.postgres) { db in
            await #expect(throws: StorageError.self) {
                try await db.write { try $0.insert((0..<3000).map { Self.coin($0, note: $0 == 200 ? "a\0b" : nil) }, by: Self.plain) }
            }
            let coins = try await count(in: db)
            #expect(coins == 0)
        }
    }

    @Test(arguments: Engine.available)
    func `a NULL read as a value that must be there is refused`(engine: Engine) async throws {
        try await withCoins(engine) { db in
            try await db.write { tx in try tx.execute("INSERT INTO coin (id, amount) VALUES ('a', 1)") }
            let row = try #require(try await db.read { try $0.first("SELECT note, amount FROM coin") })

            #expect(try row["note"] as String? == nil)
            #expect(throws: StorageError.self) { try row["note"] as String }
            #expect(throws: StorageError.self) { try row["amount"] as String }
            #expect(throws: StorageError.self) { try row["nothing"] as String? }
        }
    }

    @Test(arguments: Engine.available)
    func `a NUL within a text is refused rather than cut off`(engine: Engine) async throws {
        try await withCoins(engine) { db in
            await #expect(throws: StorageError.self) {
                try await db.write { tx in try tx.execute("INSERT INTO coin (id, amount) VALUES (\("a\0b"), 1)") }
            }

            let coins = try await count(in: db)
            #expect(coins == 0)
        }
    }

    @Test(arguments: Engine.available)
    func `a list matches its members, an empty one nothing, a long one too`(engine: Engine) async throws {
        try await withCoins(engine) { db in
            try await db.write { tx in
                for number in 0..<60 { try tx.execute("INSERT INTO coin (id, amount) VALUES (\("c\(number)"), \(number))") }
            }
            let matches: @Sendable ([Int]) async throws -> Int = { wanted in
                try await db.read { try $0.all("SELECT id FROM coin WHERE amount IN \(list: wanted)").count }
            }

            let counts = [try await matches([1, 2, 99]), try await matches([]), try await matches(Array(0..<50))]
            #expect(counts == [2, 0, 50])
        }
    }

    @Test(arguments: Engine.available)
    func `sums and counts are integers`(engine: Engine) async throws {
        try await withCoins(engine) { db in
            try await db.write { tx in
                try tx.execute("INSERT INTO coin (id, amount) VALUES ('a', 4000000000)")
                try tx.execute("INSERT INTO coin (id, amount) VALUES ('b', 4000000000)")
            }

            let row = try #require(try await db.read { try $0.first("SELECT SUM(amount) AS total, COUNT(*) AS coins, MAX(note) AS note FROM coin") })

            #expect(try row["total"] as Int64 == 8_000_000_000)
            #expect(try row["coins"] as Int == 2)
            #expect(try row["note"] as String? == nil)
        }
    }

    @Test(arguments: Engine.available)
    func `text sorts by its bytes`(engine: Engine) async throws {
        try await withCoins(engine) { db in
            try await db.write { tx in
                for id in ["b", "ä", "A", "a", "Z", "_", "1", "a-b", "aB"] { try tx.execute("INSERT INTO coin (id, amount) VALUES (\(id), 1)") }
            }

            let ids = try await db.read { try $0.all("SELECT id FROM coin ORDER BY id").map { try $0["id"] as String } }

            #expect(ids == ["1", "A", "Z", "_", "a", "a-b", "aB", "b", "ä"])
        }
    }

    @Test(arguments: Engine.available)
    func `an update tells how many rows it changed`(engine: Engine) async throws {
        try await withCoins(engine) { db in
            let changed = try await db.write { tx in
                for id in ["a", "b", "c"] { try tx.execute("INSERT INTO coin (id, amount) VALUES (\(id), 1)") }
                return [
                    try tx.execute("UPDATE coin SET amount = 2 WHERE id <> 'a'"), try tx.execute("UPDATE coin SET amount = 2 WHERE id = 'x'"),
                    try tx.execute("DELETE FROM coin"),
                ]
            }

            #expect(changed == [2, 0, 3])
        }
    }

    @Test(arguments: Engine.available)
    func `of fifty that spend one coin one wins, in each of five rounds`(engine: Engine) async throws {
        try await withCoins(engine) { db in
            for round in 1...5 {
                let id = "coin\(round)"
                try await db.write { tx in try tx.execute("INSERT INTO coin (id, amount) VALUES (\(id), 1)") }

                let wins = try await withThrowingTaskGroup(of: Bool.self) { group in
                    for number in 0..<50 {
                        group.addTask {
                            try await db.write { tx in
                                try tx.first("UPDATE coin SET is_spent = TRUE, spent_at = \(number) WHERE id = \(id) AND is_spent = FALSE RETURNING id") != nil
                            }
                        }
                    }
                    return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
                }

                #expect(wins == 1)
            }
        }
    }
}
