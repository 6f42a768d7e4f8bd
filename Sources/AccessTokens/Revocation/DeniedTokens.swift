public import Primitives
public import Storage

/// The access tokens that were revoked one by one (RFC 7009), by their `jti`, until they expire.
public struct DeniedTokens: Sendable {
    public init() {}

    public func deny(_ claims: AccessTokenClaims, at now: Timestamp, in tx: any WriteTransaction) throws {
        let denied = try tx.execute(
            "INSERT INTO denied_token (token_id, expires_at) VALUES (\(claims.tokenID), \(claims.expiresAt)) ON CONFLICT DO NOTHING")
        if denied == 1 { try tx.announce(.deniedToken, claims.tokenID, at: now) }
    }

    public func contains(_ tokenID: String, in tx: any ReadTransaction) throws -> Bool {
        try tx.first("SELECT token_id FROM denied_token WHERE token_id = \(tokenID)") != nil
    }

    /// Forgets tokens that expired before a moment: a background job.
    /// - Returns: how many, at most `limit`.
    @discardableResult
    public func purge(expiredBefore moment: Timestamp, limit: Int = 1000, in tx: any WriteTransaction) throws -> Int {
        try tx.execute(
            """
            DELETE FROM denied_token
            WHERE token_id IN (SELECT token_id FROM denied_token WHERE expires_at < \(moment) ORDER BY expires_at LIMIT \(limit))
            """)
    }
}
