public import Events
public import Primitives
public import Storage

/// The organisations of developers.
public struct Organisations: Sendable {
    private let audit = AuditLog()

    public init() {}

    /// - Parameters:
    ///   - handle: its name in sign-in names; made from the organisation's name when `nil`.
    ///   - world: the sandbox world that it shares; its own when `nil`.
    ///   - owner: its first member.
    /// - Returns: `nil` when the given handle, or the id, is taken.
    public func create(
        id: OrganisationID, name: String, handle: String? = nil, world: OrganisationID? = nil, plan: Plan = .free, isDemo: Bool = false, owner: PersonID?,
        by actor: Actor,
        at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction
    ) throws -> Organisation? {
        for handle in handle.map({ [$0] }) ?? Self.handles(for: name, id: id) {
            let row = try tx.first(
                """
                INSERT INTO organisation (id, name, handle, world_id, plan, is_demo, created_at)
                VALUES (\(id), \(name), \(handle), \(world ?? id), \(plan), \(isDemo), \(now))
                ON CONFLICT DO NOTHING
                RETURNING id, name, handle, world_id, plan, is_demo, created_at
                """)
            guard let row else { continue }
            let organisation = try Organisation(row)
            if let owner {
                try tx.execute(
                    """
                    INSERT INTO membership (organisation_id, person_id, role, joined_at)
                    VALUES (\(id), \(owner), \(MemberRole.owner), \(now))
                    """)
            }
            try audit.append(
                AuditEntry(
                    actor: actor, action: .organisationCreated, subject: id.rawValue, after: ["name": name, "handle": handle, "plan": plan.rawValue],
                    requestID: requestID, at: now),
                in: tx)
            return organisation
        }
        return nil
    }

    public func find(_ id: OrganisationID, in tx: any ReadTransaction) throws -> Organisation? {
        try tx.first("SELECT id, name, handle, world_id, plan, is_demo, created_at FROM organisation WHERE id = \(id)").map(Organisation.init)
    }

    public func find(handle: String, in tx: any ReadTransaction) throws -> Organisation? {
        try tx.first("SELECT id, name, handle, world_id, plan, is_demo, created_at FROM organisation WHERE handle = \(handle.lowercased())")
            .map(Organisation.init)
    }

    /// The demo world's organisation.
    public func demo(in tx: any ReadTransaction) throws -> Organisation? {
        try tx.first("SELECT id, name, handle, world_id, plan, is_demo, created_at FROM organisation WHERE is_demo = \(true) ORDER BY created_at, id LIMIT 1")
            .map(Organisation.init)
    }

    /// The organisations a developer belongs to, the earliest first.
    /// - Parameter held: those where a restore holds their place, instead of those where they have it.
    public func list(of person: PersonID, held: Bool = false, in tx: any ReadTransaction) throws -> [Organisation] {
        try tx.all(
            """
            SELECT organisation.id, organisation.name, organisation.handle, organisation.world_id, organisation.plan, organisation.is_demo, organisation.created_at
            FROM membership
            JOIN organisation ON organisation.id = membership.organisation_id
            WHERE membership.person_id = \(person) AND (membership.held_at IS NOT NULL) = \(held)
            ORDER BY membership.joined_at, organisation.id
            LIMIT 100
            """
        ).map(Organisation.init)
    }

    public func list(after id: OrganisationID? = nil, limit: Int, in tx: any ReadTransaction) throws -> [Organisation] {
        try tx.all(
            """
            SELECT id, name, handle, world_id, plan, is_demo, created_at
            FROM organisation
            WHERE (\(id) IS NULL OR id > \(id))
            ORDER BY id
            LIMIT \(limit)
            """
        ).map(Organisation.init)
    }

    public func rename(
        _ id: OrganisationID, to name: String, by actor: Actor, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction
    ) throws -> Organisation? {
        guard let before = try find(id, in: tx), before.name != name else { return try find(id, in: tx) }
        try tx.execute("UPDATE organisation SET name = \(name) WHERE id = \(id)")
        try tx.announce(.organisation, id.rawValue, at: now)
        try audit.append(
            AuditEntry(
                actor: actor, action: .organisationRenamed, subject: id.rawValue, before: ["name": before.name], after: ["name": name],
                requestID: requestID, at: now),
            in: tx)
        return try find(id, in: tx)
    }

    public func setPlan(
        _ plan: Plan, of id: OrganisationID, by actor: Actor, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction
    ) throws -> Organisation? {
        guard let before = try find(id, in: tx), before.plan != plan else { return try find(id, in: tx) }
        try tx.execute("UPDATE organisation SET plan = \(plan) WHERE id = \(id)")
        try tx.announce(.organisation, id.rawValue, at: now)
        try audit.append(
            AuditEntry(
                actor: actor, action: .planChanged, subject: id.rawValue, before: ["plan": before.plan.rawValue], after: ["plan": plan.rawValue],
                requestID: requestID, at: now),
            in: tx)
        return try find(id, in: tx)
    }

    /// `Acme Budget` → `acme-budget`, then the same with a few letters of the id, which nobody else has.
    static func handles(for name: String, id: OrganisationID) -> [String] {
        let words = name.lowercased().unicodeScalars.split { !(("a"..."z").contains($0) || ("0"..."9").contains($0)) }
        let base = String(words.map { String($0) }.joined(separator: "-").prefix(40))
        let plain = base.isEmpty ? "organisation" : base.hasSuffix("-") ? String(base.dropLast()) : base
        let suffix = id.rawValue.dropFirst(OrganisationID.prefix.count).lowercased()
        return [plain, "\(plain)-\(suffix.prefix(4))", "\(plain)-\(suffix)"]
    }
}
