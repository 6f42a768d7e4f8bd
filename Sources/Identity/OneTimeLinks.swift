public import Primitives
public import Storage

/// What a link in a mail is good for.
public enum LinkPurpose: String, CaseIterable, Sendable, SQLBindable, SQLReadable {
    case confirmEmail = "confirm_email"
    case resetPassword = "reset_password"

    public var lifetime: Duration {
        switch self {
        case .confirmEmail: .hours(24)
        case .resetPassword: .minutes(30)
        }
    }
}

/// Links that work once, for one purpose, for a while; a newer one for the same purpose replaces an older one. Only digests are kept.
public struct OneTimeLinks: Sendable {
    private let randomness: any RandomSource

    public init(randomness: any RandomSource) { self.randomness = randomness }

    /// - Returns: the link's secret, 256 bits, for the one mail that carries it.
    public func issue(_ purpose: LinkPurpose, for person: PersonID, at now: Timestamp, in tx: any WriteTransaction) throws -> Secret {
        try supersede(purpose, of: person, at: now, in: tx)
        let secret = Secret(randomness.token())
        try tx.execute(
            """
            INSERT INTO one_time_link (digest, purpose, person_id, created_at, expires_at)
            VALUES (\(secret.digest), \(purpose), \(person), \(now), \(now + purpose.lifetime))
            """)
        return secret
    }

    /// Whose link this is while it still works: for the page behind it. Nothing is spent.
    public func person(of secret: String, _ purpose: LinkPurpose, at now: Timestamp, in tx: any ReadTransaction) throws -> PersonID? {
        guard isPlausible(secret) else { return nil }
        let row = try tx.first(
            """
            SELECT person_id FROM one_time_link
            WHERE digest = \(Digest(of: secret)) AND purpose = \(purpose) AND ended_at IS NULL AND expires_at > \(now)
            """)
        return try row.map { try $0["person_id"] }
    }

    /// Spends a link.
    /// - Returns: `nil` if it was spent, replaced, expired, of another purpose or never issued; the statement itself decides, so two cannot both win.
    public func spend(_ secret: String, _ purpose: LinkPurpose, at now: Timestamp, in tx: any WriteTransaction) throws -> PersonID? {
        guard isPlausible(secret) else { return nil }
        let row = try tx.first(
            """
            UPDATE one_time_link SET ended_at = \(now)
            WHERE digest = \(Digest(of: secret)) AND purpose = \(purpose) AND ended_at IS NULL AND expires_at > \(now)
            RETURNING person_id
            """)
        return try row.map { try $0["person_id"] }
    }

    /// Ends what was issued before: a newer link is on its way, or the reason for it is gone.
    public func supersede(_ purpose: LinkPurpose, of person: PersonID, at now: Timestamp, in tx: any WriteTransaction) throws {
        try tx.execute("UPDATE one_time_link SET ended_at = \(now) WHERE person_id = \(person) AND purpose = \(purpose) AND ended_at IS NULL")
    }

    /// Forgets links that expired before a moment: a background job.
    /// - Returns: how many, at most `limit`.
    @discardableResult
    public func purge(expiredBefore moment: Timestamp, limit: Int = 1000, in tx: any WriteTransaction) throws -> Int {
        try tx.execute(
            """
            DELETE FROM one_time_link
            WHERE digest IN (SELECT digest FROM one_time_link WHERE expires_at < \(moment) ORDER BY expires_at LIMIT \(limit))
            """)
    }

    private func isPlausible(_ secret: String) -> Bool { secret.utf8.count == 43 }
}
