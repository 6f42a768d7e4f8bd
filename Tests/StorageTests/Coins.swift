import Storage
import Synchronization
import TestSupport

/// A small schema for the storage tests.
let coinMigrations = [
    Migration(
        "test.0001_coin",
        """
        CREATE TABLE coin (
            id TEXT PRIMARY KEY,
            amount BIGINT NOT NULL,
            note TEXT,
            is_spent BOOLEAN NOT NULL DEFAULT FALSE,
            spent_at BIGINT
        );
        CREATE TABLE scratch (
            id AUTO_ID,
            coin_id TEXT NOT NULL REFERENCES coin (id)
        );
        """)
]

func withCoins(_ engine: Engine, _ body: (any Database) async throws -> Void) async throws {
    try await withDatabase(engine, migrations: coinMigrations, body)
}

/// A place on which a test opens as many handles as it likes.
func withPlace<Result>(_ engine: Engine, migrations: [Migration] = StorageMigrations.all + coinMigrations, _ body: (TestPlace) async throws -> Result)
    async throws -> Result
{
    let place = try await TestPlace.make(engine, migrations: migrations)
    do {
        let result = try await body(place)
        await place.remove()
        return result
    } catch {
        await place.remove()
        throw error
    }
}

func count(in db: any Database) async throws -> Int {
    try await db.read { try $0.first("SELECT COUNT(*) AS coins FROM coin")?["coins"] } ?? -1
}

extension Gate {
    /// Counts how often a body ran.
    final class Counter: Sendable {
        private let value = Mutex(0)

        var count: Int { value.withLock { $0 } }

        func next() -> Int {
            value.withLock {
                $0 += 1
                return $0
            }
        }
    }
}
