import Events
import JOSE
import Primitives
public import Storage

/// Where a key stands. A key that was found out is deleted instead.
enum SigningKeyState: String, CaseIterable, Sendable, SQLBindable, SQLReadable {
    /// It signs.
    case current
    /// Published, so that every verifier knows it before it signs.
    case next
    /// Published until the last token it signed has expired.
    case retired
}

/// The table of signing keys; private parts are sealed under the root key.
struct SigningKeyRecords: Sendable {
    let sealer: Sealer
    let randomness: any RandomSource
    private let audit = AuditLog()

    init(sealer: Sealer, randomness: any RandomSource) {
        self.sealer = sealer
        self.randomness = randomness
    }

    /// Longer than any token lives, with room for verifiers whose clocks run behind.
    static let publishedAfterRetirement = Duration.minutes(10)
    /// A retired key still recognises its own ID tokens as hints for this long.
    static let keptAfterRetirement = Duration.days(90)

    /// Two processes may ask at once: the unique index lets one of each kind through.
    func makeMissing(
        _ algorithm: SignatureAlgorithm = .es256, by actor: Actor = .system, at now: Timestamp, in tx: any WriteTransaction
    ) throws -> KeyRing {
        for state in [SigningKeyState.current, .next]
        where try tx.first("SELECT kid FROM signing_key WHERE state = \(state) AND algorithm = \(algorithm)") == nil {
            try make(state, algorithm, by: actor, requestID: nil, at: now, in: tx)
        }
        return try ring(in: tx)
    }

    func ring(in tx: any ReadTransaction) throws -> KeyRing {
        let rows = try tx.all(
            "SELECT kid, algorithm, state, sealed_private, created_at, signs_since, published_until FROM signing_key ORDER BY created_at DESC, kid")
        var signing: [SignatureAlgorithm: SigningKey] = [:]
        var schedules: [SignatureAlgorithm: KeySchedule] = [:]
        let entries = try rows.map { row in
            let algorithm: SignatureAlgorithm = try row["algorithm"]
            guard let bytes = sealer.open(try row["sealed_private"]), let privateKey = PrivateKey(algorithm, bytes: bytes) else {
                throw SigningKeyFailure.sealedByAnotherRootKey
            }
            let key = SigningKey(id: try row["kid"], key: privateKey)
            let state: SigningKeyState = try row["state"]
            switch state {
            case .current:
                signing[algorithm] = key
                schedules[algorithm, default: KeySchedule()].signsSince = try row["signs_since"]
            case .next: schedules[algorithm, default: KeySchedule()].announcedAt = try row["created_at"]
            case .retired: break
            }
            return KeyRing.Entry(key: key.verificationKey, publishedUntil: try row["published_until"])
        }
        guard let current = signing[.es256] else { throw SigningKeyFailure.noCurrentKey }
        return KeyRing(current: current, signing: signing, entries: entries, schedules: schedules)
    }

    /// Of several that rotate at once one wins: the write that ends the current key decides.
    func rotate(
        _ algorithm: SignatureAlgorithm, _ occasion: KeyRotationOccasion, by actor: Actor, requestID: RequestID?, at now: Timestamp,
        in tx: any WriteTransaction
    ) throws -> KeyRotation {
        let (signing, schedule) = try standing(of: algorithm, in: tx)
        if case .due(let lifetime) = occasion, !schedule.isDue(lifetime: lifetime, at: now) { return .notDue }
        if occasion != .compromised, let until = schedule.announcementEnds(after: now) { return .tooEarly(until: until) }
        guard let oldID = signing, try retire(oldID, occasion, at: now, in: tx) else { return .notDue }
        guard
            let row = try tx.first(
                """
                UPDATE signing_key
                SET state = \(SigningKeyState.current), signs_since = \(now)
                WHERE state = \(SigningKeyState.next) AND algorithm = \(algorithm)
                RETURNING kid
                """)
        else { throw SigningKeyFailure.noCurrentKey }
        let newID: KeyID = try row["kid"]
        try make(.next, algorithm, by: actor, requestID: requestID, at: now, in: tx)
        try tx.execute("DELETE FROM signing_key WHERE retired_at < \(now - Self.keptAfterRetirement)")
        try audit.append(
            AuditEntry(
                actor: actor, action: .keyRotated, subject: newID.rawValue, before: ["current": oldID.rawValue],
                after: ["current": newID.rawValue, "because": occasion.text], requestID: requestID, at: now),
            in: tx)
        return .rotated(newID)
    }

    /// The key that signs and the times of both, by one statement: what is decided by them is decided about this key.
    private func standing(of algorithm: SignatureAlgorithm, in tx: any ReadTransaction) throws -> (signing: KeyID?, schedule: KeySchedule) {
        var (signing, schedule) = (KeyID?.none, KeySchedule())
        let rows = try tx.all(
            """
            SELECT kid, state, created_at, signs_since
            FROM signing_key
            WHERE algorithm = \(algorithm) AND state IN \(list: [SigningKeyState.current, .next])
            """)
        for row in rows {
            if try row["state"] == SigningKeyState.current {
                (signing, schedule.signsSince) = (try row["kid"], try row["signs_since"])
            } else {
                schedule.announcedAt = try row["created_at"]
            }
        }
        return (signing, schedule)
    }

    /// Ends the key that signs.
    /// - Returns: `false` when somebody else did so first.
    private func retire(_ id: KeyID, _ occasion: KeyRotationOccasion, at now: Timestamp, in tx: any WriteTransaction) throws -> Bool {
        let ended =
            if occasion == .compromised {
                // Nothing that it signed is believed any more, ID tokens that come back as hints included.
                try tx.execute("DELETE FROM signing_key WHERE kid = \(id) AND state = \(SigningKeyState.current)")
            } else {
                try tx.execute(
                    """
                    UPDATE signing_key
                    SET state = \(SigningKeyState.retired), retired_at = \(now), published_until = \(now + Self.publishedAfterRetirement)
                    WHERE kid = \(id) AND state = \(SigningKeyState.current)
                    """)
            }
        return ended == 1
    }

    private func make(
        _ state: SigningKeyState, _ algorithm: SignatureAlgorithm, by actor: Actor, requestID: RequestID?, at now: Timestamp, in tx: any WriteTransaction
    ) throws {
        let key = try PrivateKey.random(algorithm, from: randomness)
        let id = KeyID.random(from: randomness)
        let signsSince = state == .current ? now : nil
        let made = try tx.execute(
            """
            INSERT INTO signing_key (kid, algorithm, state, sealed_private, created_at, signs_since)
            VALUES (\(id), \(algorithm), \(state), \(sealer.seal(key.bytes)), \(now), \(signsSince))
            ON CONFLICT DO NOTHING
            """)
        guard made == 1 else { return }
        try audit.append(
            AuditEntry(
                actor: actor, action: .keyCreated, subject: id.rawValue, after: ["state": state.rawValue, "algorithm": algorithm.rawValue],
                requestID: requestID, at: now), in: tx)
        try tx.announce(.signingKey, id.rawValue, at: now)
    }
}

extension SignatureAlgorithm: SQLBindable, SQLReadable {}
