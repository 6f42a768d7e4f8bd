import Logging
import Passwords
public import Primitives
import Storage
import Synchronization

/// Makes the customers of an organisation's world; they all sign in with the password of this hash. Making what is there already changes nothing.
public typealias WorldSeeding = @Sendable (_ world: OrganisationID, _ passwordHash: String, _ now: Timestamp) async throws -> Void

/// The sandbox worlds of organisations: five customers each, made behind the answer, one world after the other, for each keeps every core busy. Seeding is
/// idempotent, so a world that a stopped process left half made is completed when somebody looks at it again.
final class Worlds: Sendable {
    private let makeWorld: WorldSeeding
    private let worldPasswords: WorldPasswords
    private let database: any Database
    private let passwords: PasswordHasher
    private let logger: Logger
    private let queue = Mutex(Queue())

    init(seed: @escaping WorldSeeding, worldPasswords: WorldPasswords, database: any Database, passwords: PasswordHasher, logger: Logger) {
        makeWorld = seed
        self.worldPasswords = worldPasswords
        self.database = database
        self.passwords = passwords
        self.logger = logger
    }

    /// Makes the world of an organisation, unless it waits or is under way.
    /// - Parameter isConfirmed: whether whoever asks has confirmed their email. Their worlds come first, so that nobody waits for those of a thousand sign-ups.
    func seed(_ world: OrganisationID, isConfirmed: Bool, at now: Timestamp) {
        let isIdle = queue.withLock { $0.add(Order(world: world, askedAt: now, isConfirmed: isConfirmed)) }
        if isIdle { Task { await work() } }
    }

    private func work() async {
        while let order = queue.withLock({ $0.next() }) { await make(order.world, at: order.askedAt) }
    }

    private func make(_ world: OrganisationID, at now: Timestamp) async {
        do {
            let password = try await database.write { [worldPasswords] tx in try worldPasswords.findOrDraw(world, at: now, in: tx) }
            try await makeWorld(world, try await passwords.hash(password), now)
        } catch {
            logger.error("sandbox world not seeded", metadata: ["organisation": "\(world)", "error": "\(error)"])
        }
    }
}

/// A world that waits to be made.
private struct Order {
    let world: OrganisationID
    let askedAt: Timestamp
    var isConfirmed: Bool
}

private struct Queue {
    /// As they were asked for.
    private var waiting: [Order] = []
    private var underWay: OrganisationID?

    /// - Returns: whether nobody works, so that whoever asks has to begin.
    mutating func add(_ order: Order) -> Bool {
        guard order.world != underWay else { return false }
        if let index = waiting.firstIndex(where: { $0.world == order.world }) {
            if order.isConfirmed { waiting[index].isConfirmed = true }
            return false
        }
        waiting.append(order)
        return underWay == nil && waiting.count == 1
    }

    /// Ends the one before; with `nil` the work ends.
    mutating func next() -> Order? {
        let order = waiting.isEmpty ? nil : waiting.remove(at: waiting.firstIndex(where: \.isConfirmed) ?? 0)
        underWay = order?.world
        return order
    }
}
