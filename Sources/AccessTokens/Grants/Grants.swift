public import Events
internal import OAuth
public import Primitives
public import Storage

/// The grants.
public struct Grants: Sendable {
    private let randomness: any RandomSource
    private let audit = AuditLog()

    public init(randomness: any RandomSource = SystemRandom()) { self.randomness = randomness }

    /// An id for a grant that is about to be made, so that a consent can name it.
    public func newID(at now: Timestamp) -> GrantID { GrantID(at: now, from: randomness) }

    /// Its row is a late one, which the transaction itself does not read.
    /// - Parameter actor: who did it; `nil` for the customer themselves.
    public func create(
        _ new: NewGrant, id: GrantID? = nil, by actor: Actor? = nil, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction
    ) throws -> Grant {
        let grant = Grant(
            id: id ?? newID(at: now), appID: new.appID, clientID: new.clientID, personID: new.personID, consentID: new.consentID, scope: new.scope,
            authenticatedAt: new.authenticatedAt, level: new.level, createdAt: now, expiresAt: new.expiresAt, generation: 1, rotatedAt: nil, dpopKey: nil,
            revokedAt: nil, revokedReason: nil)
        let row = [
            grant.id.sqlValue, grant.appID.sqlValue, grant.clientID.text.sqlValue, grant.personID.sqlValue, grant.consentID.sqlValue, grant.scope.text.sqlValue,
            grant.authenticatedAt.sqlValue, (grant.level?.rawValue).sqlValue, grant.createdAt.sqlValue, grant.expiresAt.sqlValue, grant.generation.sqlValue,
        ]
        try tx.insertLate(
            [row], into: "token_grant", "id, app_id, client_id, person_id, consent_id, scope, authenticated_at, acr, created_at, expires_at, generation")
        var after = ["app": grant.appID.rawValue, "scope": grant.scope.text]
        after["consent"] = grant.consentID?.rawValue
        try audit.append(
            AuditEntry(
                actor: actor ?? .person(grant.personID), action: .grantCreated, subject: grant.id.rawValue, after: after, requestID: requestID, at: now),
            in: tx)
        return grant
    }

    /// Binds the refresh tokens of a public client's grant to the key that redeemed its code (RFC 9449 §5).
    public func bind(_ id: GrantID, to dpopKey: String, in tx: any WriteTransaction) throws {
        try tx.execute("UPDATE token_grant SET dpop_jkt = \(dpopKey) WHERE id = \(id)")
    }

    public func find(_ id: GrantID, in tx: any ReadTransaction) throws -> Grant? {
        try tx.first(
            """
            SELECT \(columnsOf: Grant.self)
            FROM token_grant
            WHERE id = \(id)
            """
        ).map(Grant.init)
    }

    /// What a customer has granted without a consent and has not ended, the newest first: apps that know who they are.
    public func acquaintances(of person: PersonID, at now: Timestamp, in tx: any ReadTransaction) throws -> [Grant] {
        // Without a limit: what is in force has to be found by whom it speaks for.
        try tx.all(
            """
            SELECT \(columnsOf: Grant.self)
            FROM token_grant
            WHERE person_id = \(person) AND consent_id IS NULL AND revoked_at IS NULL AND expires_at > \(now)
            ORDER BY created_at DESC, id DESC
            """
        ).map(Grant.init)
    }

    /// Ends a grant and with it every token of its family, on every node within a second.
    /// - Returns: `false` when it had ended before.
    @discardableResult
    public func revoke(
        _ id: GrantID, because reason: GrantRevocationReason, by actor: Actor, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction
    ) throws -> Bool {
        let ended = try tx.execute(
            "UPDATE token_grant SET revoked_at = \(now), revoked_reason = \(reason) WHERE id = \(id) AND revoked_at IS NULL")
        guard ended == 1 else { return false }
        try tx.announce(.grant, id.rawValue, at: now)
        try audit.append(
            AuditEntry(actor: actor, action: .grantRevoked, subject: id.rawValue, after: ["reason": reason.rawValue], requestID: requestID, at: now),
            in: tx)
        return true
    }

    /// After the records were brought back from a backup: every grant ends, since it may have been revoked meanwhile and its latest refresh token spent.
    /// - Returns: how many ended.
    public func endAllAfterRestoration(by actor: Actor, at now: Timestamp, in tx: any WriteTransaction) throws -> Int {
        var count = 0
        try tx.walk {
            "SELECT id FROM token_grant WHERE id > \($0) ORDER BY id LIMIT 2000"
        } _: { rows in
            let ids: [GrantID] = try rows.map { try $0["id"] }
            let ended = try tx.all(
                """
                UPDATE token_grant SET revoked_at = \(now), revoked_reason = \(GrantRevocationReason.restored)
                WHERE id IN \(list: ids) AND revoked_at IS NULL AND expires_at > \(now)
                RETURNING id
                """)
            count += ended.count
            try audit.append(
                contentsOf: ended.map { row in
                    AuditEntry(
                        actor: actor, action: .grantRevoked, subject: try row["id"], after: ["reason": GrantRevocationReason.restored.rawValue],
                        requestID: nil, at: now)
                }, in: tx)
        }
        return count
    }

    /// Forgets grants that ended long ago: a background job.
    /// - Returns: how many, at most `limit`.
    @discardableResult
    public func purge(endedBefore moment: Timestamp, limit: Int = 1000, in tx: any WriteTransaction) throws -> Int {
        try tx.execute(
            """
            DELETE FROM token_grant
            WHERE id IN (SELECT id FROM token_grant WHERE expires_at < \(moment) ORDER BY expires_at LIMIT \(limit))
            """)
    }
}
