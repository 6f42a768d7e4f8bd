public import Events
import JSON
public import OAuth
public import Primitives
public import Storage

/// The register of apps. Each change is audited and announced, so that every node's caches hear of it.
public struct Apps: Sendable {
    let audit = AuditLog()
    private let randomness: any RandomSource

    public init(randomness: any RandomSource = SystemRandom()) { self.randomness = randomness }

    /// Registers an app.
    /// - Returns: the app and, for a confidential one, its first secret: shown once.
    public func create(
        _ new: NewApp, by actor: Actor, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction
    ) throws -> Result<(app: App, secret: Secret?), AppRefusal> {
        if let refusal = new.refusal { return .failure(refusal) }
        let id = new.id ?? .random(from: randomness)
        guard let clientID = new.clientID ?? randomClientID() else { return .failure(.clientIDTaken) }
        // Locks the organisation's row, so that two who count its apps count one after the other.
        try tx.execute("UPDATE organisation SET name = name WHERE id = \(new.organisationID)")
        guard try count(of: new.organisationID, in: tx) < Self.most else { return .failure(.tooManyApps) }
        let created = try tx.execute(
            """
            INSERT INTO app (id, client_id, organisation_id, name, purpose, kind, environment, profile, redirect_uris, allowed_networks, grant_types,
                             scopes, authentication_method, metadata, created_at)
            VALUES (\(id), \(clientID.text), \(new.organisationID), \(new.name), \(new.purpose), \(new.kind), \(new.environment), \(new.profile),
                    \(AppColumns.redirectURIs(new.redirectURIs)), \(AppColumns.networks(new.allowedNetworks)), \(AppColumns.grantTypes(new.grantTypes)),
                    \(new.scopes.text), \(new.authenticationMethod.rawValue), \(new.metadata.json.text), \(now))
            ON CONFLICT (client_id) DO NOTHING
            """)
        guard created == 1 else { return .failure(.clientIDTaken) }
        try tx.announce(.app, id.rawValue, at: now)
        try audit.append(
            AuditEntry(
                actor: actor, action: .appCreated, subject: id.rawValue,
                after: [
                    "client_id": clientID.text, "name": new.name, "organisation": new.organisationID.rawValue, "kind": new.kind.rawValue,
                    "environment": new.environment.rawValue, "redirect_uris": AppColumns.redirectURIs(new.redirectURIs),
                    "allowed_networks": AppColumns.networks(new.allowedNetworks),
                ], requestID: requestID, at: now),
            in: tx)
        var secret: Secret?
        if new.authenticationMethod.usesSecret { secret = try insertSecret(new.secret, for: id, by: actor, at: now, requestID: requestID, in: tx).secret }
        guard let app = try find(id, in: tx) else { return .failure(.notFound) }
        return .success((app, secret))
    }

    public func update(
        _ id: AppID, _ change: AppChange, by actor: Actor, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction
    ) throws -> Result<App, AppRefusal> {
        guard let before = try lockActive(id, in: tx) else { return .failure(.notFound) }
        let method = change.authenticationMethod ?? before.authenticationMethod
        guard method.usesSecret == before.authenticationMethod.usesSecret, (method == .none) == before.isPublic else {
            return .failure(.contradiction("Make a new app: one with a secret, one with a key and a public one cannot become one another"))
        }
        return try write(change, to: before, by: actor, at: now, requestID: requestID, in: tx)
    }

