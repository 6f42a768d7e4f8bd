import ArgumentParser
import Composition
import Foundation

/// `wekeza restore FILE`: brings the database back; nothing that was spent or ended since the backup lives again.
struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring the database back from a backup, so that it is safe to serve.",
        discussion: """
            Stop every server first, and put the deployment's master key in place. A backup cannot know what was spent or ended after it was taken: access \
            and refresh tokens, sessions, links and invitations end, consents wait for their customers' confirmation, apps and teams for an \
            owner's, and people set new passwords. docs/backup-and-restore.md says why, and what to tell whom.
            """)

    @OptionGroup var setup: SetupOptions

    @Argument(help: "The file that wekeza backup wrote.")
    var file: String?

    @Flag(help: "Set aside what the database holds: renamed, not deleted.")
    var replace = false

    @Flag(help: "Make the database safe that a snapshot or the engine's own tools brought back, instead of reading a file.")
    var inPlace = false

    @Flag(help: "Keep apps, their secrets, teams and passwords as the backup has them: only when you know that none was removed or changed since.")
    var trustCredentials = false

    func validate() throws {
        guard (file == nil) == inPlace else { throw ValidationError("Name the backup's file, or pass --in-place for a database that is there already.") }
    }

    func run() async throws {
        let (configuration, master, logger) = try setup.openVault()
        let restore = Composition.Restore(configuration, master: master, logger: logger)
        let options = Composition.Restore.Options(replaces: replace, trustsCredentials: trustCredentials)
        let report =
            if let file { try await restore.run(from: file, options) } else { try await restore.runInPlace(options) }
        print("The database is restored and safe to serve.")
        for line in report.lines { print("- \(line)") }
    }
}
