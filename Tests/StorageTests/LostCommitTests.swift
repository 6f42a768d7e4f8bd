import Primitives
import Storage
import StoragePostgres
import TestSupport
import Testing

/// What a caller is told of a commit on PostgreSQL: that it did not happen, or that nobody can tell.
@Suite("A commit without an answer", .enabled(if: Engine.available.contains(.postgres)))
struct LostCommitTests {
    /// The ways in which something is written.
    enum Write: CaseIterable, Sendable {
        case transaction, lateRows, statement, rows

        func run(_ id: String, on db: any Database) async throws {
            switch self {
            case .transaction: _ = try await db.write { tx in try tx.execute("INSERT INTO coin (id, amount) VALUES (\(id), 1)") }
            case .lateRows:
                try await db.write { tx in
                    try tx.execute("INSERT INTO coin (id, amount) VALUES (\(id), 1)")
                    try tx.insertLate([[id.sqlValue]], into: "scratch", "coin_id")
                }
            case .statement: _ = try await db.writeOne("INSERT INTO coin (id, amount) VALUES (\(id), 1)")
            case .rows: try await db.insert { tx in try tx.insertLate([[id.sqlValue, 1.sqlValue]], into: "coin", "id, amount") }
            }
        }
    }

    private func isUndecided(_ error: StorageError?) -> Bool { if case .undecided = error { true } else { false } }
    private func isUnavailable(_ error: StorageError?) -> Bool { if case .unavailable = error { true } else { false } }

    private func withProxy(_ body: (FaultProxy, _ db: any Database, _ other: any Database) async throws -> Void) async throws {
        try await withPlace(.postgres) { place in
            let proxy = try FaultProxy(before: place.address)
            defer { proxy.stop() }
            let (db, other) = (try await PostgresDatabase.open(url: proxy.url, connections: 2, logger: .quiet), try await place.open())
            try await body(proxy, db, other)
            await db.close()
            await other.close()
        }
    }

    /// A message of its own has the zero behind it; isolation levels have the word in their names.
    private static let commit = "COMMIT\0"

    @Test(arguments: FaultProxy.Fault.allCases, Write.allCases)
    func `when the answer to a commit is lost or does not come, nobody can tell, and it does not happen twice`(
        fault: FaultProxy.Fault, write: Write
    ) async throws {
        try await withProxy { proxy, db, other in
            try await write.run("before", on: db)

            proxy.loseAnswer(to: Self.commit, by: fault)
            let error = await #expect(throws: StorageError.self) { try await write.run("lost", on: db) }
            let coins = try await count(in: other)
            try await write.run("after", on: db)
            let later = try await count(in: other)

            #expect(isUndecided(error) && error?.isUnavailable == true)
            #expect([coins, later] == [2, 3])
        }
    }

    @Test func `a transaction whose statement is not answered did not happen`() async throws {
        try await withProxy { proxy, db, other in
            proxy.loseAnswer(to: "a-coin-that-is-lost", by: .silence)

            let error = await #expect(throws: StorageError.self) { try await Write.transaction.run("a-coin-that-is-lost", on: db) }
            try await Write.transaction.run("after", on: db)
            let coins = try await count(in: other)

            #expect(isUnavailable(error))
            #expect(coins == 1)
        }
    }

    /// With the code that stands for our own patience too.
    private static let refusingCommits = Migration(
        "test.0002_refused_commits",
        """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'canceled' USING ERRCODE = 'query_canceled'; END$$;
        CREATE CONSTRAINT TRIGGER refused AFTER INSERT ON coin DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse();
        """)

    @Test(arguments: Write.allCases)
    func `a commit that the server refuses did not happen`(write: Write) async throws {
        try await withCoins(.postgres) { db in
            try await db.migrate([Self.refusingCommits], at: .epoch)

            let error = await #expect(throws: StorageError.self) { try await write.run("a", on: db) }
            let coins = try await count(in: db)

            #expect(isUnavailable(error))
            #expect(coins == 0)
        }
    }
}
