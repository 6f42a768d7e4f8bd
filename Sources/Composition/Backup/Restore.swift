internal import Foundation
public import Logging
public import Passwords
internal import Portal
public import Primitives
internal import Sandbox
internal import Storage
internal import StoragePostgres
internal import StorageSQLite

/// `wekeza restore`: brings a database back from a backup, or makes one safe to serve that the engine's own tools brought back.
public struct Restore: Sendable {
    private let configuration: Configuration
    private let master: MasterKey
    private let passwords: PasswordHasher
    private let clock: any WallClock
    private let randomness: any RandomSource
    private let logger: Logger

    public init(
        _ configuration: Configuration, master: MasterKey, passwords: PasswordHasher = PasswordHasher(), clock: any WallClock = SystemClock(),
        randomness: any RandomSource = SystemRandom(), logger: Logger
    ) {
        self.configuration = configuration
        self.master = master
        self.passwords = passwords
        self.clock = clock
        self.randomness = randomness
        self.logger = logger
    }

    /// What the operator says beside the backup.
    public struct Options: Sendable {
        /// Sets a database aside that holds something.
        public var replaces: Bool
        /// No app, secret, password or place in a team was removed or changed since the backup.
        public var trustsCredentials: Bool

        public init(replaces: Bool = false, trustsCredentials: Bool = false) {
            self.replaces = replaces
            self.trustsCredentials = trustsCredentials
        }
    }

    /// - Throws: `ConfigurationError` when the backup does not fit, or the database holds something and is not to be replaced.
    public func run(from path: String, _ options: Options) async throws -> RecoveryReport {
        let backup = try BackupArchive(path: path).open(authenticator: BackupManifest.authenticator(master))
        try check(backup.manifest)
        do {
            switch configuration.database {
            case .sqlite(let path): return try await restore(backup, to: SQLiteTarget(path: path), options)
            case .postgres(let url): return try await restore(backup, toServer: url, options)
            }
        } catch let error as StorageError {
            throw ConfigurationError(Self.explained(error))
        }
    }

    private static func explained(_ error: any Error) -> String {
        (error as? ConfigurationError)?.description ?? "The database named by --database cannot be restored: \(error)."
    }

    /// For a database that a snapshot of the disk, or point-in-time recovery, brought back.
    public func runInPlace(_ options: Options) async throws -> RecoveryReport {
        do {
            switch configuration.database {
            case .sqlite(let path):
                guard FileManager.default.fileExists(atPath: path) else { throw ConfigurationError("There is no database \(path).") }
                let target = SQLiteTarget(path: path)
                guard try await target.takeOutOfUse() else { throw ConfigurationError("\(path) is damaged: restore a backup, with --replace.") }
                target.removeSecondNames()
                try ReplayStore.forget(besides: path)
                return try await recover(at: path, with: nil, options)
            case .postgres(let url):
                let server = PostgresTarget(url: url, logger: logger)
                try await server.refuseWhileServed()
                try await server.refuseWhileSetAside()
                return try await recover(atServer: url, with: nil, options)
            }
        } catch let error as StorageError {
            throw ConfigurationError("The database named by --database cannot be made safe: \(error).")
        }
    }

    private func check(_ manifest: BackupManifest) throws {
        let engine = configuration.database.engine
        guard manifest.engine == engine.rawValue else {
            throw ConfigurationError("The backup is of \(manifest.engine), and --database names \(engine.rawValue): they must be the same.")
        }
        let known = Set(AllMigrations.all(on: engine).map(\.name))
        guard let newer = manifest.migrations.first(where: { !known.contains($0.name) }) else { return }
        throw ConfigurationError("The backup was made by a newer version, whose schema has \(newer.name): restore it with that version.")
    }

    // MARK: SQLite

    private func restore(_ backup: OpenedBackup, to target: SQLiteTarget, _ options: Options) async throws -> RecoveryReport {
        try FileManager.default.createDirectory(at: URL(fileURLWithPath: target.path).deletingLastPathComponent(), withIntermediateDirectories: true)
        try await target.refuseUnlessFree(replacing: options.replaces)
        // A log that a killed restore left would be read into this one's file.
        target.removeDraft()
        defer { target.removeDraft() }
        target.removeSecondNames()
        try backup.extract(to: target.draft)
        let report = try await recover(at: target.draft, with: backup.manifest, options)
        try await target.foldDraft()
        // The copy is read for minutes, in which a server may be started, or make the first database.
        try await target.refuseUnlessFree(replacing: options.replaces)
        try ReplayStore.forget(besides: target.path)
        try target.takeDraft(at: report.restoredAt)
        return report
    }

