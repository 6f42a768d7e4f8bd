import Events
public import Primitives
public import Storage

/// Why a change of members is refused.
public enum MembershipRefusal: String, Error, Sendable {
    /// Only owners invite, change roles and remove others.
    case notOwner
    case notMember
    /// An organisation keeps at least one owner.
    case lastOwner

    public var message: String {
        switch self {
        case .notOwner: "Only owners of the organisation may do this"
        case .notMember: "This person does not belong to the organisation"
        case .lastOwner: "Make somebody else an owner first: an organisation keeps at least one"
        }
    }
}

/// Who belongs to which organisation.
public struct Memberships: Sendable {
    private let audit = AuditLog()

    public init() {}

    public func find(_ person: PersonID, in organisation: OrganisationID, in tx: any ReadTransaction) throws -> Membership? {
        try tx.first(
            """
            SELECT organisation_id, person_id, role, joined_at
            FROM membership
            WHERE organisation_id = \(organisation) AND person_id = \(person)
            """
        ).map(Membership.init)
    }

    /// The members of an organisation, the earliest first.
    public func list(of organisation: OrganisationID, in tx: any ReadTransaction) throws -> [Membership] {
        try tx.all(
            """
            SELECT organisation_id, person_id, role, joined_at
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

    /// Removes a member: an owner anybody, everybody themselves.
    public func remove(
        _ person: PersonID, from organisation: OrganisationID, by acting: PersonID, at now: Timestamp, requestID: RequestID?,
        in tx: any WriteTransaction
    ) throws -> Result<Membership, MembershipRefusal> {
        try lock(organisation, in: tx)
        let actingRole = try find(acting, in: organisation, in: tx)?.role
        guard actingRole == .owner || (actingRole != nil && acting == person) else { return .failure(.notOwner) }
        guard let membership = try find(person, in: organisation, in: tx) else { return .failure(.notMember) }
        guard try membership.role != .owner || owners(of: organisation, in: tx) > 1 else { return .failure(.lastOwner) }
        try tx.execute("DELETE FROM membership WHERE organisation_id = \(organisation) AND person_id = \(person)")
        try audit.append(
            AuditEntry(
                actor: .person(acting), action: .memberRemoved, subject: person.rawValue,
                before: ["organisation": organisation.rawValue, "role": membership.role.rawValue], requestID: requestID, at: now),
            in: tx)
        return .success(membership)
    }

    public func setRole(
        _ role: MemberRole, of person: PersonID, in organisation: OrganisationID, by acting: PersonID, at now: Timestamp, requestID: RequestID?,
        in tx: any WriteTransaction
    ) throws -> Result<Membership, MembershipRefusal> {
        try lock(organisation, in: tx)
        guard try find(acting, in: organisation, in: tx)?.role == .owner else { return .failure(.notOwner) }
        guard let before = try find(person, in: organisation, in: tx) else { return .failure(.notMember) }
        guard before.role != role else { return .success(before) }
        guard try before.role != .owner || owners(of: organisation, in: tx) > 1 else { return .failure(.lastOwner) }
        try tx.execute("UPDATE membership SET role = \(role) WHERE organisation_id = \(organisation) AND person_id = \(person)")
        try audit.append(
            AuditEntry(
                actor: .person(acting), action: .memberRoleChanged, subject: person.rawValue,
                before: ["organisation": organisation.rawValue, "role": before.role.rawValue], after: ["role": role.rawValue],
                requestID: requestID, at: now),
            in: tx)
        return .success(Membership(organisationID: organisation, personID: person, role: role, joinedAt: before.joinedAt))
    }

    private func owners(of organisation: OrganisationID, in tx: any ReadTransaction) throws -> Int {
        let row = try tx.first("SELECT COUNT(*) AS owners FROM membership WHERE organisation_id = \(organisation) AND role = \(MemberRole.owner)")
        return try row.map { try $0["owners"] } ?? 0
    }

    /// Two owners who leave at once are looked at one after the other.
    private func lock(_ organisation: OrganisationID, in tx: any WriteTransaction) throws {
        try tx.execute("UPDATE organisation SET plan = plan WHERE id = \(organisation)")
    }
}
