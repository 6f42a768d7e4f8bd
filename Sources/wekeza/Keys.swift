import AccessTokens
import ArgumentParser
import Composition
import Events
import Primitives
import Storage

/// `wekeza keys`: the keys that sign tokens.
struct Keys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "The keys that sign tokens.", subcommands: [Rotate.self])

    /// `wekeza keys rotate`: the announced key signs from now on, a new one is announced, the old one stays published until its last token expired.
    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sign with the announced key and announce a new one; running servers follow within a second.")

        @OptionGroup var setup: SetupOptions

        func run() async throws {
            let bench = try await setup.openWorkbench()
            let now = bench.clock.now
            let feed = ChangeFeed(database: bench.database, logger: bench.logger)
            let keys = try await SigningKeys.load(database: bench.database, master: bench.master, feed: feed, at: now)
            let rotated = try await keys.rotate(by: .commandLine, at: now)
            await bench.database.close()
            guard let rotated else { throw ConfigurationError("Another process rotated the keys at the same moment: nothing is left to do.") }
            print("Tokens are signed by \(rotated) now.")
        }
    }
}
