import Primitives
import Storage
import TestSupport
import Testing

/// Rows are purged by a clock, which may be hours off at any node, and whoever has not read them yet must not miss them.
@Suite("The change log is purged")
struct ChangeLogPurgeTests {
    /// As many of the newest rows stay.
    private static let kept = 20_000

    /// Rows that were written at the epoch, by one statement.
    private static func write(_ count: Int, to db: any Database) async throws {
        try await db.write { tx in
            try tx.execute(
                """
                WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < \(count))
                INSERT INTO change_log (topic, key, changed_at)
                SELECT \(ChangeTopic.grant), 'old', \(Timestamp.epoch) FROM number
                """)
        }
    }

    private static func rows(of db: any Database) async throws -> Int? {
        try await db.read { try $0.first("SELECT COUNT(*) AS rows FROM change_log")?["rows"] }
    }

    @Test(arguments: Engine.available)
    func `a clock that runs two hours ahead purges nothing that others have not heard`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: []) { db in
            let feed = ChangeFeed(database: OtherProcess(db), logger: .quiet)
            let heard = Heard()
            feed.subscribe([.consent], heard.hear)
            try await feed.poll()
            try await db.write { tx in try tx.announce(.consent, "cns_1", at: .epoch) }

            try await db.purgeChangeLog(at: .epoch + .hours(2))
            try await feed.poll()

            #expect(heard.keys == ["cns_1"])
        }
    }

    @Test(arguments: Engine.available)
    func `what is old goes, the newest rows and what is young stay`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: []) { db in
            try await Self.write(Self.kept + 3_000, to: db)

            let early = try await db.purgeChangeLog(at: .epoch + .minutes(59))
            var late: [Int] = []
            for _ in 0..<3 { late.append(try await db.purgeChangeLog(at: .epoch + .hours(2), limit: 2_000)) }

            let left = try await Self.rows(of: db)
            #expect(early == 0)
            #expect(late == [2_000, 1_000, 0])
            #expect(left == Self.kept)
        }
    }

    @Test(arguments: Engine.available)
    func `a feed that starts after a purge goes on from there`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: []) { db in
            try await Self.write(Self.kept + 3_000, to: db)
            try await db.purgeChangeLog(at: .epoch + .hours(2), limit: 3_000)
            let feed = ChangeFeed(database: OtherProcess(db), logger: .quiet)
            let (heard, lost) = (Heard(), Heard())
            feed.onFallingBehind { lost.hear([Change(topic: .grant, key: "lost")]) }
            try await feed.poll()
            feed.subscribe([.grant], heard.hear)

            try await db.write { tx in try tx.announce(.grant, "new", at: .epoch + .hours(2)) }
            try await feed.poll()
            try await feed.poll()

            #expect(heard.keys == ["new"])
            #expect(lost.keys == [])
        }
    }

    @Test(arguments: Engine.available)
    func `a feed that starts at a log that was emptied goes on from there`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: []) { db in
            try await Self.write(3_000, to: db)
            try await db.write { tx in try tx.execute("DELETE FROM change_log") }
            let feed = ChangeFeed(database: OtherProcess(db), logger: .quiet)
            let (heard, lost) = (Heard(), Heard())
            feed.subscribe([.grant], heard.hear)
            feed.onFallingBehind { lost.hear([Change(topic: .grant, key: "lost")]) }
            try await feed.poll()

            try await db.write { tx in try tx.announce(.grant, "new", at: .epoch) }
            try await feed.poll()
            try await feed.poll()

            #expect(heard.keys == ["new"])
            #expect(lost.keys == [])
        }
    }

    @Test(arguments: Engine.available)
    func `a feed whose place was purged says once that it has fallen behind, and goes on`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: []) { db in
            let feed = ChangeFeed(database: OtherProcess(db), logger: .quiet)
            let (heard, lost) = (Heard(), Heard())
            feed.subscribe([.consent], heard.hear)
            feed.onFallingBehind { lost.hear([Change(topic: .grant, key: "lost")]) }
            try await Self.write(1, to: db)
            try await feed.poll()

            try await db.write { tx in try tx.announce(.consent, "unheard", at: .epoch) }
            try await Self.write(Self.kept, to: db)
            try await db.purgeChangeLog(at: .epoch + .hours(2))
            try await feed.poll()
            try await db.write { tx in try tx.announce(.consent, "new", at: .epoch) }
            try await feed.poll()

            #expect(lost.keys == ["lost"])
            #expect(heard.keys == ["new"])
        }
    }

    @Test(arguments: Engine.available)
    func `a row that a clock ahead stamped keeps those behind it`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: []) { db in
            try await db.write { tx in try tx.announce(.grant, "ahead", at: .epoch + .hours(2)) }
            try await Self.write(Self.kept, to: db)

            let early = try await db.purgeChangeLog(at: .epoch + .hours(2))
            let late = try await db.purgeChangeLog(at: .epoch + .hours(4))

            #expect([early, late] == [0, 1])
        }
    }

    /// As after a failover to a standby that lacked the newest commits: ids are handed out a second time.
    @Test(arguments: Engine.available, [1, 2, 3])
    func `a feed whose database has gone back drops what it knows and hears what comes`(engine: Engine, written: Int) async throws {
        try await withDatabase(engine, migrations: []) { db in
            let feed = ChangeFeed(database: OtherProcess(db), logger: .quiet)
            let (heard, lost) = (Heard(), Heard())
            feed.onFallingBehind { lost.hear([Change(topic: .grant, key: "lost")]) }
            for number in 1...3 { try await db.write { tx in try tx.announce(.consent, "before \(number)", at: .epoch) } }
            try await feed.poll()
            feed.subscribe([.consent], heard.hear)

            let ids: [Int64] = try await db.write { tx in
                let ids: [Int64] = try tx.all("SELECT id FROM change_log ORDER BY id").map { try $0["id"] }
                try tx.execute("DELETE FROM change_log WHERE id > \(ids[0])")
                return ids
            }
            try await Self.hand(ids[0] + 1, outNextBy: db)
            for number in 0..<written { try await db.write { tx in try tx.announce(.consent, "after \(number)", at: .epoch) } }
            try await feed.poll()
            try await db.write { tx in try tx.announce(.consent, "at last", at: .epoch) }
            try await feed.poll()

            #expect(lost.keys == ["lost"])
            #expect(Set(heard.keys).isSuperset(of: ["at last"] + (0..<written).map { "after \($0)" }))
        }
    }

    private static func hand(_ id: Int64, outNextBy db: any Database) async throws {
        try await db.write { tx in
            switch tx.engine {
            case .sqlite: try tx.execute("UPDATE sqlite_sequence SET seq = \(id - 1) WHERE name = 'change_log'")
            case .postgres: _ = try tx.all("SELECT setval(pg_get_serial_sequence('change_log', 'id'), \(id), false) AS id")
            }
        }
    }
}