    /// - Parameter before: the app as it stands, locked.
    func write(
        _ change: AppChange, to before: App, by actor: Actor, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction
    ) throws -> Result<App, AppRefusal> {
        let id = before.id
        let name = change.name ?? before.name
        let purpose = change.purpose ?? before.purpose
        let redirectURIs = change.redirectURIs ?? before.redirectURIs
        let allowedNetworks = change.allowedNetworks ?? before.allowedNetworks
        let scopes = change.scopes ?? before.scopes
        let (kind, grantTypes) = (change.kind ?? before.kind, change.grantTypes ?? before.grantTypes)
        let usesBrowser = grantTypes.contains(.authorizationCode)
        let (profile, method) = (change.profile ?? before.profile, change.authenticationMethod ?? before.authenticationMethod)
        var metadata = change.metadata ?? before.metadata
        for (page, address) in change.pages { metadata.pages[page] = address }
        let refusal =
            NewApp.refusal(name: name) ?? NewApp.refusal(purpose: purpose)
            ?? NewApp.refusal(redirectURIs: redirectURIs, required: usesBrowser)
            ?? NewApp.refusal(allowedNetworks: allowedNetworks, isPublic: before.isPublic)
            ?? NewApp.refusal(grantTypes: grantTypes, method: method)
            ?? SecurityContradiction.refusal(profile: profile, method: method, metadata: metadata, usesBrowser: usesBrowser)
        if let refusal { return .failure(refusal) }
        try tx.execute(
            """
            UPDATE app SET name = \(name), purpose = \(purpose), redirect_uris = \(AppColumns.redirectURIs(redirectURIs)),
                allowed_networks = \(AppColumns.networks(allowedNetworks)), scopes = \(scopes.text), kind = \(kind), grant_types = \(AppColumns.grantTypes(grantTypes)),
                profile = \(profile), authentication_method = \(method.rawValue), metadata = \(metadata.json.text)
            WHERE id = \(id)
            """)
        try tx.announce(.app, id.rawValue, at: now)
        guard let after = try find(id, in: tx) else { return .failure(.notFound) }
        let (old, new) = (AppColumns.described(before), AppColumns.described(after))
        try audit.append(
            AuditEntry(
                actor: actor, action: .appUpdated, subject: id.rawValue, before: old.filter { new[$0.key] != $0.value },
                after: new.filter { old[$0.key] != $0.value }, requestID: requestID, at: now),
            in: tx)
        return .success(after)
    }

    /// Ends an app: its tokens and consents stop working within a second, its client id is never given again.
    /// - Returns: `false` when it was removed before, or never was.
    @discardableResult
    public func remove(_ id: AppID, by actor: Actor, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction) throws -> Bool {
        guard try tx.execute("UPDATE app SET removed_at = \(now) WHERE id = \(id) AND removed_at IS NULL") == 1 else { return false }
        try tx.execute("UPDATE app_secret SET revoked_at = \(now) WHERE app_id = \(id) AND revoked_at IS NULL")
        try tx.announce(.app, id.rawValue, at: now)
        try audit.append(AuditEntry(actor: actor, action: .appRemoved, subject: id.rawValue, requestID: requestID, at: now), in: tx)
        return true
    }

    /// Adds a secret beside the one in use, so that it can be replaced without a pause.
    /// - Returns: the secret: shown once.
    public func addSecret(
        to id: AppID, by actor: Actor, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction
    ) throws -> Result<(record: AppSecret, secret: Secret), AppRefusal> {
        guard let app = try lockActive(id, in: tx) else { return .failure(.notFound) }
        guard app.authenticationMethod.usesSecret else { return .failure(.publicApp) }
        guard app.liveSecrets.count < Self.maximumSecrets else { return .failure(.tooManySecrets) }
        return .success(try insertSecret(nil, for: id, by: actor, at: now, requestID: requestID, in: tx))
    }

    /// - Returns: `.failure(.lastSecret)` for the only live one, since the app would stop working.
    public func revokeSecret(
        _ secret: SecretID, of id: AppID, by actor: Actor, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction
    ) throws -> Result<App, AppRefusal> {
        guard let app = try lockActive(id, in: tx), let revoked = app.liveSecrets.first(where: { $0.id == secret }) else { return .failure(.notFound) }
        guard app.liveSecrets.count > 1 else { return .failure(.lastSecret) }
        try tx.execute("UPDATE app_secret SET revoked_at = \(now) WHERE id = \(secret) AND app_id = \(id) AND revoked_at IS NULL")
        try tx.announce(.app, id.rawValue, at: now)
        try audit.append(
            AuditEntry(
                actor: actor, action: .secretRevoked, subject: id.rawValue, before: ["secret": secret.rawValue, "hint": revoked.hint],
                requestID: requestID, at: now),
            in: tx)
        return try find(id, in: tx).map { .success($0) } ?? .failure(.notFound)
    }

    /// Removed apps are found too: `isActive` tells. One statement brings the secrets along: this is what a cache reads behind a miss.
    public func find(_ id: AppID, in tx: any ReadTransaction) throws -> App? {
        try App(
            withSecrets: tx.all(
                """
                SELECT \(columnsOf: App.self), \(columnsOf: AppSecret.self)
                FROM app
                JOIN organisation ON organisation.id = app.organisation_id
                LEFT JOIN app_secret ON app_secret.app_id = app.id
                WHERE app.id = \(id)
                ORDER BY app_secret.revoked_at IS NOT NULL, app_secret.created_at DESC
                LIMIT 20
                """))
    }

