@testable import Connections
import Foundation
import NIOPosix
import Primitives
import Storage
@testable import StorageSQLite
import TestSupport
import Testing

/// Event loops that read SQLite: what one turn asks for is one transaction.
@Suite("Turns that read SQLite")
struct TurnReadTests {
    private func withCoin(_ body: (_ db: any Database, _ other: any Database) async throws -> Void) async throws {
        try await withPlace(.sqlite) { place in
            let (db, other) = (try await place.open(), try await place.open())
            try await other.writeOne("INSERT INTO coin (id, amount) VALUES ('a', 1)")
            try await Asker.eventLoop.run { try await body(db, other) }
            await db.close()
            await other.close()
        }
    }

    private static let amount: SQL = "SELECT amount FROM coin WHERE id = 'a'"

    private static func read(in db: any Database) async throws -> Int? { try await db.readOne { try $0.first(amount)?["amount"] } }

    private static func readAtOnce(_ count: Int, in db: any Database) async throws -> [Int?] {
        try await withThrowingTaskGroup(of: Int?.self) { group in
            for _ in 0..<count { group.addTask { try await read(in: db) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    /// A loop that may be held up, and a write that a body on it waits for.
    private func withWrite(_ body: @Sendable (_ db: any Database, _ begun: Gate, _ committed: Gate) async throws -> [Int?]) async throws -> [Int?] {
        try await withPlace(.sqlite) { place in
            let (db, other) = (try await place.open(), try await place.open())
            try await other.writeOne("INSERT INTO coin (id, amount) VALUES ('a', 1)")
            let (begun, committed) = (Gate(), Gate())
            let writer = Task {
                defer { committed.open() }
                await begun.wait()
                try await other.writeOne("UPDATE coin SET amount = 2")
            }
            let loop = EventLoopExecutor.of(MultiThreadedEventLoopGroup(numberOfThreads: 1).next())
            let amounts = try await withTaskExecutorPreference(loop) {
                defer { begun.open() }
                await Task.yield()
                return try await body(db, begun, committed)
            }
            try await writer.value
            await db.close()
            await other.close()
            return amounts
        }
    }

    @Test func `what a turn asks for is of one snapshot`() async throws {
        let amounts = try await withWrite { db, begun, committed in
            try await withThrowingTaskGroup(of: Int?.self) { group in
                group.addTask {
                    try await db.readOne { tx in
                        let amount: Int? = try tx.first(Self.amount)?["amount"]
                        begun.open()
                        committed.waitBlocking()
                        return amount
                    }
                }
                for _ in 0..<10 { group.addTask { try await Self.read(in: db) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }

        #expect(amounts == Array(repeating: 1, count: 11))
    }

    @Test func `the snapshot of a turn is of when all had asked`() async throws {
        let amounts = try await withWrite { db, begun, committed in
            try await withThrowingTaskGroup(of: Int?.self) { group in
                for _ in 0..<10 { group.addTask { try await Self.read(in: db) } }
                group.addTask {
                    begun.open()
                    committed.waitBlocking()
                    return try await Self.read(in: db)
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }

        #expect(amounts == Array(repeating: 2, count: 11))
    }

    @Test func `each turn sees what was committed before it, here or by another process`() async throws {
        try await withCoin { db, other in
            for amount in stride(from: 2, to: 40, by: 2) {
                try await db.writeOne("UPDATE coin SET amount = \(amount)")
                #expect(try await Self.readAtOnce(5, in: db) == Array(repeating: amount, count: 5))
                try await other.writeOne("UPDATE coin SET amount = \(amount + 1)")
                #expect(try await Self.readAtOnce(5, in: db) == Array(repeating: amount + 1, count: 5))
            }
        }
    }

    @Test func `more than one transaction takes are all answered, each with its own`() async throws {
        try await withCoin { db, _ in
            let sums = try await withThrowingTaskGroup(of: (Int, Int?).self) { group in
                for number in 0..<500 {
                    group.addTask { (number, try await db.readOne { try $0.first("SELECT amount + \(number) AS sum FROM coin")?["sum"] }) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }

            #expect(sums.count == 500 && sums.allSatisfy { $0.1 == $0.0 + 1 })
        }
    }

    private enum Outcome: Hashable { case read(Int?), refused, cancelled }

    private static func outcome(of read: () async throws -> Int?) async throws -> Outcome {
        do { return .read(try await read()) } catch is StorageError { return .refused } catch is CancellationError { return .cancelled }
    }

    @Test func `one that fails is told, and all others of its turn are answered`() async throws {
        try await withCoin { db, other in
            for round in 1...20 {
                try await other.writeOne("UPDATE coin SET amount = \(round)")
                let outcomes = try await withThrowingTaskGroup(of: Outcome.self) { group in
                    for number in 0..<40 {
                        group.addTask {
                            try await Self.outcome {
                                switch number % 8 {
                                case 1: try await db.readOne { try $0.first("SELECT nothing FROM coin")?["nothing"] }
                                case 3: try await db.readOne { try $0.first("SELECT abs(\(Int64.min) + amount - amount) AS x FROM coin")?["x"] }
                                case 5: try await db.readOne { try $0.first("DELETE FROM coin RETURNING amount")?["amount"] }
                                case 7: try await db.readOne { tx in try tx.first(Self.amount).flatMap { _ in throw CancellationError() } }
                                default: try await Self.read(in: db)
                                }
                            }
                        }
                    }
                    return try await group.reduce(into: [Outcome: Int]()) { $0[$1, default: 0] += 1 }
                }

                #expect(outcomes == [.read(round): 20, .refused: 15, .cancelled: 5])
            }
        }
    }

    @Test func `nothing stays open behind a turn`() async throws {
        try await withPlace(.sqlite) { place in
            let (db, other) = (try await place.open(), try await place.open())
            try await Asker.eventLoop.run { _ = try await Self.readAtOnce(10, in: db) }
            try await other.writeOne("INSERT INTO coin (id, amount) VALUES ('a', 1)")
            try await Asker.eventLoop.run {
                let amounts = try await Self.readAtOnce(10, in: db)
                #expect(amounts == Array(repeating: 1, count: 10))
            }
            // The log is emptied where nobody reads from it.
            await other.close()

            let log = try FileManager.default.attributesOfItem(atPath: place.address + "-wal")
            #expect(log[.size] as? Int == 0)
            await db.close()
        }
    }

    @Test func `when all connections are busy, the pool's readers answer`() async throws {
        try await withCoin { db, _ in
            // Those that find none keep one of the pool's each.
            let loops = MultiThreadedEventLoopGroup(numberOfThreads: PointReaders.count + 2)
            let (entered, areIn, mayEnd) = (Gate.Counter(), Gate(), Gate())
            defer { mayEnd.open() }
            let holders = loops.makeIterator().map { loop in
                Task(executorPreference: EventLoopExecutor.of(loop)) {
                    defer { areIn.open() }
                    return try await db.readOne { tx in
                        if entered.next() == PointReaders.count + 2 { areIn.open() }
                        mayEnd.waitBlocking()
                        return try tx.first(Self.amount)?["amount"] as Int?
                    }
                }
            }
            await areIn.wait()

            let amounts = try await Self.readAtOnce(10, in: db)
            mayEnd.open()

            #expect(entered.count == PointReaders.count + 2)
            #expect(amounts == Array(repeating: 1, count: 10))
            for holder in holders { #expect(try await holder.value == 1) }
        }
    }

    @Test func `what a loop asks of a closed file is refused`() async throws {
        try await withCoin { db, _ in
            _ = try await Self.readAtOnce(10, in: db)
            await db.close()

            let error = await #expect(throws: StorageError.self) { _ = try await Self.readAtOnce(10, in: db) }
            #expect(error?.isUnavailable == true)
        }
    }
}
