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
            let before = db.statistics.statements
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
            let statements = db.statistics.statements - before

            #expect(told.sorted() == Array(0..<200))
            #expect(try await count(in: db) == 200)
            // PostgreSQL is asked to sync for many of them at once.
            #expect(statements < (engine == .postgres ? 300 : 201))
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
        try await withPlace(.postgres) { place in
            let (db, other) = (try await place.open(), try await place.open())
            try await db.write(.shared) { try $0.execute("INSERT INTO coin (id, amount) VALUES ('a', 1)") }

            let terminated = try await other.write { try Self.terminateSyncs(in: $0) }
            try await db.write(.shared) { try $0.execute("INSERT INTO coin (id, amount) VALUES ('b', 1)") }
            try await db.write(.shared) { try $0.execute("INSERT INTO coin (id, amount) VALUES ('c', 1)") }

            let coins = try await count(in: other)
            #expect(terminated == 1 && coins == 3)
            await db.close()
            await other.close()
        }
    }

    /// A server that crashed in between would have taken the commit back.
    @Test func `a commit is not called durable when the connection for syncs did not live through it`() async throws {
        guard Engine.available.contains(.postgres) else { return }
        try await withPlace(.postgres) { place in
            let (db, other) = (try await place.open(), try await place.open())
            try await db.write(.shared) { try $0.execute("INSERT INTO coin (id, amount) VALUES ('a', 1)") }
            let (begun, mayEnd) = (Gate(), Gate())
            let write = Task {
                try await db.write(.shared) { tx in
                    try tx.execute("INSERT INTO coin (id, amount) VALUES ('b', 1)")
                    begun.open()
                    mayEnd.waitBlocking()
                }
            }
            await begun.wait()

            let terminated = try await other.write { try Self.terminateSyncs(in: $0) }
            mayEnd.open()
            let error = await #expect(throws: StorageError.self) { try await write.value }
            try await db.write(.shared) { try $0.execute("INSERT INTO coin (id, amount) VALUES ('c', 1)") }

            let found = try await other.read { try $0.first("SELECT id FROM coin WHERE id = 'c'") }
            #expect(terminated == 1 && error?.isUnavailable == true && found != nil)
            await db.close()
            await other.close()
        }
    }

    /// Waits until each has ended.
    private static func terminateSyncs(in tx: any WriteTransaction) throws -> Int {
        try tx.all(
            """
            SELECT pg_terminate_backend(pid, 5000) AS done FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE 'SELECT pg_logical_emit_message%'
            """
        ).count { try $0["done"] as Bool }
    }

    private struct Refusal: Error {}
}
