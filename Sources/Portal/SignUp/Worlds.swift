import Logging
import Passwords
public import Primitives
import Storage
import Synchronization

/// Makes the customers of an organisation's world; they all sign in with the password of this hash. Making what is there already changes nothing.
public typealias WorldSeeding = @Sendable (_ world: OrganisationID, _ passwordHash: String, _ now: Timestamp) async throws -> Void

/// The sandbox worlds of organisations: five customers each, made behind the answer. Seeding is idempotent, so a world that a stopped process left half
/// made is completed when somebody looks at it again.
final class Worlds: Sendable {
    private let makeWorld: WorldSeeding
    private let worldPasswords: WorldPasswords
    private let database: any Database
    private let passwords: PasswordHasher
    private let logger: Logger
    private let running = Mutex<[OrganisationID: Task<Void, Never>]>([:])

    init(seed: @escaping WorldSeeding, worldPasswords: WorldPasswords, database: any Database, passwords: PasswordHasher, logger: Logger) {
        makeWorld = seed
        self.worldPasswords = worldPasswords
        self.database = database
        self.passwords = passwords
        self.logger = logger
    }

    /// Makes the world of an organisation, unless that is under way.
    func seed(_ world: OrganisationID, at now: Timestamp) {
        running.withLock { running in
            guard running[world] == nil else { return }
            running[world] = Task {
                do {
                    let password = try await database.write { [worldPasswords] tx in try worldPasswords.findOrDraw(world, at: now, in: tx) }
                    try await makeWorld(world, try await passwords.hash(password), now)
                } catch {
                    logger.error("sandbox world not seeded", metadata: ["organisation": "\(world)", "error": "\(error)"])
                }
                self.running.withLock { $0[world] = nil }
            }
        }
    }
}
