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
