import AccessTokens
public import ArgumentParser
import Composition
import Events
import JOSE
import Primitives
import Storage

/// `wekeza keys`: the keys that sign tokens, and the master key that seals them.
struct Keys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The keys that sign tokens, and the master key that seals them.", subcommands: [Rotate.self, ChangeMaster.self])

    /// `wekeza keys rotate`: the announced key signs from now on, a new one is announced, the old one stays published until its last token expired.
    /// Servers do so by themselves when a key has signed for `--key-lifetime-days`.
    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sign with the announced key and announce a new one; running servers follow within a second.")

        @OptionGroup var setup: SetupOptions

        @Flag(help: "For a key that was found out: forget it at once, so that no token it signed is accepted, even when the next key was announced just now.")
        var force = false

        @Option(help: "One algorithm's key alone: ES256, PS256, EdDSA or RS256.")
        var algorithm: SignatureAlgorithm?

        func run() async throws {
            let (bench, rootKey) = try await setup.openKeys()
            let now = bench.clock.now
            let feed = ChangeFeed(database: bench.database, logger: bench.logger)
            let keys = try await SigningKeys.load(database: bench.database, rootKey: rootKey, feed: feed, at: now)
            var rotations: [(SignatureAlgorithm, KeyRotation)] = []
            for algorithm in algorithm.map({ [$0] }) ?? keys.algorithms {
                rotations.append((algorithm, try await keys.rotate(force ? .compromised : .asked, of: algorithm, by: .commandLine, at: now)))
            }
            await bench.database.close()
            for (algorithm, rotation) in rotations { try report(rotation, of: algorithm) }
        }

        private func report(_ rotation: KeyRotation, of algorithm: SignatureAlgorithm) throws {
            switch rotation {
            case .rotated(let id): print("\(algorithm.rawValue) is signed by \(id) now.")
            case .notDue: throw ConfigurationError("Another process rotated the keys at the same moment: nothing is left to do.")
            case .tooEarly(let until):
                throw ConfigurationError(
                    "The next key for \(algorithm.rawValue) was announced just now, and verifiers that remember our key set would refuse its tokens: "
                        + "wait until \(until.rfc3339), or pass --force when the current key was found out.")
            }
        }
    }
}

extension SignatureAlgorithm: ExpressibleByArgument {}
