public import Events
public import Primitives
public import Storage

/// What becomes of apps and teams after the records were brought back from a backup, and how they come back into use.
public struct ApplicationsRestoration: Sendable {
    private let memberships = Memberships()
    private let audit = AuditLog()

    public init() {}

    /// Every invitation that waits is withdrawn: it may have been accepted or withdrawn meanwhile.
    /// - Returns: how many.
    public func withdrawInvitations(at now: Timestamp, in tx: any WriteTransaction) throws -> Int {
        try tx.execute(
            "UPDATE invitation SET withdrawn_at = \(now) WHERE accepted_at IS NULL AND withdrawn_at IS NULL AND expires_at > \(now)")
    }

    /// Every initial access token that waits is revoked: it may have been used or revoked meanwhile.
    /// - Returns: how many.
    public func revokeInitialAccessTokens(at now: Timestamp, in tx: any WriteTransaction) throws -> Int {
        try tx.execute("UPDATE initial_access_token SET revoked_at = \(now) WHERE revoked_at IS NULL AND uses_left > 0 AND expires_at > \(now)")
    }

    /// Every app is held until somebody of its organisation, or the operator, confirms it: it may have been removed meanwhile, or one of its secrets.
    /// - Returns: how many.
    public func holdApps(by actor: Actor, at now: Timestamp, in tx: any WriteTransaction) throws -> Int {
        var count = 0
        try tx.walk {
            "SELECT id FROM app WHERE id > \($0) ORDER BY id LIMIT 2000"
        } _: { rows in
            let ids: [AppID] = try rows.map { try $0["id"] }
            let held: [AppID] = try tx.all(
                "UPDATE app SET held_at = \(now) WHERE id IN \(list: ids) AND removed_at IS NULL AND held_at IS NULL RETURNING id"
            ).map { try $0["id"] }
            count += held.count
            try audit.append(contentsOf: held.map { AuditEntry(actor: actor, action: .appHeld, subject: $0.rawValue, requestID: nil, at: now) }, in: tx)
        }
        return count
    }

    /// Every member of a team of several is held until an owner of the organisation, the bank's staff or the operator confirms them: they may have been removed
    /// meanwhile, or made less than they were. Whoever was alone in an organisation can have been removed only by somebody whom the copy does not know.
    /// - Returns: how many.
    public func holdMembers(by actor: Actor, at now: Timestamp, in tx: any WriteTransaction) throws -> Int {
        var count = 0
        try tx.walk {
            """
            SELECT organisation_id AS id
            FROM membership
            WHERE organisation_id > \($0)
            GROUP BY organisation_id
            HAVING COUNT(*) > 1
            ORDER BY organisation_id
            LIMIT 2000
            """
        } _: { rows in
            let ids: [OrganisationID] = try rows.map { try $0["id"] }
            let held = try tx.all(
                "UPDATE membership SET held_at = \(now) WHERE organisation_id IN \(list: ids) AND held_at IS NULL RETURNING organisation_id, person_id")
            count += held.count
            let entries = try held.map { row in
                AuditEntry(
                    actor: actor, action: .memberHeld, subject: try row["person_id"], after: ["organisation": try row["organisation_id"]], requestID: nil,
                    at: now)
            }
            try audit.append(contentsOf: entries, in: tx)
        }
        return count
    }

    /// The members who wait for their confirmation.
    public func heldMembers(in tx: any ReadTransaction) throws -> [Membership] {
        try tx.all(
            """
            SELECT organisation_id, person_id, role, joined_at, held_at
            FROM membership
            WHERE held_at IS NOT NULL
            ORDER BY organisation_id, person_id
            """
        ).map(Membership.init)
    }

    /// The app, its addresses and its secrets are as they should be.
    /// - Returns: `false` when it is not held.
    @discardableResult
    public func confirm(_ id: AppID, by actor: Actor, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction) throws -> Bool {
        guard try tx.execute("UPDATE app SET held_at = NULL WHERE id = \(id) AND held_at IS NOT NULL AND removed_at IS NULL") == 1 else { return false }
        try tx.announce(.app, id.rawValue, at: now)
        try audit.append(AuditEntry(actor: actor, action: .appConfirmed, subject: id.rawValue, requestID: requestID, at: now), in: tx)
        return true
    }

    /// The same, as an owner of its organisation says who is in already.
    /// - Returns: whether it was held, and works again; `false` for another organisation's, which stays as it is.
    public func confirm(
        _ id: AppID, of organisation: OrganisationID, by acting: PersonID, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction
    ) throws -> Result<Bool, MembershipRefusal> {
        try memberships.lock(organisation, in: tx)
        guard try memberships.role(of: acting, in: organisation, in: tx) == .owner else { return .failure(.notOwner) }
        guard try tx.first("SELECT id FROM app WHERE id = \(id) AND organisation_id = \(organisation)") != nil else { return .success(false) }
        return .success(try confirm(id, by: .person(acting), at: now, requestID: requestID, in: tx))
    }

    /// The apps that wait for their confirmation.
    public func held(in tx: any ReadTransaction) throws -> [AppID] {
        try tx.all("SELECT id FROM app WHERE held_at IS NOT NULL AND removed_at IS NULL ORDER BY id").map { try $0["id"] }
    }
}
