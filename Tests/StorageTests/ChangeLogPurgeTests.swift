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
            let late = try await db.purgeChangeLog(at: .epoch + .hours(2))
            let again = try await db.purgeChangeLog(at: .epoch + .hours(2))

            let left = try await Self.rows(of: db)
            #expect([early, late, again] == [0, 3_000, 0])
            #expect(left == Self.kept)
        }
    }

    @Test(arguments: Engine.available)
    func `a feed that starts after a purge goes on from there`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: []) { db in
            try await Self.write(Self.kept + 3_000, to: db)
            try await db.purgeChangeLog(at: .epoch + .hours(2))
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
}
