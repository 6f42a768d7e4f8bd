import Composition
import Foundation
import Logging
import Primitives

/// What a command besides `serve` works on. Each logs warnings only, to standard error.
extension SetupOptions {
    /// The database, brought up to date.
    func openWorkbench() async throws -> Workbench {
        try await Workbench.open(configuration(environment: ProcessInfo.processInfo.environment), logger: Self.complaints)
    }

    /// The database with what the master key seals. The key is one that is there.
    func openKeys() async throws -> (bench: Workbench, rootKey: RootKey) {
        let (configuration, master, logger) = try openVault()
        let bench = try await Workbench.open(configuration, logger: logger)
        return (bench, try await bench.openRootKey(by: master))
    }

    /// What backups are made and read with: the set-up and its master key. Nothing is made and no schema changes.
    func openVault() throws -> (configuration: Configuration, master: MasterKey, logger: Logger) {
        let environment = ProcessInfo.processInfo.environment
        let configuration = try configuration(environment: environment)
        guard let master = try MasterKeyFile.find(directory: configuration.dataDirectory, environment: environment) else {
            throw ConfigurationError(
                "There is no master key in \(configuration.dataDirectory): put the deployment's master.key there, or set WEKEZA_MASTER_KEY.")
        }
        return (configuration, master, Self.complaints)
    }

    private static var complaints: Logger {
        var logger = Logger(label: "wekeza") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .warning
        return logger
    }
}
