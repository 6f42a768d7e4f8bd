import Primitives
import Storage
@testable import StoragePostgres
import TestSupport
import Testing

/// What PostgreSQL's driver sends together, and what becomes of the rest when one of it fails or is held up.
@Suite("Statements that PostgreSQL is sent together", .enabled(if: Engine.available.contains(.postgres)))
struct GatheringTests {
    private func withHandles(_ asker: Asker, _ body: (_ db: any Database, _ other: any Database) async throws -> Void) async throws {
        try await withPlace(.postgres) { place in
            // With more than four, event loops read for themselves.
            let (db, other) = (try await PostgresDatabase.open(url: place.address, connections: 6, logger: .quiet), try await place.open())
            for id in ["a", "b"] { try await other.writeOne("INSERT INTO coin (id, amount) VALUES (\(id), 1)") }
            try await asker.run { try await body(db, other) }
            await db.close()
            await other.close()
        }
    }

    private static func amount(of id: String, in db: any Database) async throws -> Int? {
        try await db.readOne { try $0.first("SELECT amount FROM coin WHERE id = \(id)")?["amount"] }
    }

    /// Holds a lock while the body runs.
    private func whileLocked<Result>(_ lock: SQL, in db: any Database, _ body: () async throws -> Result) async throws -> Result {
        let (locked, mayEnd) = (Gate(), Gate())
        let holder = Task {
            try await db.write { tx in
                _ = try tx.all(lock)
                locked.open()
                mayEnd.waitBlocking()
            }
        }
        await locked.wait()
        defer { mayEnd.open() }
        let result = try await body()
        mayEnd.open()
        try await holder.value
        return result
    }

    /// Returns when somebody waits for a lock.
    private func someoneWaits(in db: any Database) async throws {
        while try await db.read({ try $0.all("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").isEmpty }) {
            await Task.yield()
        }
    }

    private static let endsItsConnection: SQL = "SELECT pg_terminate_backend(pg_backend_pid()) AS done"

    @Test(arguments: Asker.allCases) func `of many reads at once the failed are told, and all others answered`(asker: Asker) async throws {
        try await withHandles(asker) { db, _ in
            let failed = await withTaskGroup(of: Int?.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        do {
                            if number % 50 == 20 {
                                _ = try await db.readOne { try $0.all("SELECT 1 / (amount - 1) AS nothing FROM coin").count }
                            } else if number % 50 == 30 {
                                _ = try await db.readOne { try $0.all("SELECT nothing FROM coin").count }
                            } else if try await Self.amount(of: "a", in: db) != 1 {
                                return -1
                            }
                            return nil
                        } catch { return number }
                    }
                }
                return await group.reduce(into: Set<Int>()) { failed, number in if let number { failed.insert(number) } }
            }

