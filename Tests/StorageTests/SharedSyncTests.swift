import Primitives
import Storage
import TestSupport
import Testing

@Suite("Commits that share a sync")
struct SharedSyncTests {
    @Test(arguments: Engine.available)
    func `is there for another handle once the write returned, and a body that throws leaves nothing`(engine: Engine) async throws {
        try await withPlace(engine) { place in
            let (here, there) = (try await place.open(), try await place.open())

            let returned = try await here.write(.shared) { tx in
                try tx.execute("INSERT INTO coin (id, amount) VALUES ('a', 7)")
                try tx.insertLate([["a".sqlValue]], into: "scratch", "coin_id")
                return 7
            }
            await #expect(throws: Refusal.self) {
                try await here.write(.shared) { tx in
                    try tx.execute("INSERT INTO coin (id, amount) VALUES ('b', 8)")
                    throw Refusal()
                }
            }
            let refused = await #expect(throws: StorageError.self) {
                try await here.write(.shared) { tx in
                    try tx.insertLate([["c".sqlValue, 1.sqlValue]], into: "coin", "id, amount")
                    try tx.insertLate([["nobody".sqlValue]], into: "scratch", "coin_id")
                }
            }

            let coins = try await there.read { try $0.all("SELECT id FROM coin").map { try $0["id"] as String } }
            #expect(returned == 7 && coins == ["a"])
            if case .conflict = refused {} else { Issue.record("\(String(describing: refused)) is no conflict") }
            await here.close()
            await there.close()
        }
    }

    @Test(arguments: Engine.available)
    func `of many at once each is told of its own`(engine: Engine) async throws {
        try await withCoins(engine) { db in
            let (commits, writes) = (db.statistics.commits, db.statistics.writes)
            let told = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        try await db.write(.shared) { tx in
                            try tx.execute("INSERT INTO coin (id, amount) VALUES (\("c\(number)"), \(number))")
                            return number
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(told.sorted() == Array(0..<200))
            #expect(try await count(in: db) == 200)
            #expect(db.statistics.writes - writes == 200)
            #expect(db.statistics.commits - commits < 200)
        }
    }

    @Test(arguments: Engine.available)
    func `a change is told to the process's own caches before the write returns`(engine: Engine) async throws {
        try await withPlace(engine) { place in
            let db = try await place.open()
            let heard = Gate.Counter()
            db.ownChanges.listen { changes in for _ in changes { _ = heard.next() } }

            try await db.write(.shared) { try $0.announce(.consent, "cns_one", at: .epoch) }

            #expect(heard.count == 1)
            await db.close()
        }
    }

    @Test func `PostgreSQL's connection for syncs may be terminated while nobody needs it`() async throws {
        guard Engine.available.contains(.postgres) else { return }
        try await withSharers { db, other in
            let terminated = try await other.write { try Self.terminateSyncs(in: $0) }
            for number in 0..<3 { try await db.write(.shared) { try $0.execute("INSERT INTO coin (id, amount) VALUES (\("c\(number)"), 1)") } }

            let coins = try await other.read { try $0.all("SELECT id FROM coin WHERE id LIKE 'c%'").count }
            #expect(terminated == 1 && coins == 3)
        }
    }

    /// The connection that committed was there before too.
    @Test func `who finds the connection for syncs lost behind its commit has it synced by its own`() async throws {
        guard Engine.available.contains(.postgres) else { return }
        try await withSharers { db, other in
            let runs = Gate.Counter()
            try await db.write(.shared) { tx in
                try tx.execute("INSERT INTO coin (id, amount) VALUES ('b', 1)")
                if runs.next() == 1 { #expect(try Self.terminateSyncs(in: tx) == 1) }
            }

            let found = try await other.read { try $0.first("SELECT id FROM coin WHERE id = 'b'") }
            #expect(found != nil && runs.count == 1)
        }
    }

    /// A handle that shares syncs already, and another one.
    private func withSharers(_ body: (any Database, any Database) async throws -> Void) async throws {
        try await withPlace(.postgres) { place in
            let (db, other) = (try await place.open(), try await place.open())
            for attempt in 0..<10_000 {
                guard try await other.readOne({ try Self.syncs(in: $0).isEmpty }) else { break }
                try await db.write(.shared) { try $0.execute("INSERT INTO coin (id, amount) VALUES (\("first\(attempt)"), 1)") }
            }
            try await body(db, other)
            await db.close()
            await other.close()
        }
    }

    /// The processes behind connections for syncs, which nothing else asks for in these words.
    private static func syncs(in tx: any ReadTransaction) throws -> [Int] {
        try tx.all(
            """
            SELECT pid FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE 'SELECT pg_backend_pid() AS process%'
            """
        ).map { try $0["pid"] }
    }

    /// Waits until each has ended.
    private static func terminateSyncs(in tx: any WriteTransaction) throws -> Int {
        try syncs(in: tx).count { try tx.first("SELECT pg_terminate_backend(\($0)::int, 5000) AS done")?["done"] ?? false }
    }

    private struct Refusal: Error {}
}
