public import Events
public import Primitives
public import Storage

/// Why a change of members is refused.
public enum MembershipRefusal: String, Error, Sendable {
    /// Only owners invite, change roles and remove others.
    case notOwner
    case notMember
    /// An organisation keeps at least one owner.
    case lastOwner
    /// Where an owner is in force, roles are theirs to change and not the bank's.
    case hasOwner

    public var message: String {
        switch self {
        case .notOwner: "Only owners of the organisation may do this"
        case .notMember: "This person does not belong to the organisation"
        case .lastOwner: "Make somebody else an owner first: an organisation keeps at least one"
        case .hasOwner: "The team has an owner, and owners change roles on their team page"
        }
    }
}

/// Who belongs to which organisation.
public struct Memberships: Sendable {
    private let audit = AuditLog()

    public init() {}

    /// What a person may do in an organisation; `nil` for whoever is no member, and for one whom a restore holds.
    public func role(of person: PersonID, in organisation: OrganisationID, in tx: any ReadTransaction) throws -> MemberRole? {
        try find(person, in: organisation, in: tx).flatMap { $0.isHeld ? nil : $0.role }
    }

    /// A member, held or in force.
    public func find(_ person: PersonID, in organisation: OrganisationID, in tx: any ReadTransaction) throws -> Membership? {
        try tx.first(
            """
            SELECT organisation_id, person_id, role, joined_at, held_at
            FROM membership
            WHERE organisation_id = \(organisation) AND person_id = \(person)
            """
        ).map(Membership.init)
    }

    /// The members of an organisation, held ones too, the earliest first.
    public func list(of organisation: OrganisationID, in tx: any ReadTransaction) throws -> [Membership] {
        try tx.all(
            """
            SELECT organisation_id, person_id, role, joined_at, held_at
            FROM membership
            WHERE organisation_id = \(organisation)
            ORDER BY joined_at, person_id
            LIMIT 1000
            """
        ).map(Membership.init)
    }

    /// - Returns: `false` when the person belongs to it already; their role stays.
    @discardableResult
    public func add(
        _ person: PersonID, to organisation: OrganisationID, role: MemberRole, at now: Timestamp, in tx: any WriteTransaction
    ) throws -> Bool {
        try tx.execute(
            """
            INSERT INTO membership (organisation_id, person_id, role, joined_at)
            VALUES (\(organisation), \(person), \(role), \(now))
            ON CONFLICT (organisation_id, person_id) DO NOTHING
            """) == 1
    }

    /// Removes a member: an owner anybody, everybody themselves. Whom they invited and who did not come yet does not come any more: it may be themselves.
    public func remove(
        _ person: PersonID, from organisation: OrganisationID, by acting: PersonID, at now: Timestamp, requestID: RequestID?,
        in tx: any WriteTransaction
    ) throws -> Result<Membership, MembershipRefusal> {
        try lock(organisation, in: tx)
        let actingRole = try role(of: acting, in: organisation, in: tx)
        guard actingRole == .owner || (actingRole != nil && acting == person) else { return .failure(.notOwner) }
        guard let membership = try find(person, in: organisation, in: tx) else { return .failure(.notMember) }
        guard try !isLastOwner(membership, in: tx) else { return .failure(.lastOwner) }
        try tx.execute("DELETE FROM membership WHERE organisation_id = \(organisation) AND person_id = \(person)")
        try withdrawInvitations(of: person, to: organisation, by: .person(acting), at: now, requestID: requestID, in: tx)
        try audit.append(
            AuditEntry(
                actor: .person(acting), action: .memberRemoved, subject: person.rawValue,
                before: ["organisation": organisation.rawValue, "role": membership.role.rawValue], requestID: requestID, at: now),
            in: tx)
        return .success(membership)
    }

    /// Whom a former owner invited and who did not come yet does not come any more.
    public func setRole(
        _ role: MemberRole, of person: PersonID, in organisation: OrganisationID, by acting: PersonID, at now: Timestamp, requestID: RequestID?,
        in tx: any WriteTransaction
    ) throws -> Result<Membership, MembershipRefusal> {
        try lock(organisation, in: tx)
        guard try self.role(of: acting, in: organisation, in: tx) == .owner else { return .failure(.notOwner) }
        guard let before = try find(person, in: organisation, in: tx) else { return .failure(.notMember) }
        guard before.role != role else { return .success(before) }
        guard try !isLastOwner(before, in: tx) else { return .failure(.lastOwner) }
        try tx.execute("UPDATE membership SET role = \(role) WHERE organisation_id = \(organisation) AND person_id = \(person)")
        if role != .owner { try withdrawInvitations(of: person, to: organisation, by: .person(acting), at: now, requestID: requestID, in: tx) }
        try audit.append(
            AuditEntry(
                actor: .person(acting), action: .memberRoleChanged, subject: person.rawValue,
                before: ["organisation": organisation.rawValue, "role": before.role.rawValue], after: ["role": role.rawValue],
                requestID: requestID, at: now),
            in: tx)
        return .success(Membership(organisationID: organisation, personID: person, role: role, joinedAt: before.joinedAt, heldAt: before.heldAt))
    }