    public func find(_ clientID: ClientID, in tx: any ReadTransaction) throws -> App? {
        try id(of: clientID, in: tx).flatMap { try find($0, in: tx) }
    }

    func id(of clientID: ClientID, in tx: any ReadTransaction) throws -> AppID? {
        try tx.first("SELECT id FROM app WHERE client_id = \(clientID.text)").map { try $0["id"] }
    }

    /// The live apps of an organisation, the latest first, page by page.
    /// - Parameter last: the one that the page before ended with.
    public func list(of organisation: OrganisationID, after last: App? = nil, limit: Int = Apps.most, in tx: any ReadTransaction) throws -> [App] {
        try tx.all(
            """
            SELECT \(columnsOf: App.self)
            FROM app
            JOIN organisation ON organisation.id = app.organisation_id
            WHERE app.organisation_id = \(organisation) AND app.removed_at IS NULL
                AND (\(last?.createdAt) IS NULL OR app.created_at < \(last?.createdAt) OR (app.created_at = \(last?.createdAt) AND app.id > \(last?.id)))
            ORDER BY app.created_at DESC, app.id
            LIMIT \(limit)
            """
        ).map { row in try App(row, secrets: secrets(of: try row["id"], in: tx)) }
    }

    /// All live apps of an organisation by their names, the latest first.
    public func names(of organisation: OrganisationID, in tx: any ReadTransaction) throws -> [(id: AppID, name: String)] {
        try tx.all(
            """
            SELECT id, name
            FROM app
            WHERE organisation_id = \(organisation) AND removed_at IS NULL
            ORDER BY created_at DESC, id
            """
        ).map { (try $0["id"], try $0["name"]) }
    }

    /// How many live apps an organisation has.
    public func count(of organisation: OrganisationID, in tx: any ReadTransaction) throws -> Int {
        try tx.first("SELECT COUNT(*) AS apps FROM app WHERE organisation_id = \(organisation) AND removed_at IS NULL")?["apps"] ?? 0
    }

    /// Live ones of an organisation.
    public static let most = 1000
    static let maximumSecrets = 2

    private func secrets(of id: AppID, in tx: any ReadTransaction) throws -> [AppSecret] {
        try tx.all(
            """
            SELECT \(columnsOf: AppSecret.self)
            FROM app_secret
            WHERE app_id = \(id)
            ORDER BY revoked_at IS NOT NULL, created_at DESC
            LIMIT 20
            """
        ).map(AppSecret.init)
    }

    func insertSecret(
        _ given: Secret?, for id: AppID, by actor: Actor, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction
    ) throws -> (record: AppSecret, secret: Secret) {
        let secret = given ?? .random(prefix: "wkz_sk_", from: randomness)
        let record = AppSecret(id: .random(from: randomness), digest: secret.digest, hint: String(secret.value.suffix(4)), createdAt: now)
        try tx.execute(
            """
            INSERT INTO app_secret (id, app_id, digest, hint, created_at)
            VALUES (\(record.id), \(id), \(record.digest), \(record.hint), \(now))
            """)
        try tx.announce(.app, id.rawValue, at: now)
        try audit.append(
            AuditEntry(
                actor: actor, action: .secretAdded, subject: id.rawValue, after: ["secret": record.id.rawValue, "hint": record.hint],
                requestID: requestID, at: now),
            in: tx)
        return (record, secret)
    }

    /// Locks the app's row, so that two who count its secrets count one after the other.
    func lockActive(_ id: AppID, in tx: any WriteTransaction) throws -> App? {
        guard try tx.execute("UPDATE app SET name = name WHERE id = \(id) AND removed_at IS NULL") == 1 else { return nil }
        return try find(id, in: tx)
    }

    /// `app-` and 16 lower-case letters and digits: 82 random bits.
    func randomClientID() -> ClientID? {
        let alphabet = Array("0123456789abcdefghijklmnopqrstuvwxyz".utf8)
        var text: [UInt8] = []
        while text.count < 16 {
            // 252 = 7 × 36: larger bytes are dropped so that no letter is likelier than another.
            for byte in randomness.bytes(24) where byte < 252 && text.count < 16 { text.append(alphabet[Int(byte) % 36]) }
        }
        return ClientID("app-" + String(decoding: text, as: UTF8.self))
    }
}
