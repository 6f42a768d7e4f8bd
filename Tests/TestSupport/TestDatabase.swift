internal import Foundation
public import Logging
internal import Primitives
public import Storage
internal import StorageSQLite

extension Engine {
    /// What this machine can test: PostgreSQL where `WEKEZA_TEST_POSTGRES` names a server on which databases may be made.
    public static var available: [Engine] { postgresURL == nil ? [.sqlite] : [.sqlite, .postgres] }

    static var postgresURL: String? {
        guard let url = ProcessInfo.processInfo.environment["WEKEZA_TEST_POSTGRES"], !url.isEmpty else { return nil }
        return url
    }
}

/// Runs the body on a database of its own, migrated, empty but for what migrations fill in, and gone afterwards.
public func withDatabase<R>(
    _ engine: Engine, migrations: [Migration], contents: TestContents? = nil, isolation: isolated (any Actor)? = #isolation,
    _ body: (any Database) async throws -> R
) async throws -> R {
    let migrations = migrations.contains { $0.name == StorageMigrations.all[0].name } ? migrations : StorageMigrations.all + migrations
    let place = try await TestPlace.make(engine, migrations: migrations, contents: contents)
    do {
        let database = try await place.open()
        do {
            let result = try await body(database)
            await database.close()
            await place.remove()
            return result
        } catch {
            await database.close()
            throw error
        }
    } catch {
        await place.remove()
        throw error
    }
}

extension Logger {
    /// Says nothing but for what should never happen.
    public static let quiet: Logger = {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return logger
    }()
}
