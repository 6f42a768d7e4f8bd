public import Events
public import OAuth
public import Primitives
public import Storage

/// The initial access tokens, by digest.
public struct InitialAccessTokens: Sendable {
    private let randomness: any RandomSource
    private let audit = AuditLog()

    public init(randomness: any RandomSource = SystemRandom()) { self.randomness = randomness }

    /// - Returns: the token and its secret: shown once.
    public func create(
        name: String, uses: Int, lifetime: Duration, profile: SecurityProfile = .oauth21, for organisation: OrganisationID, by actor: Actor,
        at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction
    ) throws -> Result<(token: InitialAccessToken, secret: Secret), InitialAccessTokenRefusal> {
        if let refusal = OneLine.refusal(of: name) { return .failure(.name(refusal)) }
        guard (1...InitialAccessToken.mostUses).contains(uses) else { return .failure(.uses) }
        guard lifetime > .zero, lifetime <= InitialAccessToken.longestLifetime else { return .failure(.lifetime) }
        let secret = Secret.random(prefix: InitialAccessToken.prefix, from: randomness)
        let token = InitialAccessToken(
            id: .random(from: randomness), organisationID: organisation, name: name, hint: String(secret.value.suffix(4)), profile: profile, uses: uses,
            usesLeft: uses, createdAt: now, expiresAt: now + lifetime, lastUsedAt: nil, revokedAt: nil)
        // Locks the organisation's row, so that two who count its tokens count one after the other.
        try tx.execute("UPDATE organisation SET name = name WHERE id = \(organisation)")
        guard try live(of: organisation, at: now, in: tx) < InitialAccessToken.most else { return .failure(.tooMany) }
        try tx.execute(
            """
            INSERT INTO initial_access_token (id, digest, hint, organisation_id, name, profile, uses, uses_left, created_at, expires_at)
            VALUES (\(token.id), \(secret.digest), \(token.hint), \(organisation), \(name), \(profile), \(uses), \(uses), \(now), \(token.expiresAt))
            """)
        try audit.append(
            AuditEntry(
                actor: actor, action: .initialAccessTokenCreated, subject: token.id.rawValue,
                after: [
                    "organisation": organisation.rawValue, "name": name, "hint": token.hint, "profile": profile.rawValue, "uses": String(uses),
                    "expires_at": token.expiresAt.rfc3339,
                ], requestID: requestID, at: now),
            in: tx)
        return .success((token, secret))
    }

    /// The live one that this text is. Nothing is spent.
    public func find(_ text: String, at now: Timestamp, in tx: any ReadTransaction) throws -> InitialAccessToken? {
        guard text.hasPrefix(InitialAccessToken.prefix), text.utf8.count <= 100 else { return nil }
        return try tx.first(
            """
            SELECT id, organisation_id, name, hint, profile, uses, uses_left, created_at, expires_at, last_used_at, revoked_at
            FROM initial_access_token
            WHERE digest = \(Digest(of: text)) AND revoked_at IS NULL AND uses_left > 0 AND expires_at > \(now)
            """
        ).map(InitialAccessToken.init)
    }

    /// Spends one use.
    /// - Returns: `false` if none is left; the statement itself decides, so two requests cannot both have the last.
    public func spend(_ id: InitialAccessTokenID, at now: Timestamp, in tx: any WriteTransaction) throws -> Bool {
        try tx.execute(
            """
            UPDATE initial_access_token SET uses_left = uses_left - 1, last_used_at = \(now)
            WHERE id = \(id) AND revoked_at IS NULL AND uses_left > 0 AND expires_at > \(now)
            """) == 1
    }

    /// - Returns: `false` when it was revoked before, or is not the organisation's.
    @discardableResult
    public func revoke(
        _ id: InitialAccessTokenID, of organisation: OrganisationID, by actor: Actor, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction
    ) throws -> Bool {
        let revoked = try tx.execute(
            "UPDATE initial_access_token SET revoked_at = \(now) WHERE id = \(id) AND organisation_id = \(organisation) AND revoked_at IS NULL")
        guard revoked == 1 else { return false }
        try audit.append(
            AuditEntry(
                actor: actor, action: .initialAccessTokenRevoked, subject: id.rawValue, before: ["organisation": organisation.rawValue],
                requestID: requestID, at: now),
            in: tx)
        return true
    }

    private func live(of organisation: OrganisationID, at now: Timestamp, in tx: any ReadTransaction) throws -> Int {
        let row = try tx.first(
            """
            SELECT COUNT(*) AS tokens
            FROM initial_access_token
            WHERE organisation_id = \(organisation) AND revoked_at IS NULL AND uses_left > 0 AND expires_at > \(now)
            """)
        return try row?["tokens"] ?? 0
    }

    /// Those of an organisation, the latest first: all that work, then as many as fit of those that were revoked, used up or expired.
    public func list(of organisation: OrganisationID, at now: Timestamp, in tx: any ReadTransaction) throws -> [InitialAccessToken] {
        try tx.all(
            """
            SELECT id, organisation_id, name, hint, profile, uses, uses_left, created_at, expires_at, last_used_at, revoked_at
            FROM initial_access_token
            WHERE organisation_id = \(organisation)
            ORDER BY CASE WHEN revoked_at IS NULL AND uses_left > 0 AND expires_at > \(now) THEN 0 ELSE 1 END, created_at DESC, id
            LIMIT 200
            """
        ).map(InitialAccessToken.init)
    }

    public func find(_ id: InitialAccessTokenID, in tx: any ReadTransaction) throws -> InitialAccessToken? {
        try tx.first(
            """
            SELECT id, organisation_id, name, hint, profile, uses, uses_left, created_at, expires_at, last_used_at, revoked_at
            FROM initial_access_token
            WHERE id = \(id)
            """
        ).map(InitialAccessToken.init)
    }

    /// Forgets those that ended long ago.
    /// - Returns: how many, at most `limit`.
    @discardableResult
    public func purge(endedBefore moment: Timestamp, limit: Int = 1000, in tx: any WriteTransaction) throws -> Int {
        try tx.execute("DELETE FROM initial_access_token WHERE id IN (SELECT id FROM initial_access_token WHERE expires_at < \(moment) LIMIT \(limit))")
    }
}
