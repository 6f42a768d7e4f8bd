public import Events
import Identity
public import Passwords
public import Primitives
public import Storage

/// What becomes of the passwords of sandbox worlds after the records were brought back from a backup: they are made-up people's, so each world keeps the one
/// that its portal shows. Where the portal could show none, the world gets another.
public struct WorldPasswordsRestoration: Sendable {
    private let passwords: WorldPasswords

    /// - Parameters:
    ///   - travelKey: the one that was in use when the copy was made.
    ///   - shared: what the customers sign in with where the copy holds the demo world; elsewhere `nil`.
    public init(rootKey: RootKey, travelKey: RootKey, shared: String?, randomness: any RandomSource) {
        passwords = WorldPasswords(rootKey: rootKey, travelKey: travelKey, randomness: randomness, shared: shared)
    }

    /// Another password of a world, and how it is kept.
    public struct Renewed: Sendable {
        let world: OrganisationID
        /// `nil` for the one that everybody knows.
        let password: String?
        let hash: String
    }

    /// Draws another password for each world whose customers sign in with one that does not open. Hashing is slow, so this is done before the transaction.
    /// - Parameter isTrusted: passwords that were never kept, those of worlds that were made in the demo, stay: the operator vouches for them.
    public func renew(trusting isTrusted: Bool, hashedBy hasher: PasswordHasher, on database: any Database) async throws -> [Renewed] {
        let worlds = try await database.read { tx in try lost(trusting: isTrusted, in: tx) }
        guard let shared = passwords.shared else {
            var renewed: [Renewed] = []
            for world in worlds {
                let password = passwords.draw()
                renewed.append(Renewed(world: world, password: password, hash: try await hasher.hash(password)))
            }
            return renewed
        }
        guard !worlds.isEmpty else { return [] }
        let hash = try await hasher.hash(shared)
        return worlds.map { Renewed(world: $0, password: nil, hash: hash) }
    }

    /// Keeps what opens sealed by the root key, and gives the others their new ones.
    /// - Returns: how many worlds have another password of their own.
    public func run(_ renewed: [Renewed], by actor: Actor, at now: Timestamp, in tx: any WriteTransaction) throws -> Int {
        try passwords.sealAnew(in: tx)
        for change in renewed {
            try IdentityRestoration().setPassword(change.hash, ofCustomersIn: change.world, at: now, in: tx)
            guard let password = change.password else {
                try passwords.remove(change.world, in: tx)
                continue
            }
            try passwords.replace(change.world, with: password, at: now, in: tx)
        }
        let own = renewed.filter { $0.password != nil }
        let entries = own.map { AuditEntry(actor: actor, action: .worldPasswordChanged, subject: $0.world.rawValue, requestID: nil, at: now) }
        try AuditLog().append(contentsOf: entries, in: tx)
        return own.count
    }

    private func lost(trusting isTrusted: Bool, in tx: any ReadTransaction) throws -> [OrganisationID] {
        try IdentityRestoration().worldsWithPasswords(in: tx).filter { world in
            switch try passwords.state(of: world, in: tx) {
            case .open: false
            case .closed: true
            case .missing: !isTrusted
            }
        }
    }
}
