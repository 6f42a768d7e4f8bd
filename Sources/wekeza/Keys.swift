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
    /// Servers do so by themselves when a key has signed for `--key-lifetime-days`.
    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sign with the announced key and announce a new one; running servers follow within a second.")

        @OptionGroup var setup: SetupOptions

        @Flag(help: "For a key that was found out: forget it at once, so that no token it signed is accepted, even when the next key was announced just now.")
        var force = false

        func run() async throws {
            let bench = try await setup.openWorkbench()
            let now = bench.clock.now
            let feed = ChangeFeed(database: bench.database, logger: bench.logger)
            let keys = try await SigningKeys.load(database: bench.database, master: bench.master, feed: feed, at: now)
            let rotation = try await keys.rotate(force ? .compromised : .asked, by: .commandLine, at: now)
            await bench.database.close()
            switch rotation {
            case .rotated(let id): print("Tokens are signed by \(id) now.")
            case .notDue: throw ConfigurationError("Another process rotated the keys at the same moment: nothing is left to do.")
            case .tooEarly(let until):
                throw ConfigurationError(
                    "The next key was announced just now, and verifiers that remember our key set would refuse its tokens: "
                        + "wait until \(until.rfc3339), or pass --force when the current key was found out.")
            }
        }
    }
}