    /// A member whom a restore holds is one again, as an owner says who is in already.
    public func confirm(
        _ person: PersonID, in organisation: OrganisationID, by acting: PersonID, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction
    ) throws -> Result<Membership, MembershipRefusal> {
        try lock(organisation, in: tx)
        guard try role(of: acting, in: organisation, in: tx) == .owner else { return .failure(.notOwner) }
        guard let before = try find(person, in: organisation, in: tx) else { return .failure(.notMember) }
        guard before.isHeld else { return .success(before) }
        return .success(try letIn(before, as: before.role, by: .person(acting), at: now, requestID: requestID, in: tx))
    }

    /// The same as the bank's staff and the operator say, for there may be no owner who could. While there is none they can make a member one, also somebody
    /// who is in already.
    /// - Parameter role: what the member is from now on; what they were when `nil`.
    /// - Returns: the member, who may have been confirmed before.
    public func confirm(
        _ person: PersonID, in organisation: OrganisationID, as role: MemberRole? = nil, by actor: Actor, at now: Timestamp, requestID: RequestID?,
        in tx: any WriteTransaction
    ) throws -> Result<Membership, MembershipRefusal> {
        try lock(organisation, in: tx)
        guard let before = try find(person, in: organisation, in: tx) else { return .failure(.notMember) }
        let role = role ?? before.role
        guard before.isHeld || role != before.role else { return .success(before) }
        // To let somebody in as less than they were takes nothing from owners: they can give it back.
        let isForOwners = role != before.role && (role == .owner || !before.isHeld)
        guard try !(isForOwners && hasOwner(organisation, in: tx)) else { return .failure(.hasOwner) }
        return .success(try letIn(before, as: role, by: actor, at: now, requestID: requestID, in: tx))
    }

    private func letIn(
        _ before: Membership, as role: MemberRole, by actor: Actor, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction
    ) throws -> Membership {
        let (organisation, person) = (before.organisationID, before.personID)
        try tx.execute("UPDATE membership SET held_at = NULL, role = \(role) WHERE organisation_id = \(organisation) AND person_id = \(person)")
        if role != .owner { try withdrawInvitations(of: person, to: organisation, by: actor, at: now, requestID: requestID, in: tx) }
        try audit.append(
            AuditEntry(
                actor: actor, action: before.isHeld ? .memberConfirmed : .memberRoleChanged, subject: person.rawValue,
                before: role == before.role ? [:] : ["role": before.role.rawValue],
                after: ["organisation": organisation.rawValue, "role": role.rawValue], requestID: requestID, at: now),
            in: tx)
        return Membership(organisationID: organisation, personID: person, role: role, joinedAt: before.joinedAt, heldAt: nil)
    }

    /// Ends the links that somebody sent, who may not invite any more.
    private func withdrawInvitations(
        of inviter: PersonID, to organisation: OrganisationID, by actor: Actor, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction
    ) throws {
        let withdrawn = try tx.all(
            """
            UPDATE invitation SET withdrawn_at = \(now)
            WHERE organisation_id = \(organisation) AND invited_by = \(inviter) AND accepted_at IS NULL AND withdrawn_at IS NULL AND expires_at > \(now)
            RETURNING id
            """)
        for row in withdrawn {
            let id: InvitationID = try row["id"]
            try audit.append(
                AuditEntry(
                    actor: actor, action: .invitationWithdrawn, subject: id.rawValue, before: ["organisation": organisation.rawValue],
                    requestID: requestID, at: now),
                in: tx)
        }
    }

    /// Whether an owner is in force: held ones are none.
    public func hasOwner(_ organisation: OrganisationID, in tx: any ReadTransaction) throws -> Bool { try owners(of: organisation, in: tx) > 0 }

    private func isLastOwner(_ membership: Membership, in tx: any ReadTransaction) throws -> Bool {
        guard membership.role == .owner, !membership.isHeld else { return false }
        return try owners(of: membership.organisationID, in: tx) == 1
    }

    /// How many owners are in force.
    private func owners(of organisation: OrganisationID, in tx: any ReadTransaction) throws -> Int {
        let row = try tx.first(
            "SELECT COUNT(*) AS owners FROM membership WHERE organisation_id = \(organisation) AND role = \(MemberRole.owner) AND held_at IS NULL")
        return try row?["owners"] ?? 0
    }

    /// What members do to each other happens one after the other: two owners who leave at once, an owner who acts while another removes them.
    func lock(_ organisation: OrganisationID, in tx: any WriteTransaction) throws {
        try tx.execute("UPDATE organisation SET plan = plan WHERE id = \(organisation)")
    }
}
