package import Logging
package import Primitives
internal import Storage

/// `wekeza keys change-master`: the operator keeps another secret from now on, and nothing that was made with the root key changes.
package struct MasterKeyChange: Sendable {
    private let configuration: Configuration
    private let master: MasterKey
    private let clock: any WallClock
    private let randomness: any RandomSource
    private let logger: Logger

    package init(
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
    /// - Returns: `false` when that key sealed it already.
    /// - Throws: `ConfigurationError` for a file that cannot be used and for a database that neither key opens, `DatabaseUnreachable`.
    package func run(to path: String) async throws -> Bool {
        guard path != MasterKeyFile.path(in: configuration.dataDirectory) else {
            throw ConfigurationError("--to must name another file than \(path), which servers start with until you put the new key there.")
        }
        let replacement = try MasterKeyFile.readOrMake(path, randomness: randomness)
        let now = clock.now
        let (database, isChanged) = try await Workbench.openDatabase(configuration, at: now, logger: logger) { [master, randomness] in
            try await RootKeys.reseal($0, from: master, to: replacement, randomness: randomness, at: now)
        }
        await database.close()
        return isChanged
    }
}
