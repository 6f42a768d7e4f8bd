import Primitives
import Storage
import TestSupport
import Testing

@Suite("Migrations")
struct MigrationTests {
    private let steps = [
        Migration("test.0002_stamp", "CREATE TABLE stamp (id AUTO_ID, name TEXT NOT NULL); INSERT INTO stamp (name) VALUES ('first');"),
        Migration("test.0003_stamp_note", "ALTER TABLE stamp ADD COLUMN note TEXT"),
    ]

    @Test(arguments: Engine.available)
    func `each step is applied once`(engine: Engine) async throws {
        try await withCoins(engine) { db in
            let (first, second) = (try await db.migrate(steps, at: .epoch), try await db.migrate(steps, at: .epoch))

            #expect(first == ["test.0002_stamp", "test.0003_stamp_note"])
            #expect(second == [])
        }
    }

    @Test(arguments: Engine.available)
    func `two processes that start at once apply each step once between them`(engine: Engine) async throws {
        try await withPlace(engine) { place in
            let handles = [try await place.open(), try await place.open(), try await place.open()]

            let applied = try await withThrowingTaskGroup(of: [String].self) { group in
                for handle in handles { group.addTask { try await handle.migrate(steps, at: .epoch) } }
                return try await group.reduce(into: []) { $0 += $1 }
            }

            #expect(applied.sorted() == ["test.0002_stamp", "test.0003_stamp_note"])
            let stamps = try await handles[0].read { try $0.all("SELECT name, note FROM stamp").count }
            #expect(stamps == 1)
            for handle in handles { await handle.close() }
        }
    }

    @Test(arguments: Engine.available)
    func `a step that fails leaves nothing and may be mended`(engine: Engine) async throws {
        try await withCoins(engine) { db in
            let broken = Migration("test.0002_stamp", "CREATE TABLE stamp (id AUTO_ID); CREATE TABLE coin (id TEXT);")

            let error = await #expect(throws: StorageError.self) { try await db.migrate([broken], at: .epoch) }
            let mended = try await db.migrate(steps, at: .epoch)

            #expect(mended == ["test.0002_stamp", "test.0003_stamp_note"])
            #expect("\(String(describing: error))".contains("test.0002_stamp"))
        }
    }

    @Test(arguments: Engine.available)
    func `counted keys grow`(engine: Engine) async throws {
        try await withCoins(engine) { db in
            try await db.migrate(steps, at: .epoch)

            let ids = try await db.write { tx in
                try ["second", "third"].map { try tx.first("INSERT INTO stamp (name) VALUES (\($0)) RETURNING id")?["id"] as Int64? }
            }

            #expect(ids == [2, 3])
        }
    }
}
