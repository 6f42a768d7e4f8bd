internal import Foundation
public import Logging
public import Primitives
internal import Storage

/// `wekeza keys change-master`: the operator keeps another secret from now on, and nothing that was made with the root key changes.
public struct MasterKeyChange: Sendable {
    private let configuration: Configuration
    private let master: MasterKey
    private let clock: any WallClock
    private let randomness: any RandomSource
    private let logger: Logger

    public init(
        _ configuration: Configuration, from master: MasterKey, clock: any WallClock = SystemClock(), randomness: any RandomSource = SystemRandom(),
        logger: Logger
    ) {
        self.configuration = configuration
        self.master = master
        self.clock = clock
        self.randomness = randomness
        self.logger = logger
    }

    /// Seals the root key under the master key of a file, which is made when it is not there, and is on the disk before the database relies on it. Whatever
    /// stopped this half-way, it can be asked for again.
    /// - Throws: `ConfigurationError` for a file that cannot be used and for a database that neither key opens, `TemporaryFailure`.
    public func run(to path: String) async throws -> RootKeys.Change {
        let now = clock.now
        let (database, change) = try await Workbench.openDatabase(configuration, at: now, logger: logger) { [master, randomness] database in
            if !FileManager.default.fileExists(atPath: path) {
                // A refusal leaves no file behind that could be taken for the deployment's key.
                try await RootKeys.check(database, openedBy: master)
            }
            let replacement = try MasterKeyFile.readOrMake(path, randomness: randomness)
            guard replacement != master else {
                throw ConfigurationError("\(path) holds the master key that is in use: name a file that is not there, and the new key is made in it.")
            }
            return try await RootKeys.reseal(database, from: master, to: replacement, randomness: randomness, at: now)
        }
        await database.close()
        return change
    }
}
