import Logging
import Primitives
import Storage
@testable import StoragePostgres
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
        try await withSharers(engine) { db, _ in
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
    func `a change is told to the process's own caches before the write returns, and waits for no second sync`(engine: Engine) async throws {
        try await withSharers(engine) { db, _ in
            let heard = Gate.Counter()
            db.ownChanges.listen { changes in for _ in changes { _ = heard.next() } }
            let commits = db.statistics.commits

            let isShared = try await db.write(.shared) { tx in
                try tx.announce(.consent, "cns_one", at: .epoch)
                return try Self.isShared(tx)
            }

            #expect(isShared && heard.count == 1 && db.statistics.commits - commits == 1)
        }
    }

    @Test func `PostgreSQL's connection for syncs may be terminated while nobody needs it, and another one is opened`() async throws {
        guard Engine.available.contains(.postgres) else { return }
        try await withSharers { db, other in
            let terminated = try await other.write { try Self.terminateSyncs(in: $0) }
            for number in 0..<3 { try await db.write(.shared) { try $0.execute("INSERT INTO coin (id, amount) VALUES (\("c\(number)"), 1)") } }

            let coins = try await other.read { try $0.all("SELECT id FROM coin WHERE id LIKE 'c%'").count }
            #expect(terminated == 1 && coins == 3)
            try await Self.share(db)
        }
    }

    /// The connection that committed was there before too.
    @Test func `who finds the connection for syncs lost behind its commit has it synced by its own`() async throws {
        guard Engine.available.contains(.postgres) else { return }
        try await withSharers { db, other in
            let (commits, writes) = (db.statistics.commits, db.statistics.writes)
            let runs = Gate.Counter()
            let isShared = try await db.write(.shared) { tx in
                try tx.execute("INSERT INTO coin (id, amount) VALUES ('b', 1)")
                if runs.next() == 1 { #expect(try Self.terminateSyncs(in: tx) == 1) }
                return try Self.isShared(tx)
            }

            let found = try await other.read { try $0.first("SELECT id FROM coin WHERE id = 'b'") }
            #expect(isShared && found != nil && runs.count == 1)
            // Its own commit waited for nothing: what is counted is the sync behind it.
            #expect(db.statistics.commits - commits == 1 && db.statistics.writes - writes == 1)
        }
    }

    /// At a failover the address leads to the new one, while transactions go on over connections to the old one.
    @Test func `nobody gets a ticket for another server than their transaction is on`() async throws {
        guard Engine.available.contains(.postgres) else { return }
        try await withPlace(.postgres) { place in
            let syncs = SharedSync(url: place.address, statistics: StorageStatistics(), logger: .quiet)
            let connection = try PostgresConnection(url: place.address)
            let server = connection.server
            connection.close()
            while syncs.ticket(on: server) == nil { await Task.yield() }

            let other = syncs.ticket(on: "another start")
            let behind = syncs.ticket(on: server)

            // The one to the other server was given up, and the next is not asked for at once.
            #expect(other == nil && behind == nil)
            await syncs.close()
        }
    }

    @Test func `a write that comes to no statement is no commit`() async throws {
        guard Engine.available.contains(.postgres) else { return }
        try await withSharers { db, _ in
            let commits = db.statistics.commits
            try await db.write(.shared) { _ in }
            try await db.write { _ in }

            #expect(db.statistics.commits == commits)
        }
    }

    /// A handle that shares syncs already, and another one.
    private func withSharers(_ engine: Engine = .postgres, _ body: (any Database, any Database) async throws -> Void) async throws {
        try await withPlace(engine) { place in
            let (db, other) = (try await place.open(), try await place.open())
            try await Self.share(db)
            try await body(db, other)
            await db.close()
            await other.close()
        }
    }

    /// Writes until a commit shares its sync: the connection for that is opened beside the first ones.
    private static func share(_ db: any Database) async throws {
        for _ in 0..<100_000 where try await db.write(.shared, { try isShared($0) }) { return }
        Issue.record("no commit shares a sync")
    }

    /// Whether a transaction leaves its commit: on PostgreSQL it says so for itself.
    private static func isShared(_ tx: any WriteTransaction) throws -> Bool {
        guard tx.engine == .postgres else { return true }
        return try tx.first("SELECT source = 'session' AS own FROM pg_settings WHERE name = 'synchronous_commit'")?["own"] ?? false
    }

    /// Ends the processes behind connections for syncs, the only ones that prepare this question, and waits until they are gone.
    private static func terminateSyncs(in tx: any WriteTransaction) throws -> Int {
        try tx.all(
            """
            SELECT pg_terminate_backend(pid, 3000) AS done FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE 'SELECT pg_backend_pid() AS process,%emit_message%'
            """
        ).count { try $0["done"] as Bool }
    }

    private struct Refusal: Error {}
}
