public import Events
public import OAuth
public import Primitives
public import Storage

/// The register of apps that registered themselves (RFC 7591, RFC 7592): beside `Apps`, which judges and keeps the apps.
public struct AppRegistrations: Sendable {
    private let apps: Apps
    private let tokens: InitialAccessTokens
    private let certificates = RegisteredCertificates()
    private let audit = AuditLog()
    private let randomness: any RandomSource

    public init(randomness: any RandomSource = SystemRandom()) {
        self.randomness = randomness
        apps = Apps(randomness: randomness)
        tokens = InitialAccessTokens(randomness: randomness)
    }

    public struct Made: Sendable {
        public let app: App
        public let registration: AppRegistration
        public let secret: Secret?
        /// The registration access token: shown once.
        public let token: Secret
    }

    /// Registers an app, unless its leave was spent meanwhile.
    /// - Throws: `RegistrationRefusal` too, so that the transaction rolls back: who is refused has spent nothing.
    public func register(_ new: NewApp, by right: RegistrationRight, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction) throws -> Made {
        var new = new
        let id = new.id ?? .random(from: randomness)
        new.id = id
        if new.clientID == nil { new.clientID = apps.randomClientID() }
        if new.name.isEmpty { new.name = new.clientID?.text ?? "" }
        if let refusal = new.refusal { throw RegistrationRefusal.app(refusal) }
        if let statement = right.softwareStatement { try spend(statement, in: tx) }
        if let token = right.initialAccessToken, try !tokens.spend(token.id, at: now, in: tx) { throw RegistrationRefusal.initialAccessTokenSpent }
        switch try apps.create(new, by: .app(id), at: now, requestID: requestID, in: tx) {
        case .failure(let refusal): throw RegistrationRefusal.app(refusal)
        case .success(let (app, secret)):
            try certificates.replace(of: app, by: .app(id), at: now, requestID: requestID, in: tx)
            let (registration, token) = try issueToken(
                for: id, from: right.origin, with: right.initialAccessToken?.id, statement: right.softwareStatement, by: .app(id), at: now,
                requestID: requestID, in: tx)
            return Made(app: app, registration: registration, secret: secret, token: token)
        }
    }

    /// Replaces what an app registered (RFC 7592 §2.2).
    /// - Parameter statement: a new one, which takes the place of the one before.
    /// - Throws: `RegistrationRefusal` too, so that the transaction rolls back.
    public func update(
        _ app: App, _ change: AppChange, statement: SoftwareStatement?, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction
    ) throws -> App {
        switch try apps.update(app.id, change, by: .app(app.id), at: now, requestID: requestID, in: tx) {
        case .failure(let refusal): throw RegistrationRefusal.app(refusal)
        case .success(let updated):
            if let statement {
                try spend(statement, in: tx)
                try tx.execute("UPDATE app_registration SET software_statement = \(statement.text) WHERE app_id = \(app.id)")
            }
            try certificates.replace(of: updated, by: .app(app.id), at: now, requestID: requestID, in: tx)
            return updated
        }
    }

    /// Registers the certificates of an app's keys, as of one that registers itself (RFC 8705 §2.2.2).
    /// - Throws: `RegistrationRefusal.certificate` too.
    public func registerCertificates(of app: App, by actor: Actor, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction) throws {
        try certificates.replace(of: app, by: actor, at: now, requestID: requestID, in: tx)
    }

    /// A registration access token for an app that has none.
    /// - Returns: the token: shown once.
    public func issueToken(
        for app: AppID, from origin: AppRegistration.Origin, with initialAccessToken: InitialAccessTokenID? = nil, statement: SoftwareStatement? = nil,
        by actor: Actor, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction
    ) throws -> (registration: AppRegistration, token: Secret) {
        let token = Secret.random(prefix: AppRegistration.tokenPrefix, from: randomness)
        try tx.execute(
            """
            INSERT INTO app_registration (app_id, digest, origin, initial_access_token_id, software_statement, created_at)
            VALUES (\(app), \(token.digest), \(origin), \(initialAccessToken), \(statement?.text), \(now))
            """)
        let leave = ["origin": origin.rawValue, "initial_access_token": initialAccessToken?.rawValue, "issuer": statement?.issuer].compactMapValues { $0 }
        try audit.append(
            AuditEntry(actor: actor, action: .registrationAccessTokenCreated, subject: app.rawValue, after: leave, requestID: requestID, at: now), in: tx)
        return (
            AppRegistration(
                appID: app, origin: origin, initialAccessToken: initialAccessToken, softwareStatement: statement, createdAt: now, revokedAt: nil), token
        )
    }

