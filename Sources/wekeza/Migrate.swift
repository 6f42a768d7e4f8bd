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
