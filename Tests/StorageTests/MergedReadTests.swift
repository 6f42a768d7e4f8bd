import Primitives
import Storage
@testable import StoragePostgres
import TestSupport
import Testing

/// Reads of one text that PostgreSQL is sent as one statement.
@Suite("Reads that are one statement", .enabled(if: Engine.available.contains(.postgres)))
struct MergedReadTests {
    /// With what the coins are called and worth.
    private func withConnection(_ coins: [(String, Int)] = [], _ body: (PostgresConnection) throws -> Void) async throws {
        try await withPlace(.postgres) { place in
            let connection = try PostgresConnection(url: place.address)
            defer { connection.close() }
            for (id, amount) in coins { try connection.run("INSERT INTO coin (id, amount) VALUES (\(id), \(amount))") }
            try body(connection)
        }
    }

    private static let awkward = [
        "", " ", "NULL", "null", "a", "A", "a,b", "{}", "{a}", #"""#, #"\"#, #"\""#, #"a\"b,{c}"#, "'", "$1", "ä", "🇰🇪", "line\nfeed", "\t", "\u{1F}",
    ]

    @Test func `each has its own answer, whatever its binds are`() async throws {
        try await withConnection(Self.awkward.enumerated().map { ($1, $0) }) { connection in
            let ids = Self.awkward + ["nobody's"]
            let answers = try connection.runTogether(ids.map { "SELECT id, amount FROM coin WHERE id = \($0)" })

            #expect(answers.count == 1)
            let found = try answers.joined().map { try $0.map { try $0["id"] as String } }
            #expect(found == Self.awkward.map { [$0] } + [[]])
        }
    }

    @Test func `types and nothing are told apart`() async throws {
        try await withConnection { connection in
            let given: [(String?, Int?, Bool?)] = [("a", 1, true), (nil, .min, false), ("", nil, nil), (nil, nil, nil), ("NULL", .max, true)]
            let answers = try connection.runTogether(given.map { "SELECT \($0)::text AS text, \($1)::int8 AS number, \($2)::bool AS truth" })

            #expect(answers.count == 1)
            let rows = try answers.joined().map { try #require($0.first) }
            #expect(try rows.map { try $0["text"] as String? } == given.map(\.0))
            #expect(try rows.map { try $0["number"] as Int? } == given.map(\.1))
            #expect(try rows.map { try $0["truth"] as Bool? } == given.map(\.2))
        }
    }

    @Test func `rows come in the order that each asks for, and as many`() async throws {
        try await withConnection((0..<50).map { ("coin \($0)", $0) }) { connection in
            let limits = [3, 0, 50, 1, 70]
            let answers = try connection.runTogether(limits.map { "SELECT amount FROM coin WHERE amount >= \($0) ORDER BY amount DESC LIMIT \($0)" })

            let amounts = try answers.joined().map { try $0.map { try $0["amount"] as Int } }
            #expect(amounts == [[49, 48, 47], [], [], [49], []])
        }
    }

    @Test func `binds beyond the ninth keep their places`() async throws {
        try await withConnection { connection in
            let reads: [SQL] = (0..<2).map { read in
                let n = (1...11).map { read * 100 + $0 }
                return """
                    SELECT \(n[0]) AS a, \(n[1]) AS b, \(n[2]) AS c, \(n[3]) AS d, \(n[4]) AS e, \(n[5]) AS f, \(n[6]) AS g, \(n[7]) AS h, \(n[8]) AS i,
                    \(n[9]) AS j, \(n[10]) AS k
                    """
            }

            let rows = try connection.runTogether(reads).joined().map { try #require($0.first) }
            #expect(try rows.map { try $0["a"] as Int } == [1, 101])
            #expect(try rows.map { try $0["j"] as Int } == [10, 110])
            #expect(try rows.map { try $0["k"] as Int } == [11, 111])
        }
    }

    @Test func `those of another text or type are another statement, in their order`() async throws {
        try await withConnection([("a", 1), ("b", 2)]) { connection in
            let reads: [SQL] = [
                "SELECT amount FROM coin WHERE id = \("a")", "SELECT amount FROM coin WHERE id = \("b")",
                "SELECT amount + 10 AS amount FROM coin WHERE id = \("a")",
                "SELECT amount FROM coin WHERE id = \("b")", "SELECT \("5")::int8 AS amount", "SELECT \(6)::int8 AS amount", "SELECT 7 AS amount",
                "SELECT 7 AS amount",
            ]

            let answers = try connection.runTogether(reads)
            #expect(answers.map(\.count) == [2, 1, 1, 1, 1, 1, 1])
            #expect(try answers.joined().map { try $0.first?["amount"] as Int? } == [1, 2, 11, 2, 5, 6, 7, 7])
        }
    }

    @Test func `one that fails leaves those before its statement answered`() async throws {
        try await withConnection([("a", 1)]) { connection in
            let divisions: [SQL] = [2, 0, 5].map { "SELECT 10 / \($0) AS quotient" }
            let answers = try connection.runTogether(["SELECT amount FROM coin WHERE id = \("a")"] + divisions + ["SELECT 1 AS one"])

            #expect(answers.map(\.count) == [1])
            // The connection serves on.
            let others = try connection.runTogether([2, 5].map { "SELECT 10 / \($0) AS quotient" }).joined()
            #expect(try others.map { try $0.first?["quotient"] as Int? } == [5, 2])
        }
    }

    /// A statement that changes rows cannot stand within another.
    @Test func `what the server does not take as one is sent one by one`() async throws {
        try await withConnection([("a", 1), ("b", 2)]) { connection in
            for _ in 0..<3 {
                let reads: [SQL] = ["a", "b"].map { "WITH spent AS (UPDATE coin SET amount = amount + 1 WHERE id = \($0) RETURNING id) SELECT id FROM spent" }
                let answers = try connection.runTogether(reads)

                #expect(answers.count == 2)
                #expect(try answers.joined().map { try $0.first?["id"] as String? } == ["a", "b"])
            }
        }
    }

    @Test func `a schema that has changed is noticed`() async throws {
        try await withPlace(.postgres) { place in
            let db = try await place.open()
            try await db.writeOne("INSERT INTO coin (id, amount) VALUES ('a', 1)")
            for type in ["TEXT", "BIGINT"] {
                for _ in 0..<3 {
                    let found = try await withThrowingTaskGroup(of: Int.self) { group in
                        for _ in 0..<100 { group.addTask { try await db.readOne { try $0.all("SELECT * FROM coin WHERE id = \("a")").count } } }
                        return try await group.reduce(0, +)
                    }
                    #expect(found == 100)
                }
                _ = try await db.runScript("ALTER TABLE coin ADD COLUMN more_\(type) \(type)", named: "test.\(type)", at: 0)
            }
            await db.close()
        }
    }

    @Test func `of many at once the failed are told, and all others answered`() async throws {
        try await withPlace(.postgres) { place in
            let db = try await place.open()
            let answers = await withTaskGroup(of: (Int, Int?).self) { group in
                for number in 0..<200 {
                    group.addTask { (number, try? await db.readOne { try $0.first("SELECT 1000 / \(number % 50) AS quotient")?["quotient"] }) }
                }
                return await group.reduce(into: [Int: Int]()) { $0[$1.0] = $1.1 }
            }

            for number in 0..<200 { #expect(answers[number] == (number % 50 == 0 ? nil : 1000 / (number % 50))) }
            await db.close()
        }
    }
}
