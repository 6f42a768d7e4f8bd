import Primitives
import Storage
import StoragePostgres
import TestSupport
import Testing

/// A server that takes no more connections: those that are open do what there is.
@Suite("A PostgreSQL without room for another connection", .enabled(if: Engine.available.contains(.postgres)))
struct FullServerTests {
    /// - Parameter body: given a handle with one connection of the pool's, which stays the only one.
    private func withOneConnection(of most: Int, _ body: (_ db: any Database) async throws -> Void) async throws {
        try await withPlace(.postgres) { place in
            let proxy = try FaultProxy(before: place.address)
            defer { proxy.stop() }
            let db = try await PostgresDatabase.open(url: proxy.url, connections: most, logger: .quiet)
            proxy.refuseMore()
            try await body(db)
            await db.close()
        }
    }

    /// Ten times as many as there would be connections, and no more: each waits for all before it, and no longer than the pool lets it.
    @Test func `many transactions at once wait for the connection that there is`() async throws {
        try await withOneConnection(of: 4) { db in
            let amounts = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<40 {
                    group.addTask {
                        try await db.write { tx in
                            try tx.execute("INSERT INTO coin (id, amount) VALUES (\("coin_\(number)"), \(number))")
                            return try tx.first("SELECT amount FROM coin WHERE id = \("coin_\(number)")")?["amount"] ?? -1
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }

            #expect(amounts.sorted() == Array(0..<40))
        }
    }

    @Test(arguments: Asker.allCases) func `what is read and written alone is done by the connection that there is`(asker: Asker) async throws {
        try await withOneConnection(of: 8) { db in
            try await asker.run {
                let amounts = try await withThrowingTaskGroup(of: Int?.self) { group in
                    for number in 0..<200 {
                        group.addTask {
                            try await db.writeOne("INSERT INTO coin (id, amount) VALUES (\("coin_\(number)"), \(number))")
                            return try await db.readOne { try $0.first("SELECT amount FROM coin WHERE id = \("coin_\(number)")")?["amount"] }
                        }
                    }
                    return try await group.reduce(into: []) { $0.append($1 ?? -1) }
                }

                #expect(amounts.sorted() == Array(0..<200))
            }
        }
    }
}
