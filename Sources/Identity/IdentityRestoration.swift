public import Events
public import Primitives
public import Storage

/// What becomes of people's credentials after the records were brought back from a backup.
public struct IdentityRestoration: Sendable {
    private let audit = AuditLog()

    public init() {}

    /// Every session and every link ends: they may have been ended, or used, meanwhile.
    /// - Returns: how many sessions and links.
    public func endSessionsAndLinks(at now: Timestamp, in tx: any WriteTransaction) throws -> (sessions: Int, links: Int) {
        let sessions = try tx.change {
            "SELECT id FROM session WHERE id > \($0) ORDER BY id LIMIT 2000"
        } by: {
            "UPDATE session SET ended_at = \(now) WHERE id IN \(list: $0) AND ended_at IS NULL AND expires_at > \(now)"
        }
        let links = try tx.change {
            "SELECT digest AS id FROM one_time_link WHERE digest > \($0) ORDER BY digest LIMIT 2000"
        } by: {
            "UPDATE one_time_link SET ended_at = \(now) WHERE digest IN \(list: $0) AND ended_at IS NULL AND expires_at > \(now)"
        }
        return (sessions, links)
    }

    /// Codes that may have been used meanwhile are worth nothing. Authenticator keys stay, and count from the step on that nobody can have used: behind the
    /// one after the present.
    /// - Returns: how many recovery codes.
    public func endCodes(at now: Timestamp, in tx: any WriteTransaction) throws -> Int {
        let step = TimeStep(at: now).next.number
        try tx.change {
            "SELECT person_id AS id FROM second_factor WHERE person_id > \($0) ORDER BY person_id LIMIT 2000"
        } by: {
            "UPDATE second_factor SET last_step = \(step) WHERE person_id IN \(list: $0) AND last_step < \(step)"
        }
        // Those of half an hour: a background job forgets what is older.
        try tx.execute("DELETE FROM second_factor_enrolment")
        return try tx.change {
            "SELECT digest AS id FROM recovery_code WHERE digest > \($0) ORDER BY digest LIMIT 2000"
        } by: {
            "UPDATE recovery_code SET used_at = \(now) WHERE digest IN \(list: $0) AND used_at IS NULL"
        }
    }

    /// Passwords stop working: one that was changed meanwhile, perhaps because it was found out, would work again. Developers set a new one by mail, staff
    /// are given one on the command line. The made-up customers of sandboxes keep theirs, which their portal shows.
    /// - Returns: how many people have to set a new one.
    public func voidPasswords(by actor: Actor, at now: Timestamp, in tx: any WriteTransaction) throws -> Int {
        var count = 0
        try tx.walk {
            "SELECT id, population, password_hash FROM person WHERE id > \($0) ORDER BY id LIMIT 2000"
        } _: { rows in
            let holders = try rows.filter { try $0["password_hash"] as String? != nil }
            let voided: [PersonID] = try holders.filter { try $0["population"] != Population.customer }.map { try $0["id"] }
            try tx.execute("UPDATE person SET password_hash = NULL, password_changed_at = \(now) WHERE id IN \(list: voided)")
            count += voided.count
            try audit.append(
                contentsOf: voided.map { AuditEntry(actor: actor, action: .passwordVoided, subject: $0.rawValue, requestID: nil, at: now) }, in: tx)
        }
        return count
    }

    /// The worlds of which somebody signs in with a password.
    public func worldsWithPasswords(in tx: any ReadTransaction) throws -> [OrganisationID] {
        var worlds: [OrganisationID] = []
        try tx.walk {
            """
            SELECT DISTINCT world AS id
            FROM person
            WHERE population = \(Population.customer) AND world > \($0) AND password_hash IS NOT NULL
            ORDER BY world
            LIMIT 2000
            """
        } _: { rows in
            let page: [OrganisationID] = try rows.map { try $0["id"] }
            worlds += page
        }
        return worlds
    }

    /// Gives the made-up customers of a world another password.
    public func setPassword(_ hash: String, ofCustomersIn world: OrganisationID, at now: Timestamp, in tx: any WriteTransaction) throws {
        try tx.execute(
            """
            UPDATE person SET password_hash = \(hash), password_changed_at = \(now)
            WHERE population = \(Population.customer) AND world = \(world) AND password_hash IS NOT NULL
            """)
    }
}

extension WriteTransaction {
    /// Changes the rows of a table a page at a time: no statement then runs long, however many rows there are.
    /// - Parameters:
    ///   - page: the rows behind a key, in the order of `id`.
    ///   - statement: what changes the rows with these keys.
    /// - Returns: how many rows were changed.
    @discardableResult
    fileprivate func change(_ page: (_ after: String) -> SQL, by statement: (_ ids: [String]) -> SQL) throws -> Int {
        var count = 0
        try walk(page) { rows in
            let ids: [String] = try rows.map { try $0["id"] }
            count += try execute(statement(ids))
        }
        return count
    }
}