    private func recover(at path: String, with manifest: BackupManifest?, _ options: Options) async throws -> RecoveryReport {
        try await recover(try await SQLiteDatabase.open(path: path, logger: logger), with: manifest, options)
    }

    // MARK: PostgreSQL

    private func restore(_ backup: OpenedBackup, toServer url: String, _ options: Options) async throws -> RecoveryReport {
        let (server, archive) = (PostgresTarget(url: url, logger: logger), PostgresArchive(url: url))
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("wekeza-restore-\(randomness.alphanumerics(12))").path
        let copy = try backup.extractUnnamed(at: place)
        defer { try? copy.close() }
        try await archive.check(copy.fileDescriptor)
        // Not before: the copy is read for minutes, in which a server may be started.
        try await server.refuseWhileServed()
        let setAside = try await server.makeRoom(replacing: options.replaces, at: clock.now)
        do {
            // One that was connected before the mark was there has not seen it.
            try await server.refuseWhileServed()
            try await archive.restore(from: copy.fileDescriptor, clearing: setAside != nil)
            return try await recover(atServer: url, with: backup.manifest, options)
        } catch {
            guard let setAside else { throw error }
            let place = await server.putBack(setAside)
            throw ConfigurationError("\(Self.explained(error)) \(place)")
        }
    }

    private func recover(atServer url: String, with manifest: BackupManifest?, _ options: Options) async throws -> RecoveryReport {
        try await recover(try await PostgresDatabase.open(url: url, connections: 1, logger: logger), with: manifest, options)
    }

    // MARK: Both

    private func recover(_ database: any Database, with manifest: BackupManifest?, _ options: Options) async throws -> RecoveryReport {
        do {
            let report = try await recovered(database, with: manifest, options)
            await database.close()
            return report
        } catch {
            await database.close()
            throw error
        }
    }

    private func recovered(_ database: any Database, with manifest: BackupManifest?, _ options: Options) async throws -> RecoveryReport {
        let now = clock.now
        if manifest == nil, let unfinished = try await database.read({ try Restorations().unfinished(in: $0) }), unfinished == .bringingBack {
            throw ConfigurationError("The database named by --database cannot be made safe in place. \(unfinished.advice)")
        }
        // Before the database says that it is being restored, and is not served until that is finished.
        try await RootKeys.check(database, openedBy: master)
        try await database.write { try Restorations().begin(with: manifest?.migrations ?? [], at: now, in: $0) }
        try await database.migrate(AllMigrations.all(on: database.engine), at: now)
        let rootKey = try await RootKeys.open(database, by: master, randomness: randomness, at: now)
        let worldPasswords = try await worldPasswords(of: database, rootKey)
        let renewed = try await worldPasswords.renew(trusting: options.trustsCredentials, hashedBy: passwords, on: database)
        let recovery = Recovery(
            rootKey: rootKey, randomness: randomness, worldPasswords: worldPasswords, renewedPasswords: renewed,
            trustsCredentials: options.trustsCredentials, copyTakenAt: manifest.flatMap { Timestamp(iso8601: $0.takenAt) })
        return try await database.write { [engine = database.engine] tx in
            if engine == .postgres { try ReplayTable.forget(in: tx) }
            return try recovery.run(at: now, in: tx)
        }
    }

    /// A copy that holds the demo world is served with `--demo` alone, where everybody knows the password.
    private func worldPasswords(of database: any Database, _ rootKey: RootKey) async throws -> WorldPasswordsRestoration {
        let isDemo = try await DemoWorld.isIn(database)
        let travelKey = try await database.read { try Restorations().travelKey(of: rootKey, in: $0) }
        return WorldPasswordsRestoration(
            rootKey: rootKey, travelKey: travelKey, shared: isDemo ? PersonaCatalogue.password : nil, randomness: randomness)
    }
}
