internal import Crypto
package import Events
package import JOSE
package import Primitives
package import Storage
internal import Synchronization

/// The keys of this deployment: one signs, the next is already published so that verifiers know it before it signs, and retired ones stay published
/// until the last token they signed has expired (OpenID Connect Core §10.1.1).
package final class SigningKeys: Sendable {
    private let database: any Database
    private let records: SigningKeyRecords
    private let ring: Mutex<KeyRing>

    /// Opens the keys, making the first two when there are none.
    /// - Throws: `SigningKeyFailure` when the master key does not open them; storage failures.
    package static func load(
        database: any Database, master: MasterKey, feed: ChangeFeed, randomness: any RandomSource = SystemRandom(), at now: Timestamp
    ) async throws -> SigningKeys {
        let records = SigningKeyRecords(sealer: Sealer(master, purpose: "signing-key"), randomness: randomness)
        let ring = try await database.write { try records.makeMissing(at: now, in: $0) }
        let keys = SigningKeys(database: database, records: records, ring: ring)
        feed.subscribe([.signingKey]) { [weak keys] _ in keys?.reloadInBackground() }
        feed.onFallingBehind { [weak keys] in keys?.reloadInBackground() }
        return keys
    }

    private init(database: any Database, records: SigningKeyRecords, ring: KeyRing) {
        self.database = database
        self.records = records
        self.ring = Mutex(ring)
    }

    /// The key that signs.
    package var current: SigningKey { ring.withLock { $0.current } }

    /// The published keys: current, next, and those whose tokens may still live.
    package func jwks(at now: Timestamp) -> JWKSet { ring.withLock { $0.jwks(at: now) } }

    package func verificationKey(_ id: KeyID, at now: Timestamp) -> VerificationKey? { ring.withLock { $0.verificationKey(id, at: now) } }

    /// A key that signed once, published or not: for ID tokens that come back as a hint after they expired.
    package func everKnownKey(_ id: KeyID) -> VerificationKey? { ring.withLock { $0.everKnownKey(id) } }

    /// Rises with each change of the keys.
    package var edition: Int { ring.withLock { $0.edition } }

    /// The next key begins to sign, the current one retires, a new next one is made and published.
    /// - Returns: the id of the key that signs now, or `nil` when somebody else rotated at the same moment.
    @discardableResult
    package func rotate(by actor: Actor = .system, requestID: RequestID? = nil, at now: Timestamp) async throws -> KeyID? {
        let rotated = try await database.write { [records] in try records.rotate(by: actor, requestID: requestID, at: now, in: $0) }
        try await reload()
        return rotated
    }

    /// Reads the keys anew: what the change feed asks for when another process rotated.
    package func reload() async throws {
        let fresh = try await database.read { [records] in try records.ring(in: $0) }
        ring.withLock { ring in
            let edition = ring.edition
            ring = fresh
            ring.edition = edition + 1
        }
    }

    private func reloadInBackground() {
        Task { [weak self] in
            // The old keys go on signing and verifying until the database answers again.
            while let self {
                do { return try await self.reload() } catch { try? await Task.sleep(for: .milliseconds(250)) }  // fails only when cancelled
                if Task.isCancelled { return }
            }
        }
    }
}

/// Why the keys cannot be used.
package enum SigningKeyFailure: Error, Hashable, Sendable, CustomStringConvertible {
    case sealedByAnotherMasterKey
    case noCurrentKey

    package var description: String {
        switch self {
        case .sealedByAnotherMasterKey: "The signing keys in this database were sealed by another master key. Start with the key that made them."
        case .noCurrentKey: "The database holds no current signing key."
        }
    }
}

/// One reading of the keys.
struct KeyRing: Sendable {
    struct Entry: Sendable {
        let key: VerificationKey
        let jwk: JWK
        /// `nil` while it signs or will sign.
        let publishedUntil: Timestamp?

        func isPublished(at now: Timestamp) -> Bool { publishedUntil.map { now < $0 } ?? true }
    }

    let current: SigningKey
    private let entries: [KeyID: Entry]
    private let order: [KeyID]
    var edition = 0

    init(current: SigningKey, entries: [Entry]) {
        self.current = current
        self.entries = Dictionary(entries.map { ($0.key.id, $0) }, uniquingKeysWith: { first, _ in first })
        order = entries.map(\.key.id)
    }

    func jwks(at now: Timestamp) -> JWKSet {
        JWKSet(order.compactMap { entries[$0] }.filter { $0.isPublished(at: now) }.map(\.jwk))
    }

    func verificationKey(_ id: KeyID, at now: Timestamp) -> VerificationKey? {
        guard let entry = entries[id], entry.isPublished(at: now) else { return nil }
        return entry.key
    }

    func everKnownKey(_ id: KeyID) -> VerificationKey? { entries[id]?.key }
}
