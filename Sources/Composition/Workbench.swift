internal import Foundation
public import Logging
public import Primitives
public import Storage
internal import StoragePostgres
internal import StorageSQLite

/// What every command stands on: the open, migrated database, the clock and chance.
public struct Workbench: Sendable {
    public let database: any Database
    public let clock: any WallClock
    public let randomness: any RandomSource
    public let logger: Logger

    public init(database: any Database, clock: any WallClock = SystemClock(), randomness: any RandomSource = SystemRandom(), logger: Logger) {
        self.database = database
        self.clock = clock
        self.randomness = randomness
        self.logger = logger
    }

    /// Opens what the set-up names and brings its schema up to date.
    /// - Throws: `ConfigurationError` with one sentence when that cannot work, `TemporaryFailure` when it may work later.
    public static func open(_ configuration: Configuration, logger: Logger) async throws -> Workbench {
        let (database, _) = try await openDatabase(configuration, at: SystemClock().now, logger: logger) { _ in }
        return Workbench(database: database, logger: logger)
    }

    /// The root key, opened by the master key; kept with the first start.
    /// - Throws: `ConfigurationError` when the master key does not open it; storage failures.
    public func openRootKey(by master: MasterKey) async throws -> RootKey {
        try await RootKeys.open(database, by: master, randomness: randomness, at: clock.now)
    }

    /// Opens the database, brings it up to date, and does the first thing with it; when that fails, the database is closed.
    /// - Throws: `ConfigurationError` with one sentence when that cannot work, `TemporaryFailure` when it may work later; what the first thing throws.
    static func openDatabase<Result: Sendable>(
        _ configuration: Configuration, at now: Timestamp, logger: Logger, first: @Sendable (any Database) async throws -> Result
    ) async throws -> (any Database, Result) {
        do {
            let database = try await connect(configuration, logger: logger)
            do {
                try await bringUpToDate(database, at: now)
                return (database, try await first(database))
            } catch {
                await database.close()
                throw error
            }
        } catch let error as StorageError where error.isUnavailable {
            if case .sqlite(let path) = configuration.database, let closed = DatabaseFiles.closed(path) {
                throw ConfigurationError("This user may not write to \(closed), which --database needs: give it to the user that the server runs as.")
            }
            throw TemporaryFailure("The database named by --database does not answer (\(error)): start again when it does.")
        }
    }

    private static func bringUpToDate(_ database: any Database, at now: Timestamp) async throws {
        do {
            // Before any step: it would make tables where a restore has not brought its own yet, or find those that came without their list of steps.
            if let unfinished = try await database.read({ try Restorations().unfinished(in: $0) }) {
                throw ConfigurationError("A restore of the database named by --database did not finish. \(unfinished.advice)")
            }
            try await database.migrate(AllMigrations.all(on: database.engine), at: now)
        } catch let error as StorageError where !error.isUnavailable {
            throw ConfigurationError("The schema of the database named by --database cannot be brought up to date: \(error).")
        }
    }

    private static func connect(_ configuration: Configuration, logger: Logger) async throws -> any Database {
        do {
            switch configuration.database {
            case .sqlite(let path):
                try makeFolder(of: path)
                return try await SQLiteDatabase.open(path: path, logger: logger)
            case .postgres(let url):
                return try await PostgresDatabase.open(url: url, connections: configuration.databaseConnections, logger: logger)
            }
        } catch let error as StorageError where !error.isUnavailable {
            throw ConfigurationError("The database named by --database cannot be opened: \(error).")
        }
    }

    private static func makeFolder(of path: String) throws {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw ConfigurationError("The folder of the database named by --database cannot be made: \(folder.path).")
        }
    }
}
