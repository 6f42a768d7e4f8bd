import ArgumentParser
import Composition
import Foundation
import Logging
import Storage

/// `wekeza migrate`: brings the database's schema up to date; `serve` does so too.
struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Bring the database's schema up to date.")

    @OptionGroup var setup: SetupOptions

    func run() async throws {
        let bench = try await setup.openWorkbench()
        await bench.database.close()
        print("The schema is up to date.")
    }
}

extension SetupOptions {
    /// What a command besides `serve` works on; it logs warnings only, to standard error.
    func openWorkbench() async throws -> Workbench {
        let environment = ProcessInfo.processInfo.environment
        var logger = Logger(label: "wekeza") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .warning
        return try await Workbench.open(configuration(environment: environment), logger: logger)
    }
}
