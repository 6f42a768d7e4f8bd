import ArgumentParser
import Composition
import Foundation
import Logging
import Primitives

/// `wekeza backup FILE`: a consistent copy of the database, beside running servers.
struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a consistent copy of the database to a file, beside running servers.",
        discussion: """
            The file is for its owner alone, and never replaces another. The master key is not in it: keep master.key (or WEKEZA_MASTER_KEY) elsewhere, \
            since neither is of use without the other. PostgreSQL is copied by its own pg_dump, which must be installed.
            """)

    @OptionGroup var setup: SetupOptions

    @Argument(help: "The file to write.")
    var file: String

    func run() async throws {
        let (configuration, master, logger) = try setup.openVault()
        let manifest = try await Composition.Backup(configuration, master: master, logger: logger).write(to: file)
        print(
            """
            \(file) holds the database as of \(manifest.takenAt) (\(manifest.engine), schema \(manifest.schema), \(manifest.database.bytes) bytes).
            The master key is not in it: keep a copy of it elsewhere. Without it the backup cannot be restored.
            """)
    }
}

extension SetupOptions {
    /// What a command works on that needs what the master key seals. The key is one that is there.
    func openKeys() async throws -> (bench: Workbench, rootKey: RootKey) {
        let (configuration, master, logger) = try openVault()
        let bench = try await Workbench.open(configuration, logger: logger)
        return (bench, try await bench.openRootKey(by: master))
    }

    /// What backups are made and read with: the set-up and its master key. Nothing is made and no schema changes.
    func openVault() throws -> (configuration: Configuration, master: MasterKey, logger: Logger) {
        let environment = ProcessInfo.processInfo.environment
        var logger = Logger(label: "wekeza") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .warning
        let configuration = try configuration(environment: environment, needsAssets: false)
        guard let master = try MasterKeyFile.find(directory: configuration.dataDirectory, environment: environment) else {
            throw ConfigurationError(
                "There is no master key in \(configuration.dataDirectory): put the deployment's master.key there, or set WEKEZA_MASTER_KEY.")
        }
        return (configuration, master, logger)
    }
}