            #expect(failed == [20, 30, 70, 80, 120, 130, 170, 180])
        }
    }

    @Test(arguments: Asker.allCases) func `a read that ends its own connections is at fault itself`(asker: Asker) async throws {
        try await withHandles(asker) { db, _ in
            let answered = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<60 {
                    group.addTask {
                        if number == 30 { return (try? await db.readOne { try $0.all(Self.endsItsConnection).count }) == nil }
                        return (try? await Self.amount(of: "a", in: db)) == 1
                    }
                }
                return await group.reduce(into: [Bool]()) { $0.append($1) }
            }

            #expect(answered.allSatisfy { $0 })
        }
    }

    @Test(arguments: Asker.allCases) func `behind a read that is held up others are answered`(asker: Asker) async throws {
        try await withHandles(asker) { db, other in
            let held = try await whileLocked("LOCK TABLE scratch IN ACCESS EXCLUSIVE MODE", in: other) {
                let held = Task(executorPreference: asker.executor) { try await db.readOne { try $0.all("SELECT id FROM scratch").count } }
                try await someoneWaits(in: other)

                #expect(try await Self.amount(of: "a", in: db) == 1)
                return held
            }
            #expect(try await held.value == 0)
        }
    }

    @Test(arguments: Asker.allCases) func `behind a write that is held up others are committed`(asker: Asker) async throws {
        try await withHandles(asker) { db, other in
            let held = try await whileLocked("SELECT id FROM coin WHERE id = 'a' FOR UPDATE", in: other) {
                let held = Task(executorPreference: asker.executor) { try await db.writeOne("UPDATE coin SET amount = 2 WHERE id = 'a'") }
                try await someoneWaits(in: other)

                try await db.writeOne("UPDATE coin SET amount = 3 WHERE id = 'b'")
                #expect(try await Self.amount(of: "b", in: other) == 3)
                return held
            }
            _ = try await held.value
            #expect(try await Self.amount(of: "a", in: other) == 2)
        }
    }

    /// Sent together, the one that waits for a lock takes the others with it; then each runs by itself.
    @Test(arguments: Asker.allCases) func `a write that waits for a lock refuses none of those that came with it`(asker: Asker) async throws {
        try await withHandles(asker) { db, other in
            let held = try await whileLocked("SELECT id FROM coin WHERE id = 'a' FOR UPDATE", in: other) {
                let held = Task(executorPreference: asker.executor) { try await db.writeOne("UPDATE coin SET amount = 2 WHERE id = 'a'") }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<40 {
                        group.addTask { try await db.writeOne("INSERT INTO coin (id, amount) VALUES (\("c\(number)"), 1)") }
                    }
                    try await group.waitForAll()
                }
                return held
            }
            _ = try await held.value
            #expect(try await count(in: other) == 42)
            #expect(try await Self.amount(of: "a", in: other) == 2)
        }
    }

    @Test(arguments: Asker.allCases) func `a read that waits for a lock refuses none of those that came with it`(asker: Asker) async throws {
        try await withHandles(asker) { db, other in
            try await whileLocked("LOCK TABLE scratch IN ACCESS EXCLUSIVE MODE", in: other) {
                let held = Task(executorPreference: asker.executor) { try await db.readOne { try $0.all("SELECT id FROM scratch").count } }
                try await withThrowingTaskGroup(of: Int?.self) { group in
                    for _ in 0..<40 { group.addTask { try await Self.amount(of: "a", in: db) } }
                    for try await amount in group { #expect(amount == 1) }
                }
                _ = await held.result  // which gives up when the lock is held for long
            }
        }
    }

    @Test(arguments: Asker.allCases) func `two handles that lock the same rows in another order both get through`(asker: Asker) async throws {
        try await withHandles(asker) { db, other in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<200 {
                    let (handle, id) = (number % 2 == 0 ? db : other, (number / 2 + number) % 2 == 0 ? "a" : "b")
                    group.addTask { try await handle.writeOne("UPDATE coin SET amount = amount + 1 WHERE id = \(id)") }
                }
                try await group.waitForAll()
            }

            let sum = try await other.read { try $0.first("SELECT SUM(amount) AS sum FROM coin")?["sum"] as Int? }
            #expect(sum == 202)
        }
    }

    @Test(arguments: Asker.allCases) func `a connection that the server ended while it was idle is not noticed`(asker: Asker) async throws {
        try await withHandles(asker) { db, other in
            for number in 0..<10 {
                _ = try await Self.amount(of: "a", in: db)
                var areGone = false
                while !areGone {
                    // Says of each process whether it ended within three seconds, which a busy machine may not give it.
                    areGone = try await other.write { tx in
                        try tx.all(
                            """
                            SELECT pg_terminate_backend(pid, 3000) AS done FROM pg_stat_activity
                            WHERE datname = current_database() AND pid <> pg_backend_pid()
                            """
                        ).allSatisfy { try $0["done"] }
                    }
                }
                if number % 2 == 0 {
                    try await db.writeOne("UPDATE coin SET amount = amount + 1 WHERE id = 'a'")
                } else {
                    _ = try await Self.amount(of: "a", in: db)
                }
            }

            #expect(try await Self.amount(of: "a", in: other) == 6)
        }
    }

    /// Nobody can tell whether it happened, so it is not done again.
    @Test(arguments: Asker.allCases) func `a write whose connection is lost under it is unavailable, and does not happen twice`(asker: Asker) async throws {
        try await withHandles(asker) { db, other in
            let error = await #expect(throws: StorageError.self) { try await db.writeOne(Self.endsItsConnection) }

            #expect(error?.isUnavailable == true)
            try await db.writeOne("UPDATE coin SET amount = amount + 1 WHERE id = 'a'")
            #expect(try await Self.amount(of: "a", in: other) == 2)
        }
    }

    @Test func `one connection serves reads, single writes and transactions by turns`() async throws {
        try await withPlace(.postgres) { place in
            let db = try await PostgresDatabase.open(url: place.address, connections: 1, logger: .quiet)
            try await db.writeOne("INSERT INTO coin (id, amount) VALUES ('a', 0)")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<300 {
                    let more: SQL = "UPDATE coin SET amount = amount + 1 WHERE id = 'a'"
                    switch number % 3 {
                    case 0: group.addTask { _ = try await Self.amount(of: "a", in: db) }
                    case 1: group.addTask { _ = try await db.writeOne(more) }
                    default: group.addTask { _ = try await db.write { try $0.execute(more) } }
                    }
                }
                try await group.waitForAll()
            }

            #expect(try await Self.amount(of: "a", in: db) == 200)
            await db.close()
        }
    }
}
