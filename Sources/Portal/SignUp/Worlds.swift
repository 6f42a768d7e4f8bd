import Logging
import Passwords
package import Primitives
import Sandbox
import Synchronization

/// Makes the customers of an organisation's world; they all sign in with the password of this hash. Making what is there already changes nothing.
package typealias WorldSeeding = @Sendable (_ world: OrganisationID, _ passwordHash: String, _ now: Timestamp) async throws -> Void

/// The sandbox worlds of organisations: five customers each, made behind the answer. Seeding is idempotent, so a world that a stopped process left half
/// made is completed when somebody looks at it again.
final class Worlds: Sendable {
    /// What every sandbox customer signs in with.
    static let password = PersonaCatalogue.password

    private let makeWorld: WorldSeeding
    private let passwords: PasswordHasher
    private let logger: Logger
    private let running = Mutex<[OrganisationID: Task<Void, Never>]>([:])

    init(seed: @escaping WorldSeeding, passwords: PasswordHasher, logger: Logger) {
        makeWorld = seed
        self.passwords = passwords
        self.logger = logger
    }

    /// Makes the world of an organisation, unless that is under way.
    func seed(_ world: OrganisationID, at now: Timestamp) {
        running.withLock { running in
            guard running[world] == nil else { return }
            running[world] = Task {
                do {
                    let hash = try await passwords.hash(Self.password)
                    try await makeWorld(world, hash, now)
                } catch {
                    logger.error("sandbox world not seeded", metadata: ["organisation": "\(world)", "error": "\(error)"])
                }
                self.running.withLock { $0[world] = nil }
            }
        }
    }
}
