import Events
import OAuth
public import Primitives
public import Storage

/// The sessions of signed-in people. The browser holds a 256-bit token, the table its digest.
public struct Sessions: Sendable {
    private let database: any Database
    private let randomness: any RandomSource
    private let limits: SessionLimits
    private let audit = AuditLog()

    public static let passwordAlone = AuthenticationMethod.passwordAlone.map(\.rawValue)

    public init(database: any Database, randomness: any RandomSource, limits: SessionLimits = SessionLimits()) {
        self.database = database
        self.randomness = randomness
        self.limits = limits
    }

    /// Begins a session after a sign-in.
    /// - Parameter replacing: the token of the session that this browser had; it ends, so that nobody who knew it shares the new one.
    /// - Returns: `nil` when the password was changed since it was proved: that ended every session, and none of the old password comes behind it.
    public func start(
        after first: FirstStep, methods: [String] = Self.passwordAlone, replacing old: String? = nil, from address: String = "", requestID: RequestID?,
        at now: Timestamp
    ) async throws -> (session: Session, token: Secret)? {
        try await database.write { tx -> (session: Session, token: Secret)? in
            guard let person = try first.holder(in: tx) else { return nil }
            return try start(for: person, methods: methods, replacing: old, from: address, requestID: requestID, at: now, in: tx)
        }
    }

    /// Begins the session of somebody whose account was just made or confirmed: there is no password that was proved.
    public func start(
        for person: Person, methods: [String] = Self.passwordAlone, replacing old: String? = nil, from address: String = "", requestID: RequestID?,
        at now: Timestamp
    ) async throws -> (session: Session, token: Secret) {
        try await database.write { tx in
            try start(for: person, methods: methods, replacing: old, from: address, requestID: requestID, at: now, in: tx)
        }
    }

    /// The same within a transaction that does more.
    public func start(
        for person: Person, methods: [String] = Self.passwordAlone, replacing old: String? = nil, from address: String = "", requestID: RequestID?,
        at now: Timestamp, in tx: any WriteTransaction
    ) throws -> (session: Session, token: Secret) {
        let token = Secret(randomness.token())
        let session = Session(
            id: .random(from: randomness), person: person, authenticatedAt: now, methods: methods, lastSeenAt: now,
            expiresAt: now + limits.absolute, address: address)
        if let old { try tx.execute("UPDATE session SET ended_at = \(now) WHERE digest = \(Digest(of: old)) AND ended_at IS NULL") }
        try tx.execute(
            """
            INSERT INTO session (id, digest, person_id, population, methods, address, authenticated_at, last_seen_at, expires_at)
            VALUES (\(session.id), \(token.digest), \(person.id), \(person.population), \(methods.joined(separator: " ")), \(address), \(now),
                    \(now), \(session.expiresAt))
            """)
        return (session, token)
    }

    /// Adds a one-time code to a session. Person, end and `auth_time` stay; the token is another one, so that nobody who knew the old one shares the level.
    /// - Returns: `nil` when the session has ended meanwhile.
    public func raise(_ session: Session, at now: Timestamp, in tx: any WriteTransaction) throws -> Secret? {
        let token = Secret(randomness.token())
        let methods = SecondStep.methods.joined(separator: " ")
        let isRaised =
            try tx.execute(
                """
                UPDATE session SET digest = \(token.digest), methods = \(methods), last_seen_at = \(now)
                WHERE id = \(session.id) AND ended_at IS NULL AND expires_at > \(now)
                """) == 1
        return isRaised ? token : nil
    }

