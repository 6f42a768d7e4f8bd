public import Events
public import JOSE
public import Logging
public import Primitives
public import Storage
internal import Synchronization

/// The keys of this deployment: one signs, the next is already published so that verifiers know it before it signs, and retired ones stay published
/// until the last token they signed has expired (OpenID Connect Core §10.1.1).
public final class SigningKeys: Sendable {
    private let database: any Database
    private let records: SigningKeyRecords
    private let logger: Logger
    private let ring: Mutex<KeyRing>
    /// How many readings have begun.
    private let readings = Mutex(0)
    private let search = Mutex(Search())
    private let isFailing = Mutex(false)
    let signedHere = SignedHere()

    /// Opens the keys, making the first two when there are none.
    /// - Throws: `SigningKeyFailure` when the root key does not open them; storage failures.
    public static func load(
        database: any Database, rootKey: RootKey, feed: ChangeFeed, randomness: any RandomSource = SystemRandom(),
        logger: Logger = Logger(label: "wekeza.keys"), at now: Timestamp
    ) async throws -> SigningKeys {
        let records = SigningKeyRecords(sealer: Sealer(rootKey, purpose: "signing-key"), randomness: randomness)
        let ring = try await database.write { try records.makeMissing(at: now, in: $0) }
        let keys = SigningKeys(database: database, records: records, logger: logger, ring: ring)
        feed.subscribe([.signingKey]) { [weak keys] _ in keys?.reloadInBackground() }
        feed.onFallingBehind { [weak keys] in keys?.reloadInBackground() }
        return keys
    }

    private init(database: any Database, records: SigningKeyRecords, logger: Logger, ring: KeyRing) {
        self.database = database
        self.records = records
        self.logger = logger
        self.ring = Mutex(ring)
    }

    /// The key that signs ES256: access tokens, and all else that no app registered otherwise.
    public var current: SigningKey { ring.withLock { $0.current } }

    /// The key that signs with an algorithm. Only ES256 has one from the start; the others are made when an app first needs them.
    /// - Throws: storage failures, when it has to be made.
    public func signing(_ algorithm: SignatureAlgorithm, at now: Timestamp) async throws -> SigningKey {
        if let key = ring.withLock({ $0.signing[algorithm] }) { return key }
        let reading = nextReading()
        let fresh = try await database.write { [records] in try records.makeMissing(algorithm, at: now, in: $0) }
        adopt(fresh, of: reading)
        // Made or found by the line before.
        return fresh.signing[algorithm] ?? fresh.current
    }

    /// The algorithms that have a key, in the catalogue's order.
    public var algorithms: [SignatureAlgorithm] { ring.withLock { ring in SignatureAlgorithm.allCases.filter { ring.signing[$0] != nil } } }

    /// The published keys: current, next, and those whose tokens may still live.
    public func jwks(at now: Timestamp) -> JWKSet { ring.withLock { $0.jwks(at: now) } }

    public func verificationKey(_ id: KeyID, at now: Timestamp) -> VerificationKey? { ring.withLock { $0.verificationKey(id, at: now) } }

    /// A key that signed once, published or not: for ID tokens that come back as a hint after they expired.
    public func everKnownKey(_ id: KeyID) -> VerificationKey? { ring.withLock { $0.everKnownKey(id) } }

    /// Rises with each change of the keys.
    public var edition: Int { ring.withLock { $0.edition } }

    /// The next key begins to sign, the current one retires, a new next one is made and published.
    @discardableResult
    public func rotate(
        _ occasion: KeyRotationOccasion = .asked, of algorithm: SignatureAlgorithm = .es256, by actor: Actor = .system, requestID: RequestID? = nil,
        at now: Timestamp
    ) async throws -> KeyRotation {
        let rotation = try await database.write { [records] in try records.rotate(algorithm, occasion, by: actor, requestID: requestID, at: now, in: $0) }
        try await reload()
        return rotation
    }

    /// Rotates each key that has signed for its lifetime: what a job of every node asks for now and then.
    public func rotateWhenDue(lifetime: Duration, at now: Timestamp) async throws {
        for algorithm in algorithms where ring.withLock({ $0.schedules[algorithm]?.isDue(lifetime: lifetime, at: now) == true }) {
            try await rotate(.due(lifetime: lifetime), of: algorithm, at: now)
        }
    }

    /// Reads the keys anew: what the change feed asks for when another process rotated.
    public func reload() async throws {
        let reading = nextReading()
        adopt(try await database.read { [records] in try records.ring(in: $0) }, of: reading)
    }

    private func nextReading() -> Int {
        readings.withLock { count in
            count += 1
            return count
        }
    }

    private func adopt(_ fresh: KeyRing, of reading: Int) {
        ring.withLock { ring in
            // One that began before may still hold a key that was found out since. A change after the later one's snapshot has a reading of its own.
            guard reading > ring.reading else { return }
            ring.reading = reading
            // What was verified stays verified while the keys are the same.
            guard !ring.isSame(as: fresh) else { return }
            let edition = ring.edition
            ring = fresh
            ring.edition = edition + 1
            ring.reading = reading
        }
    }

