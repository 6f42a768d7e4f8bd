internal import Foundation
package import Logging
package import Primitives
internal import Storage
internal import StoragePostgres
internal import StorageSQLite

/// `wekeza backup`: one consistent copy of the database, beside running servers. The master key is not in it.
package struct Backup: Sendable {
    private let configuration: Configuration
    private let master: MasterKey
    private let clock: any WallClock
    private let logger: Logger

    package init(_ configuration: Configuration, master: MasterKey, clock: any WallClock = SystemClock(), logger: Logger) {
        self.configuration = configuration
        self.master = master
        self.clock = clock
        self.logger = logger
    }

    /// - Throws: `ConfigurationError` when the file is there already or the database cannot be read.
    @discardableResult
    package func write(to path: String) async throws -> BackupManifest {
        guard !FileManager.default.fileExists(atPath: path) else { throw ConfigurationError("\(path) is there already: a backup never replaces another.") }
        let takenAt = clock.now
        let copy = "\(path).database.partial"
        try BackupArchive.create(copy).close()
        defer { unlink(copy) }
        let migrations = try await copyDatabase(to: copy)
        let (bytes, sha256) = try BackupArchive.digest(of: copy)
        let manifest = BackupManifest(
            engine: configuration.database.engine, takenAt: takenAt, migrations: migrations,
            database: .init(name: configuration.database.copyName, bytes: bytes, sha256: sha256))
        try BackupArchive(path: path).write(manifest, database: copy, authenticator: BackupManifest.authenticator(master))
        return manifest
    }

    private func copyDatabase(to copy: String) async throws -> [AppliedMigration] {
        do {
            switch configuration.database {
            case .sqlite(let path):
                try await SQLiteFile.copy(path, to: copy)
                let migrations = try await SQLiteFile.takeMigrations(outOf: copy)
                guard !Restorations.isUnfinished(migrations.map(\.name)) else { throw Self.unfinished }
                return migrations.map { AppliedMigration(name: $0.name, at: Timestamp(seconds: $0.at)) }
            case .postgres(let url):
                let before = try await migrations(of: url)
                try await PostgresArchive(url: url).dump(to: copy)
                guard try await migrations(of: url) == before else {
                    throw ConfigurationError("The schema was brought up to date while the backup was taken: take it again.")
                }
                return before
            }
        } catch let error as StorageError {
            throw ConfigurationError("The database named by --database cannot be backed up: \(error).")
        }
    }

    private static let unfinished = ConfigurationError("A restore of the database has not finished: there is nothing to back up.")

    private func migrations(of url: String) async throws -> [AppliedMigration] {
        let database = try await PostgresDatabase.open(url: url, connections: 1, logger: logger)
        do {
            let migrations = try await database.read { tx in
                guard try !Restorations().isUnfinished(in: tx) else { throw Self.unfinished }
                return try Restorations().appliedMigrations(in: tx)
            }
            await database.close()
            return migrations
        } catch {
            await database.close()
            throw error
        }
    }
}

extension DatabaseLocation {
    var engine: Engine {
        switch self {
        case .sqlite: .sqlite
        case .postgres: .postgres
        }
    }

    /// What the database is called in a backup.
    var copyName: String {
        switch self {
        case .sqlite: "database.sqlite"
        case .postgres: "database.pgdump"
        }
    }
}