    /// The live session of a token; a token of another population is nobody's.
    public func find(token: String, population: Population, at now: Timestamp) async throws -> Session? {
        // A token is 43 characters; what is longer by far is not worth a digest.
        guard !token.isEmpty, token.utf8.count <= 100 else { return nil }
        let digest = Digest(of: token)
        let session = try await database.readOne { [limits] tx -> Session? in
            guard
                let row = try tx.first(
                    """
                    SELECT session.id AS session_id, session.methods, session.address, session.authenticated_at, session.last_seen_at,
                        session.expires_at, person.id, person.population, person.world, person.sign_in_name, person.name, person.given_name,
                        person.email, person.email_confirmed_at, person.phone, person.created_at, person.disabled_at
                    FROM session
                    JOIN person ON person.id = session.person_id
                    WHERE session.digest = \(digest) AND session.population = \(population) AND session.ended_at IS NULL
                        AND session.expires_at > \(now) AND session.last_seen_at > \(now - limits.idle(for: population))
                        AND person.disabled_at IS NULL
                    """)
            else { return nil }
            return try Session(row, person: Person(row))
        }
        guard let session else { return nil }
        try await noteSeen(session, at: now)
        return session
    }

    /// Ends one session: a sign-out.
    public func end(_ session: Session, at now: Timestamp, requestID: RequestID?) async throws {
        try await database.write { [audit] tx in
            guard try tx.execute("UPDATE session SET ended_at = \(now) WHERE id = \(session.id) AND ended_at IS NULL") == 1 else { return }
            try audit.append(
                AuditEntry(
                    actor: .person(session.person.id), action: .signedOut, subject: session.person.id.rawValue,
                    before: ["session": session.id.rawValue], requestID: requestID, at: now),
                in: tx)
        }
    }

    /// Ends one of a person's sessions by its id, as chosen from the list.
    /// - Returns: whether it was theirs and alive.
    public func end(_ id: SessionID, of person: PersonID, at now: Timestamp, in tx: any WriteTransaction) throws -> Bool {
        try tx.execute("UPDATE session SET ended_at = \(now) WHERE id = \(id) AND person_id = \(person) AND ended_at IS NULL") == 1
    }

    /// Ends every session of a person, at once on all nodes: sessions are read, never cached.
    /// - Parameter keeping: the session in which they asked for it.
    /// - Returns: how many ended.
    @discardableResult
    public func endAll(of person: PersonID, keeping: SessionID? = nil, at now: Timestamp, in tx: any WriteTransaction) throws -> Int {
        try tx.execute(
            """
            UPDATE session SET ended_at = \(now)
            WHERE person_id = \(person) AND ended_at IS NULL AND expires_at > \(now) AND (\(keeping) IS NULL OR id <> \(keeping))
            """)
    }

    /// A person's live sessions, the latest first.
    public func list(of person: Person, at now: Timestamp, in tx: any ReadTransaction) throws -> [Session] {
        try tx.all(
            """
            SELECT id AS session_id, methods, address, authenticated_at, last_seen_at, expires_at
            FROM session
            WHERE person_id = \(person.id) AND ended_at IS NULL AND expires_at > \(now)
                AND last_seen_at > \(now - limits.idle(for: person.population))
            ORDER BY authenticated_at DESC, id
            LIMIT 100
            """
        ).map { try Session($0, person: person) }
    }

    /// Forgets sessions that expired before a moment: a background job.
    /// - Returns: how many, at most `limit`.
    @discardableResult
    public func purge(expiredBefore moment: Timestamp, limit: Int = 1000, in tx: any WriteTransaction) throws -> Int {
        try tx.execute(
            "DELETE FROM session WHERE id IN (SELECT id FROM session WHERE expires_at < \(moment) ORDER BY expires_at LIMIT \(limit))")
    }

    /// At most one write a minute. When the database takes no writes, reading goes on: a session then ends earlier, never later.
    private func noteSeen(_ session: Session, at now: Timestamp) async throws {
        guard now - session.lastSeenAt >= .minutes(1) else { return }
        do {
            try await database.write { tx in
                _ = try tx.execute("UPDATE session SET last_seen_at = \(now) WHERE id = \(session.id) AND last_seen_at <= \(now - .minutes(1))")
            }
        } catch let error as any Unavailability where error.isUnavailable {}
    }
}
