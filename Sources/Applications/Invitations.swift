import Events
public import Primitives
public import Storage

/// Invitations of colleagues, by links that work once. Only digests are kept; a newer invitation of the same address replaces an older one.
public struct Invitations: Sendable {
    private let randomness: any RandomSource
    private let memberships = Memberships()
    private let audit = AuditLog()

    public init(randomness: any RandomSource) { self.randomness = randomness }

    /// - Parameter email: lower-case, checked by the caller.
    /// - Returns: the invitation and the secret of its link, for the one mail that carries it.
    public func invite(
        email: String, role: MemberRole, to organisation: OrganisationID, by acting: PersonID, at now: Timestamp, requestID: RequestID?,
        in tx: any WriteTransaction
    ) throws -> Result<(invitation: Invitation, secret: Secret), MembershipRefusal> {
        try memberships.lock(organisation, in: tx)
        guard try memberships.role(of: acting, in: organisation, in: tx) == .owner else { return .failure(.notOwner) }
        try tx.execute(
            """
            UPDATE invitation SET withdrawn_at = \(now)
            WHERE organisation_id = \(organisation) AND email = \(email) AND accepted_at IS NULL AND withdrawn_at IS NULL
            """)
        let secret = Secret(randomness.token())
        let invitation = Invitation(
            id: .random(from: randomness), organisationID: organisation, email: email, role: role, invitedBy: acting, createdAt: now,
            expiresAt: now + Invitation.lifetime, acceptedAt: nil, withdrawnAt: nil)
        try tx.execute(
            """
            INSERT INTO invitation (id, digest, organisation_id, email, role, invited_by, created_at, expires_at)
            VALUES (\(invitation.id), \(secret.digest), \(organisation), \(email), \(role), \(acting), \(now), \(invitation.expiresAt))
            """)
        try audit.append(
            AuditEntry(
                actor: .person(acting), action: .invitationSent, subject: invitation.id.rawValue,
                after: ["organisation": organisation.rawValue, "email": email, "role": role.rawValue], requestID: requestID, at: now),
            in: tx)
        return .success((invitation, secret))
    }

    /// The open invitation of a link, for the page behind it. Nothing is spent.
    public func find(secret: String, at now: Timestamp, in tx: any ReadTransaction) throws -> Invitation? {
        guard secret.utf8.count == 43 else { return nil }
        return try tx.first(
            """
            SELECT id, organisation_id, email, role, invited_by, created_at, expires_at, accepted_at, withdrawn_at
            FROM invitation
            WHERE digest = \(Digest(of: secret)) AND accepted_at IS NULL AND withdrawn_at IS NULL AND expires_at > \(now)
            """
        ).map(Invitation.init)
    }

    /// Spends the link and makes the person a member.
    /// - Returns: `nil` if it was used, withdrawn or expired; the statement itself decides, so two cannot both win.
    public func accept(
        secret: String, by person: PersonID, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction
    ) throws -> Invitation? {
        guard secret.utf8.count == 43 else { return nil }
        let row = try tx.first(
            """
            UPDATE invitation SET accepted_at = \(now), accepted_by = \(person)
            WHERE digest = \(Digest(of: secret)) AND accepted_at IS NULL AND withdrawn_at IS NULL AND expires_at > \(now)
            RETURNING id, organisation_id, email, role, invited_by, created_at, expires_at, accepted_at, withdrawn_at
            """)
        guard let invitation = try row.map(Invitation.init) else { return nil }
        try memberships.add(person, to: invitation.organisationID, role: invitation.role, at: now, in: tx)
        try audit.append(
            AuditEntry(
                actor: .person(person), action: .invitationAccepted, subject: invitation.id.rawValue,
                after: ["organisation": invitation.organisationID.rawValue, "role": invitation.role.rawValue], requestID: requestID, at: now),
            in: tx)
        return invitation
    }

    public func withdraw(
        _ id: InvitationID, of organisation: OrganisationID, by acting: PersonID, at now: Timestamp, requestID: RequestID?,
        in tx: any WriteTransaction
    ) throws -> Result<Bool, MembershipRefusal> {
        try memberships.lock(organisation, in: tx)
        guard try memberships.role(of: acting, in: organisation, in: tx) == .owner else { return .failure(.notOwner) }
        let withdrawn =
            try tx.execute(
                """
                UPDATE invitation SET withdrawn_at = \(now)
                WHERE id = \(id) AND organisation_id = \(organisation) AND accepted_at IS NULL AND withdrawn_at IS NULL
                """) == 1
        guard withdrawn else { return .success(false) }
        try audit.append(
            AuditEntry(
                actor: .person(acting), action: .invitationWithdrawn, subject: id.rawValue, before: ["organisation": organisation.rawValue],
                requestID: requestID, at: now),
            in: tx)
        return .success(true)
    }

    /// All open invitations of an organisation, the latest first: whoever may come in can be seen, and withdrawn.
    public func list(of organisation: OrganisationID, at now: Timestamp, in tx: any ReadTransaction) throws -> [Invitation] {
        try tx.all(
            """
            SELECT id, organisation_id, email, role, invited_by, created_at, expires_at, accepted_at, withdrawn_at
            FROM invitation
            WHERE organisation_id = \(organisation) AND accepted_at IS NULL AND withdrawn_at IS NULL AND expires_at > \(now)
            ORDER BY created_at DESC, id
            """
        ).map(Invitation.init)
    }

    /// Forgets those that ended long ago, accepted or not: who joined stands in the audit log.
    /// - Returns: how many, at most `limit`.
    @discardableResult
    public func purge(expiredBefore moment: Timestamp, limit: Int = 1000, in tx: any WriteTransaction) throws -> Int {
        try tx.execute(
            "DELETE FROM invitation WHERE id IN (SELECT id FROM invitation WHERE expires_at < \(moment) ORDER BY expires_at LIMIT \(limit))")
    }
}