    /// The app that this token looks after, with its registration: an app that was removed or is held has none.
    public func find(token: String, in tx: any ReadTransaction) throws -> (app: App, registration: AppRegistration)? {
        guard token.hasPrefix(AppRegistration.tokenPrefix), token.utf8.count <= 100 else { return nil }
        let row = try tx.first(
            """
            SELECT app_id, origin, initial_access_token_id, software_statement, created_at, revoked_at
            FROM app_registration
            WHERE digest = \(Digest(of: token)) AND revoked_at IS NULL
            """)
        guard let registration = try row.map(AppRegistration.init), let app = try apps.find(registration.appID, in: tx), app.isActive else { return nil }
        return (app, registration)
    }

    public func find(of app: AppID, in tx: any ReadTransaction) throws -> AppRegistration? {
        try tx.first(
            """
            SELECT app_id, origin, initial_access_token_id, software_statement, created_at, revoked_at
            FROM app_registration
            WHERE app_id = \(app)
            """
        ).map(AppRegistration.init)
    }

    /// Which of an organisation's live apps registered themselves.
    public func ids(of organisation: OrganisationID, in tx: any ReadTransaction) throws -> Set<AppID> {
        Set(
            try tx.all(
                """
                SELECT app_registration.app_id
                FROM app
                JOIN app_registration ON app_registration.app_id = app.id
                WHERE app.organisation_id = \(organisation) AND app.removed_at IS NULL AND app_registration.origin <> \(AppRegistration.Origin.commandLine)
                """
            ).map { try $0["app_id"] })
    }

    /// The app can no longer read, change or remove itself; it works on.
    /// - Returns: `false` when it had no token.
    @discardableResult
    public func revokeToken(of app: AppID, by actor: Actor, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction) throws -> Bool {
        guard try tx.execute("UPDATE app_registration SET revoked_at = \(now) WHERE app_id = \(app) AND revoked_at IS NULL") == 1 else { return false }
        try audit.append(
            AuditEntry(actor: actor, action: .registrationAccessTokenRevoked, subject: app.rawValue, requestID: requestID, at: now), in: tx)
        return true
    }

    /// Forgets statements that would be refused by their time anyway.
    /// - Returns: how many, at most `limit`.
    @discardableResult
    public func purge(at now: Timestamp, limit: Int = 1000, in tx: any WriteTransaction) throws -> Int {
        try tx.execute(
            """
            DELETE FROM software_statement_use
            WHERE digest IN (SELECT digest FROM software_statement_use WHERE expires_at < \(now - WrongClock.memory) ORDER BY expires_at LIMIT \(limit))
            """)
    }

    /// Spends the statement's `jti`, where it has one; the statement itself decides, so two requests cannot both win. What was spent before the records were
    /// brought back from a backup is not known any more.
    private func spend(_ statement: SoftwareStatement, in tx: any WriteTransaction) throws {
        guard let tokenID = statement.tokenID else { return }
        let isKnown = try Restorations().latest(in: tx).map { statement.issuedAt < $0 } ?? false
        let spent = try tx.execute(
            """
            INSERT INTO software_statement_use (digest, expires_at) VALUES (\(Digest(of: "\(statement.issuer)\n\(tokenID)")), \(statement.expiresAt))
            ON CONFLICT (digest) DO NOTHING
            """)
        guard spent == 1, !isKnown else { throw RegistrationRefusal.softwareStatementReplayed }
    }
}
