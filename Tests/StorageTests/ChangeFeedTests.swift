import Primitives
import Storage
import Synchronization
import TestSupport
import Testing

@Suite("The change feed")
struct ChangeFeedTests {
    @Test(arguments: Engine.available)
    func `tells each topic's subscribers of another process's changes, once, in order`(engine: Engine) async throws {
        try await withPlace(engine) { place in
            let (here, there) = (try await place.open(), try await place.open())
            let feed = ChangeFeed(database: here, logger: .quiet)
            let (apps, everything) = (Heard(), Heard())
            feed.subscribe([.app], apps.hear)
            feed.subscribe(Set(ChangeTopic.allCases), everything.hear)
            try await feed.poll()

            try await there.write { tx in
                try tx.announce(.app, "app_1", at: .epoch)
                try tx.announce(.consent, "cns_1", at: .epoch)
            }
            try await there.write { tx in try tx.announce(.app, "app_2", at: .epoch) }
            try await feed.poll()
            try await feed.poll()

            #expect(apps.keys == ["app_1", "app_2"])
            #expect(everything.keys == ["app_1", "cns_1", "app_2"])
            await here.close()
            await there.close()
        }
    }

    @Test(arguments: Engine.available)
    func `a change that is rolled back is never told`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: []) { db in
            let feed = ChangeFeed(database: OtherProcess(db), logger: .quiet)
            let heard = Heard()
            feed.subscribe([.app], heard.hear)

            await #expect(throws: CancellationError.self) {
                try await db.write { tx in
                    try tx.announce(.app, "app_1", at: .epoch)
                    throw CancellationError()
                }
            }
            try await db.write { tx in try tx.announce(.app, "app_2", at: .epoch) }
            try await feed.poll()

            #expect(heard.keys == ["app_2"])
        }
    }

    @Test(arguments: Engine.available)
    func `what this process commits is told before the write returns, of its topics alone`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: []) { db in
            let feed = ChangeFeed(database: db, logger: .quiet)
            let heard = Heard()
            feed.subscribe([.app], heard.hear)
            try await feed.poll()

            try await db.write { tx in
                try tx.announce(.app, "app_1", at: .epoch)
                try tx.announce(.consent, "cns_1", at: .epoch)
                #expect(heard.keys == [], "nothing is told before it is committed")
            }

            #expect(heard.keys == ["app_1"])
        }
    }

    @Test(arguments: Engine.available)
    func `of many that commit together each is told what it announced, and what is refused is not`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: []) { db in
            let feed = ChangeFeed(database: db, logger: .quiet)
            let heard = Heard()
            feed.subscribe([.app], heard.hear)

            await withTaskGroup(of: Void.self) { group in
                for number in 0..<40 {
                    group.addTask {
                        let done: Void? = try? await db.write { tx in
                            try tx.announce(.app, "app_\(number)", at: .epoch)
                            if number % 2 == 1 { throw CancellationError() }
                        }
                        #expect((done != nil) == (number % 2 == 0) && heard.keys.contains("app_\(number)") == (number % 2 == 0))
                    }
                }
            }

            #expect(heard.keys.count == 20)
        }
    }

    @Test(arguments: Engine.available)
    func `is current for one second after a look that succeeded`(engine: Engine) async throws {
        try await withPlace(engine, migrations: StorageMigrations.all) { place in
            let db = try await place.open()
            let start = ContinuousClock.now
            let passed = Mutex(Duration.zero)
            let feed = ChangeFeed(database: db, logger: .quiet, now: { start + passed.withLock { $0 } })
            #expect(!feed.isCurrent)

            try await feed.poll()
            #expect(feed.isCurrent)
            passed.withLock { $0 = .milliseconds(999) }
            #expect(feed.isCurrent)
            passed.withLock { $0 = .seconds(1) }
            #expect(!feed.isCurrent)

            await db.close()
            await #expect(throws: StorageError.self) { try await feed.poll() }
            #expect(!feed.isCurrent)
        }
    }

    @Test(arguments: Engine.available)
    func `after a pause longer than the log reaches back everything is to be dropped`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: []) { db in
            let start = ContinuousClock.now
            let passed = Mutex(Duration.zero)
            let feed = ChangeFeed(database: db, logger: .quiet, now: { start + passed.withLock { $0 } })
            let dropped = Heard()
            feed.onFallingBehind { dropped.hear([Change(topic: .app, key: "all")]) }
            try await feed.poll()
            passed.withLock { $0 = .minutes(29) }
            try await feed.poll()
            #expect(dropped.keys == [])

            passed.withLock { $0 = .minutes(60) }
            try await feed.poll()

            #expect(dropped.keys == ["all"])
        }
    }

    @Test func `on PostgreSQL an id that commits after a larger one is not skipped`() async throws {
        guard Engine.available.contains(.postgres) else { return }
        try await withDatabase(.postgres, migrations: []) { db in
            let feed = ChangeFeed(database: OtherProcess(db), logger: .quiet)
            let heard = Heard()
            feed.subscribe([.consent], heard.hear)
            try await feed.poll()
            let (drawn, mayCommit) = (Gate(), Gate())
            let slow = Task {
                try await db.write { tx in
                    try tx.announce(.consent, "late", at: .epoch)
                    drawn.open()
                    mayCommit.waitBlocking()
                }
            }
            await drawn.wait()

            try await db.write { tx in try tx.announce(.consent, "early", at: .epoch) }
            try await feed.poll()
            #expect(heard.keys == ["early"])
            mayCommit.open()
            try await slow.value
            try await feed.poll()
            try await feed.poll()

            #expect(heard.keys == ["early", "late"])
        }
    }

    @Test func `on PostgreSQL a feed that starts while an older id is uncommitted hears of it`() async throws {
        guard Engine.available.contains(.postgres) else { return }
        try await withDatabase(.postgres, migrations: []) { db in
            let (drawn, mayCommit) = (Gate(), Gate())
            let slow = Task {
                try await db.write { tx in
                    try tx.announce(.consent, "late", at: .epoch)
                    drawn.open()
                    mayCommit.waitBlocking()
                }
            }
            await drawn.wait()
            try await db.write { tx in try tx.announce(.consent, "early", at: .epoch) }
            let feed = ChangeFeed(database: OtherProcess(db), logger: .quiet)
            let heard = Heard()
            feed.subscribe([.consent], heard.hear)
            try await feed.poll()

            mayCommit.open()
            try await slow.value
            try await feed.poll()

            #expect(heard.keys.last == "late")
        }
    }

    @Test func `on PostgreSQL a large transaction that commits after a small one is heard in full`() async throws {
        guard Engine.available.contains(.postgres) else { return }
        try await withDatabase(.postgres, migrations: []) { db in
            let feed = ChangeFeed(database: OtherProcess(db), logger: .quiet)
            let heard = Heard()
            feed.subscribe([.consent], heard.hear)
            try await db.write { tx in try tx.announce(.consent, "first", at: .epoch) }
            try await feed.poll()
            let (drawn, mayCommit) = (Gate(), Gate())
            let large = Task {
                try await db.write { tx in
                    for number in 0..<1_500 { try tx.announce(.consent, "\(number)", at: .epoch) }
                    drawn.open()
                    mayCommit.waitBlocking()
                }
            }
            await drawn.wait()
            try await db.write { tx in try tx.announce(.consent, "small", at: .epoch) }
            try await feed.poll()

            mayCommit.open()
            try await large.value
            try await feed.poll()

            #expect(heard.keys == ["first", "small"] + (0..<1_500).map(String.init))
        }
    }

    @Test func `on PostgreSQL everything is to be dropped for as long as more than can be looked for may yet be committed`() async throws {
        guard Engine.available.contains(.postgres) else { return }
        try await withDatabase(.postgres, migrations: []) { db in
            let start = ContinuousClock.now
            let passed = Mutex(Duration.zero)
            let feed = ChangeFeed(database: OtherProcess(db), logger: .quiet, now: { start + passed.withLock { $0 } })
            let dropped = Heard()
            feed.onFallingBehind { dropped.hear([Change(topic: .app, key: "\(passed.withLock { $0 }.components.seconds)")]) }
            try await db.write { tx in try tx.announce(.app, "app_1", at: .epoch) }
            try await feed.poll()

            // As a transaction does that has changed very many and not committed.
            try await db.write { tx in
                _ = try tx.all("SELECT setval(pg_get_serial_sequence('change_log', 'id'), (SELECT MAX(id) FROM change_log) + 25000) AS id")
                try tx.announce(.app, "app_2", at: .epoch)
            }
            for second in [0, 1, 59, 60, 61] {
                passed.withLock { $0 = .seconds(second) }
                try await feed.poll()
            }

            #expect(dropped.keys == ["0", "1", "59"])
        }
    }

    @Test(arguments: Engine.available)
    func `many changes between two looks are all told`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: []) { db in
            let feed = ChangeFeed(database: OtherProcess(db), logger: .quiet)
            let heard = Heard()
            feed.subscribe([.grant], heard.hear)
            try await feed.poll()

            try await db.write { tx in for number in 0..<4_500 { try tx.announce(.grant, "\(number)", at: .epoch) } }
            try await feed.poll()

            #expect(heard.keys == (0..<4_500).map(String.init))
        }
    }

    @Test(arguments: Engine.available)
    func `run looks by itself and ends when cancelled`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: []) { db in
            let feed = ChangeFeed(database: OtherProcess(db), logger: .quiet)
            let (told, continuation) = AsyncStream<String>.makeStream()
            feed.subscribe([.app]) { changes in for change in changes { continuation.yield(change.key) } }
            let run = Task { await feed.run() }

            try await db.write { tx in try tx.announce(.app, "app_1", at: .epoch) }
            let first = await told.first { _ in true }
            run.cancel()
            await run.value

            #expect(first == "app_1")
        }
    }
}

/// What a subscriber was told.
final class Heard: Sendable {
    private let changes = Mutex<[Change]>([])

    @Sendable func hear(_ new: [Change]) { changes.withLock { $0 += new } }

    var keys: [String] { changes.withLock { $0.map(\.key) } }
}
