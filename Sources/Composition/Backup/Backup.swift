internal import Foundation
public import Logging
public import Primitives
internal import Storage
internal import StoragePostgres
internal import StorageSQLite

/// `wekeza backup`: one consistent copy of the database, beside running servers. The master key is not in it.
public struct Backup: Sendable {
    private let configuration: Configuration
    private let master: MasterKey
    private let clock: any WallClock
    private let logger: Logger

    public init(_ configuration: Configuration, master: MasterKey, clock: any WallClock = SystemClock(), logger: Logger) {
        self.configuration = configuration
        self.master = master
        self.clock = clock
        self.logger = logger
    }

    /// - Throws: `ConfigurationError` when the file is there already or the database cannot be read.
    @discardableResult
    public func write(to path: String) async throws -> BackupManifest {
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
                let state = try await SQLiteFile.look(copy) { try State(in: $0) }
                try check(state)
                try await SQLiteFile.forgetMigrations(in: copy)
                return state.migrations
            case .postgres(let url):
                let before = try await state(of: url)
                try check(before)
                try await PostgresArchive(url: url).dump(to: copy)
                guard try await state(of: url) == before else {
                    throw ConfigurationError("The schema or the master key was changed while the backup was taken: take it again.")
                }
                return before.migrations
            }
        } catch let error as StorageError {
            throw ConfigurationError("The database named by --database cannot be backed up: \(error).")
        }
    }

    /// What the manifest tells of a copy, and what decides whether it can be brought back.
    private struct State: Hashable, Sendable {
        let migrations: [AppliedMigration]
        let isUnfinished: Bool
        let sealedRootKey: String?

        init(in tx: any ReadTransaction) throws {
            migrations = try Restorations().appliedMigrations(in: tx)
            isUnfinished = try Restorations().isUnfinished(in: tx)
            sealedRootKey = try RootKeyRecord().sealed(in: tx)
        }
    }

    /// A copy that this master key does not open could not be restored with it, nor with another one, which does not open its manifest.
    private func check(_ state: State) throws {
        guard !state.isUnfinished else { throw ConfigurationError("A restore of the database has not finished: there is nothing to back up.") }
        guard state.sealedRootKey.map({ master.open($0) != nil }) ?? true else {
            throw ConfigurationError("The keys in the database are sealed under another master key: take the backup with the one that is in use.")
        }
    }

    private func state(of url: String) async throws -> State {
        let database = try await PostgresDatabase.open(url: url, connections: 1, logger: logger)
        do {
            let state = try await database.read { try State(in: $0) }
            await database.close()
            return state
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
