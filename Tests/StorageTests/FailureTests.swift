import Foundation
import Primitives
import Storage
import StoragePostgres
import StorageSQLite
import TestSupport
import Testing

@Suite("A database in trouble")
struct FailureTests {
    @Test func `SQLite refuses to open a file that is not a database`() async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("wkz_not_a_database_\(UUID().uuidString)").path
        try Data("This is no database, but a letter that is longer than a header of one hundred bytes, to be sure that it is read.".utf8)
            .write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }

        await #expect(throws: StorageError.self) { _ = try await SQLiteDatabase.open(path: path, logger: .quiet) }
    }

    @Test func `SQLite in a folder that does not exist is unavailable`() async throws {
        let error = await #expect(throws: StorageError.self) { _ = try await SQLiteDatabase.open(path: "/nowhere/at/all.db", logger: .quiet) }

        #expect(error?.isUnavailable == true)
    }

    @Test func `SQLite commits are durable`() async throws {
        try await withDatabase(.sqlite, migrations: []) { db in
            let synchronous = try await db.write { try $0.first("PRAGMA synchronous")?["synchronous"] as Int? }

            #expect(synchronous == 2)
        }
    }

    @Test func `SQLite keeps what savepoints need in memory, not in the temporary folder`() async throws {
        try await withDatabase(.sqlite, migrations: []) { db in
            let temporaryStore = try await db.write { try $0.first("PRAGMA temp_store")?["temp_store"] as Int? }

            #expect(temporaryStore == 2)
        }
    }

    @Test func `a new SQLite file is its owner's alone`() async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("wkz_private_\(UUID().uuidString).db").path
        defer { for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) } }
        let db = try await SQLiteDatabase.open(path: path, logger: .quiet)
        try await db.migrate(coinMigrations, at: .epoch)

        for suffix in ["", "-wal"] {
            let permissions = try FileManager.default.attributesOfItem(atPath: path + suffix)[.posixPermissions] as? Int
            #expect(permissions == 0o600)
        }
        await db.close()
    }

    @Test func `a full SQLite file is unavailable and recovers without being opened again`() async throws {
        try await withDatabase(.sqlite, migrations: coinMigrations) { db in
            let fill: @Sendable (String) async throws -> Void = { id in
                let note = String(repeating: "x", count: 1_000_000)
                try await db.write { tx in try tx.execute("INSERT INTO coin (id, amount, note) VALUES (\(id), 1, \(note))") }
            }
            let pages = try await db.write { try $0.first("PRAGMA page_count")?["page_count"] as Int? } ?? 0
            try await limitPages(of: db, to: pages + 10)

            let errors = await withTaskGroup(of: (any Error)?.self) { group in
                for number in 0..<10 {
                    group.addTask {
                        do { try await fill("full\(number)") } catch { return error }
                        return nil
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(errors.allSatisfy { ($0 as? StorageError)?.isUnavailable == true })

            try await limitPages(of: db, to: 1_000_000)
            try await fill("after")
            let coins = try await count(in: db)
            #expect(coins == 1)
        }
    }

    @Test func `an SQLite file that another process keeps locked is unavailable, and then serves again`() async throws {
        try await withPlace(.sqlite) { place in
            let (db, other) = (try await place.open(), try await place.open())
            let (locked, mayEnd) = (Gate(), Gate())
            let lock = Task {
                try await other.write { tx in
                    try tx.execute("INSERT INTO coin (id, amount) VALUES ('theirs', 1)")
                    locked.open()
                    mayEnd.waitBlocking()
                }
            }
            await locked.wait()

            let error = await #expect(throws: StorageError.self) {
                try await db.write { tx in try tx.execute("INSERT INTO coin (id, amount) VALUES ('ours', 1)") }
            }
            let readable = try await count(in: db)
            mayEnd.open()
            try await lock.value
            try await db.write { tx in try tx.execute("INSERT INTO coin (id, amount) VALUES ('ours', 1)") }

            #expect(error?.isUnavailable == true)
            #expect(readable == 0)
            await db.close()
            await other.close()
        }
    }

    private func limitPages(of db: any Database, to pages: Int) async throws {
        // A pragma takes no binds.
        var sql = SQL.StringInterpolation(literalCapacity: 0, interpolationCount: 0)
        sql.appendLiteral("PRAGMA max_page_count = \(pages)")
        let pragma = SQL(stringInterpolation: sql)
        _ = try await db.write { try $0.all(pragma).count }
    }

    @Test func `two handles on one SQLite file write by turns`() async throws {
        try await withPlace(.sqlite) { place in
            let handles = [try await place.open(), try await place.open()]

            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        _ = try await handles[number % 2].write { tx in try tx.execute("INSERT INTO coin (id, amount) VALUES (\("c\(number)"), 1)") }
                    }
                }
                try await group.waitForAll()
            }

            let coins = try await count(in: handles[0])
            #expect(coins == 100)
            for handle in handles { await handle.close() }
        }
    }

    @Test(arguments: Engine.available)
    func `a closed database is unavailable, for reads and for writes`(engine: Engine) async throws {
        try await withPlace(engine) { place in
            let db = try await place.open()
            await db.close()

            let read = await #expect(throws: StorageError.self) { _ = try await db.read { try $0.all("SELECT id FROM coin") } }
            let write = await #expect(throws: StorageError.self) { try await db.write { tx in try tx.execute("DELETE FROM coin") } }

            #expect(read?.isUnavailable == true)
            #expect(write?.isUnavailable == true)
        }
    }

    @Test func `a PostgreSQL server that is not there is unavailable`() async throws {
        let error = await #expect(throws: StorageError.self) {
            _ = try await PostgresDatabase.open(url: "postgres://nobody@127.0.0.1:1/nothing", connections: 2, logger: .quiet)
        }

        #expect(error?.isUnavailable == true)
    }

    @Test func `PostgreSQL connections that were terminated while idle are opened again unnoticed`() async throws {
        guard Engine.available.contains(.postgres) else { return }
        try await withPlace(.postgres) { place in
            let (db, other) = (try await place.open(), try await place.open())
            let terminate: @Sendable () async throws -> Int = {
                try await other.write { tx in
                    try tx.all(
                        """
                        SELECT pg_terminate_backend(pid) AS done FROM pg_stat_activity
                        WHERE datname = current_database() AND pid <> pg_backend_pid()
                        """
                    ).count
                }
            }
            // Each of the handle's connections has served once.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 { group.addTask { _ = try await db.read { try $0.all("SELECT pg_sleep(0.05)") } } }
                try await group.waitForAll()
            }

            let terminated = try await terminate()
            try await db.write { tx in try tx.execute("INSERT INTO coin (id, amount) VALUES ('a', 1)") }
            let coins = try await count(in: db)

            #expect(terminated >= 4)
            #expect(coins == 1)
            await db.close()
            await other.close()
        }
    }

    @Test func `a PostgreSQL connection lost within a transaction rolls it back, and the body runs again`() async throws {
        guard Engine.available.contains(.postgres) else { return }
        try await withPlace(.postgres) { place in
            let (db, other) = (try await place.open(), try await place.open())
            let runs = Gate.Counter()

            try await db.write { tx in
                try tx.execute("INSERT INTO coin (id, amount) VALUES ('a', 1)")
                if runs.next() == 1 { _ = try tx.all("SELECT pg_terminate_backend(pg_backend_pid())") }
            }

            let coins = try await count(in: other)
            #expect(coins == 1)
            #expect(runs.count == 2)
            await db.close()
            await other.close()
        }
    }

    @Test func `a transaction that loses each of its PostgreSQL connections is unavailable after the second`() async throws {
        guard Engine.available.contains(.postgres) else { return }
        try await withPlace(.postgres) { place in
            let db = try await place.open()
            let runs = Gate.Counter()

            let error = await #expect(throws: StorageError.self) {
                try await db.write { tx in
                    _ = runs.next()
                    _ = try tx.all("SELECT pg_terminate_backend(pg_backend_pid())")
                }
            }

            #expect(error?.isUnavailable == true)
            #expect(runs.count == 2)
            await db.close()
        }
    }

    @Test func `PostgreSQL runs one of two deadlocked transactions again`() async throws {
        guard Engine.available.contains(.postgres) else { return }
        try await withDatabase(.postgres, migrations: coinMigrations) { db in
            try await db.write { tx in try tx.execute("INSERT INTO coin (id, amount) VALUES ('a', 0), ('b', 0)") }
            let (firstHolds, secondHolds) = (Gate(), Gate())
            let add: @Sendable (String, String, Gate, Gate) async throws -> Void = { one, other, mine, theirs in
                try await db.write { tx in
                    try tx.execute("UPDATE coin SET amount = amount + 1 WHERE id = \(one)")
                    mine.open()
                    theirs.waitBlocking()
                    try tx.execute("UPDATE coin SET amount = amount + 1 WHERE id = \(other)")
                }
            }

            async let first: Void = add("a", "b", firstHolds, secondHolds)
            async let second: Void = add("b", "a", secondHolds, firstHolds)
            _ = try await (first, second)

            let amounts = try await db.read { try $0.all("SELECT amount FROM coin ORDER BY id").map { try $0["amount"] as Int } }
            #expect(amounts == [2, 2])
        }
    }

    @Test func `a PostgreSQL statement that takes too long is unavailable long before it would end`() async throws {
        guard Engine.available.contains(.postgres) else { return }
        try await withDatabase(.postgres, migrations: []) { db in
            let started = ContinuousClock.now
            let error = await #expect(throws: StorageError.self) { _ = try await db.read { try $0.all("SELECT pg_sleep(30)") } }

            #expect(error?.isUnavailable == true)
            #expect(ContinuousClock.now - started < .seconds(25))
        }
    }

    @Test func `more transactions than PostgreSQL's queue holds are refused at once`() async throws {
        guard Engine.available.contains(.postgres) else { return }
        try await withPlace(.postgres) { place in
            let db = try await place.open()
            let mayEnd = Gate()
            let outcomes = await withTaskGroup(of: Bool?.self) { group in
                for _ in 0..<1_100 {
                    group.addTask {
                        do {
                            try await db.read { _ in mayEnd.waitBlocking() }
                            return nil
                        } catch {
                            mayEnd.open()
                            return (error as? StorageError)?.isUnavailable
                        }
                    }
                }
                return await group.reduce(into: [Bool?]()) { $0.append($1) }
            }

            #expect(outcomes.contains(true))
            #expect(!outcomes.contains(false))
            await db.close()
        }
    }

    @Test func `PostgreSQL keeps no more prepared statements than it should`() async throws {
        guard Engine.available.contains(.postgres) else { return }
        try await withDatabase(.postgres, migrations: coinMigrations) { db in
            try await db.read { tx in
                for number in 0..<900 {
                    var sql = SQL.StringInterpolation(literalCapacity: 0, interpolationCount: 0)
                    sql.appendLiteral("SELECT id, \(number) AS number FROM coin")
                    _ = try tx.all(SQL(stringInterpolation: sql))
                }
            }

            let prepared = try await db.read { try $0.first("SELECT COUNT(*) AS statements FROM pg_prepared_statements")?["statements"] as Int? }
            #expect((prepared ?? 0) <= 400)
        }
    }

    @Test func `PostgreSQL prepares a long list when it comes again, and no more of them than leave room for the rest`() async throws {
        guard Engine.available.contains(.postgres) else { return }
        try await withDatabase(.postgres, migrations: coinMigrations) { db in
            @Sendable func prepared(_ tx: any ReadTransaction) throws -> Int {
                try tx.first("SELECT COUNT(*) AS statements FROM pg_prepared_statements WHERE statement LIKE 'SELECT id FROM coin%'")?["statements"] ?? -1
            }
            @Sendable func list(_ count: Int, in tx: any ReadTransaction) throws {
                _ = try tx.all("SELECT id FROM coin WHERE id IN \(list: (0..<count).map { "c\($0)" })")
            }
            try await db.read { tx in
                try list(33, in: tx)
                #expect(try prepared(tx) == 0)
                for _ in 0..<3 { try list(33, in: tx) }
                #expect(try prepared(tx) == 1)

                for count in 34..<234 { for _ in 0..<2 { try list(count, in: tx) } }

                #expect(try prepared(tx) == 100)
                #expect(try tx.first("SELECT COUNT(*) AS statements FROM pg_prepared_statements")?["statements"] as Int? == 102)
            }
        }
    }
}