    private struct Search {
        var task: Task<Void, any Error>?
        var beganAt = ContinuousClock.now
    }

    /// Reads the keys because a token names one that is not among them: another node may have made it a moment ago. One reading a second serves all who ask.
    /// - Throws: storage failures: whether the key exists cannot be told then.
    public func lookForUnknownKey() async throws {
        let task = search.withLock { search in
            if let task = search.task, ContinuousClock.now - search.beganAt < .seconds(1) { return task }
            let task = Task { try await self.reload() }
            search = Search(task: task)
            return task
        }
        try await task.value
    }

    /// After the records were brought back from a backup: new keys, since the old ones may have been found out meanwhile, and so that no access token
    /// lives on which may have been revoked.
    public static func replaceAfterRestoration(
        rootKey: RootKey, randomness: any RandomSource, by actor: Actor, at now: Timestamp, in tx: any WriteTransaction
    ) throws {
        try tx.execute("DELETE FROM signing_key")
        let records = SigningKeyRecords(sealer: Sealer(rootKey, purpose: "signing-key"), randomness: randomness)
        _ = try records.makeMissing(by: actor, at: now, in: tx)
    }

    /// How many keys there are, and how many of them stay sealed to a root key.
    /// - Parameter rootKey: `nil` opens none.
    public static func count(openedBy rootKey: RootKey?, in tx: any ReadTransaction) throws -> (all: Int, sealed: Int) {
        let sealer = rootKey.map { Sealer($0, purpose: "signing-key") }
        let keys: [String] = try tx.all("SELECT sealed_private FROM signing_key").map { try $0["sealed_private"] }
        return (keys.count, keys.count { sealer?.open($0) == nil })
    }

    private func reloadInBackground() {
        Task { [weak self] in
            // The old keys go on signing and verifying until the database answers again.
            while let self {
                do {
                    try await self.reload()
                    self.note(failure: nil)
                    return
                } catch {
                    self.note(failure: error)
                    try? await Task.sleep(for: .milliseconds(250))  // fails only when cancelled
                }
                if Task.isCancelled { return }
            }
        }
    }

    /// The log tells when reading begins to fail and when it works again, not each attempt.
    private func note(failure: (any Error)?) {
        let fails = failure != nil
        let isNews = isFailing.withLock { isFailing in
            defer { isFailing = fails }
            return isFailing != fails
        }
        guard isNews else { return }
        if let failure {
            logger.warning("signing keys cannot be read", metadata: ["error": "\(failure)"])
        } else {
            logger.info("signing keys are read again")
        }
    }
}

/// Why the keys cannot be used.
public enum SigningKeyFailure: Error, Hashable, Sendable, CustomStringConvertible {
    case sealedByAnotherRootKey
    case noCurrentKey

    public var description: String {
        switch self {
        case .sealedByAnotherRootKey: "The signing keys in this database were sealed by another root key than the one in it."
        case .noCurrentKey: "The database holds no current signing key."
        }
    }
}

/// One reading of the keys.
struct KeyRing: Sendable {
    struct Entry: Sendable {
        let key: VerificationKey
        /// `nil` while it signs or will sign.
        let publishedUntil: Timestamp?

        func isPublished(at now: Timestamp) -> Bool { publishedUntil.map { now < $0 } ?? true }
    }

    /// Of `signing`, the one for ES256: it is asked for on every token.
    let current: SigningKey
    let signing: [SignatureAlgorithm: SigningKey]
    let schedules: [SignatureAlgorithm: KeySchedule]
    private let entries: [KeyID: Entry]
    private let order: [KeyID]
    var edition = 0
    /// The reading's number, in the order of their beginnings.
    var reading = 0

    init(current: SigningKey, signing: [SignatureAlgorithm: SigningKey], entries: [Entry], schedules: [SignatureAlgorithm: KeySchedule]) {
        self.current = current
        self.signing = signing
        self.schedules = schedules
        self.entries = Dictionary(entries.map { ($0.key.id, $0) }, uniquingKeysWith: { first, _ in first })
        order = entries.map(\.key.id)
    }

    func jwks(at now: Timestamp) -> JWKSet {
        JWKSet(order.compactMap { entries[$0] }.filter { $0.isPublished(at: now) }.map(\.key.jwk))
    }

    func verificationKey(_ id: KeyID, at now: Timestamp) -> VerificationKey? {
        guard let entry = entries[id], entry.isPublished(at: now) else { return nil }
        return entry.key
    }

    func everKnownKey(_ id: KeyID) -> VerificationKey? { entries[id]?.key }

    func isSame(as other: KeyRing) -> Bool {
        signing.mapValues(\.id) == other.signing.mapValues(\.id) && schedules == other.schedules && order == other.order
            && order.allSatisfy { entries[$0]?.publishedUntil == other.entries[$0]?.publishedUntil }
    }
}
