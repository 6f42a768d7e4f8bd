import Primitives
import Storage
import StoragePostgres
import TestSupport
import Testing

/// Event loops that read PostgreSQL for themselves.
@Suite("Event loops that read for themselves", .enabled(if: Engine.available.contains(.postgres)))
struct ReadingLoopTests {
    private func onLoop(connections: Int = 6, _ body: (_ db: any Database, _ other: any Database) async throws -> Void) async throws {
        try await withPlace(.postgres) { place in
            let (db, other) = (try await PostgresDatabase.open(url: place.address, connections: connections, logger: .quiet), try await place.open())
            try await Asker.eventLoop.run { try await body(db, other) }
            await db.close()
            await other.close()
        }
    }

    private static let whoAnswers: SQL = "SELECT pg_backend_pid() AS id, CAST(extract(epoch FROM now()) * 1000000 AS BIGINT) AS begun"

    /// Who answered a read, and when what it was sent with began there.
    private static func read(in db: any Database) async throws -> (process: Int, begun: Int) {
        try await db.readOne { tx in
            let row = try #require(try tx.first(whoAnswers))
            return (try row["id"], try row["begun"])
        }
    }

    /// The process behind the loop's own connection, which now is open and knows the statement.
    private static func ownProcess(in db: any Database) async throws -> Int { try await read(in: db).process }

    private static func readAtOnce(_ count: Int, in db: any Database) async throws -> [(process: Int, begun: Int)] {
        try await withThrowingTaskGroup(of: (process: Int, begun: Int).self) { group in
            for _ in 0..<count { group.addTask { try await read(in: db) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    @Test func `what a turn asks for goes as one exchange on the loop's own connection`() async throws {
        try await onLoop { db, _ in
            let own = try await Self.ownProcess(in: db)
            let pooled = try await db.read { try $0.first(Self.whoAnswers)?["id"] as Int? }

            let reads = try await Self.readAtOnce(40, in: db)

            #expect(own != pooled)
            #expect(Set(reads.map(\.process)) == [own])
            // All of an exchange are of one transaction of the server's.
            #expect(Set(reads.map(\.begun)).count == 1)
        }
    }

    @Test func `more than one exchange takes goes to the pool`() async throws {
        try await onLoop { db, _ in
            let own = try await Self.ownProcess(in: db)

            let reads = try await Self.readAtOnce(200, in: db)

            #expect(reads.count { $0.process == own } == 64)
        }
    }

    @Test func `a loop that has handed its connection over has it back when the read ends`() async throws {
        try await onLoop { db, other in
            let own = try await Self.ownProcess(in: db)
            let readsLocked: @Sendable () async throws -> Int = { try await db.readOne { try $0.all("SELECT id FROM scratch").count } }
            // Then it is known to the connection, and the loop itself sends it and waits.
            _ = try await readsLocked()
            let (locked, mayEnd) = (Gate(), Gate())
            let holder = Task {
                try await other.write { tx in
                    _ = try tx.all("LOCK TABLE scratch IN ACCESS EXCLUSIVE MODE")
                    locked.open()
                    mayEnd.waitBlocking()
                }
            }
            await locked.wait()
            let held = Task(executorPreference: Asker.eventLoop.executor) { try await readsLocked() }
            while try await other.read({
                try $0.all("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").isEmpty
            }) {
                await Task.yield()
            }
            let meanwhile = try await Self.read(in: db).process
            mayEnd.open()

            #expect(try await held.value == 0)
            try await holder.value
            #expect(meanwhile != own)
            // The loop leaves its reads to others a while longer.
            var isBack = false
            for _ in 0..<10_000 where !isBack { isBack = try await Self.read(in: db).process == own }
            #expect(isBack)
        }
    }

    @Test(arguments: [1, 4]) func `a small pool keeps its connections`(connections: Int) async throws {
        try await onLoop(connections: connections) { db, _ in
            let pooled = try await db.read { try $0.first(Self.whoAnswers)?["id"] as Int? }

            let reads = try await Self.readAtOnce(10, in: db)

            #expect(Set(reads.map(\.process)) == [try #require(pooled)])
        }
    }

    @Test func `closing ends the loop's connection, and what is asked afterwards is refused`() async throws {
        try await withPlace(.postgres) { place in
            let (db, other) = (try await PostgresDatabase.open(url: place.address, connections: 6, logger: .quiet), try await place.open())
            try await Asker.eventLoop.run {
                let own = try await Self.ownProcess(in: db)
                await db.close()

                let error = await #expect(throws: StorageError.self) { _ = try await Self.read(in: db) }
                #expect(error?.isUnavailable == true)
                // The server notices a moment later.
                var isGone = false
                for _ in 0..<10_000 where !isGone {
                    isGone = try await other.read { try $0.all("SELECT pid FROM pg_stat_activity WHERE pid = \(own)").isEmpty }
                }
                #expect(isGone)
            }
            await other.close()
        }
    }
}
