internal import Crypto
import Events
import JOSE
import Primitives
import Storage

/// Where a key stands.
enum SigningKeyState: String, CaseIterable, Sendable, SQLBindable, SQLReadable {
    /// It signs.
    case current
    /// Published, so that every verifier knows it before it signs.
    case next
    /// Published until the last token it signed has expired.
    case retired
}

/// The table of signing keys; private parts are sealed under the master key.
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

    /// Two processes may start at once: the unique index lets one of each kind through.
    func makeMissing(at now: Timestamp, in tx: any WriteTransaction) throws -> KeyRing {
        for state in [SigningKeyState.current, .next]
        where try tx.first("SELECT kid FROM signing_key WHERE state = \(state)") == nil {
            try make(state, by: .system, requestID: nil, at: now, in: tx)
        }
        return try ring(in: tx)
    }

    func ring(in tx: any ReadTransaction) throws -> KeyRing {
        let rows = try tx.all("SELECT kid, state, sealed_private, published_until FROM signing_key ORDER BY created_at DESC, kid")
        var current: SigningKey?
        let entries = try rows.map { row in
            guard let bytes = sealer.open(try row["sealed_private"]), let key = SigningKey(id: try row["kid"], privateBytes: bytes) else {
                throw SigningKeyFailure.sealedByAnotherMasterKey
            }
            let state: SigningKeyState = try row["state"]
            if state == .current { current = key }
            return KeyRing.Entry(key: key.verificationKey, jwk: key.verificationKey.jwk, publishedUntil: try row["published_until"])
        }
        guard let current else { throw SigningKeyFailure.noCurrentKey }
        return KeyRing(current: current, entries: entries)
    }

    func rotate(by actor: Actor, requestID: RequestID?, at now: Timestamp, in tx: any WriteTransaction) throws -> KeyID? {
        guard let old = try tx.first("SELECT kid FROM signing_key WHERE state = \(SigningKeyState.current)") else { return nil }
        let oldID: KeyID = try old["kid"]
        let until = now + Self.publishedAfterRetirement
        let retired = try tx.execute(
            """
            UPDATE signing_key
            SET state = \(SigningKeyState.retired), retired_at = \(now), published_until = \(until)
            WHERE kid = \(oldID) AND state = \(SigningKeyState.current)
            """)
        guard retired == 1 else { return nil }
        guard
            let row = try tx.first(
                "UPDATE signing_key SET state = \(SigningKeyState.current) WHERE state = \(SigningKeyState.next) RETURNING kid")
        else { throw SigningKeyFailure.noCurrentKey }
        let newID: KeyID = try row["kid"]
        try make(.next, by: actor, requestID: requestID, at: now, in: tx)
        try tx.execute("DELETE FROM signing_key WHERE retired_at < \(now - Self.keptAfterRetirement)")
        try audit.append(
            AuditEntry(
                actor: actor, action: .keyRotated, subject: newID.rawValue, before: ["current": oldID.rawValue], after: ["current": newID.rawValue],
                requestID: requestID, at: now),
            in: tx)
        return newID
    }

    private func make(_ state: SigningKeyState, by actor: Actor, requestID: RequestID?, at now: Timestamp, in tx: any WriteTransaction) throws {
        let key = privateKey()
        let id = KeyID.random(from: randomness)
        let made = try tx.execute(
            """
            INSERT INTO signing_key (kid, state, sealed_private, created_at)
            VALUES (\(id), \(state), \(sealer.seal(Array(key.rawRepresentation))), \(now))
            ON CONFLICT DO NOTHING
            """)
        guard made == 1 else { return }
        try audit.append(
            AuditEntry(actor: actor, action: .keyCreated, subject: id.rawValue, after: ["state": state.rawValue], requestID: requestID, at: now), in: tx)
        try tx.announce(.signingKey, id.rawValue, at: now)
    }

    /// 32 random bytes are a private key unless they lie beyond the curve's order, which happens once in 2^32.
    private func privateKey() -> P256.Signing.PrivateKey {
        while true {
            if let key = try? P256.Signing.PrivateKey(rawRepresentation: randomness.bytes(32)) { return key }
        }
    }
}
