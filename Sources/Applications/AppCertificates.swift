public import Certificates
public import Events
public import Primitives
public import Storage

/// The register of apps' certificates. Several are live at a time, so that one can be replaced without a pause. Each change is audited, and announced as one
/// of the app.
public struct AppCertificates: Sendable {
    private let audit = AuditLog()

    public init() {}

    /// Live ones of an app, expired ones included.
    public static let most = 10

    public func add(
        _ new: AppCertificate, by actor: Actor, requestID: RequestID?, in tx: any WriteTransaction
    ) throws -> Result<AppCertificate, AppCertificateRefusal> {
        // Locks the app's row, so that two who count its certificates count one after the other.
        guard try tx.execute("UPDATE app SET name = name WHERE id = \(new.appID) AND removed_at IS NULL") == 1 else { return .failure(.noSuchApp) }
        if let known = try find(new.thumbprint, of: new.appID, in: tx) { return .failure(known.isRemoved ? .removedBefore : .alreadyThere) }
        guard try list(of: new.appID, in: tx).count < Self.most else { return .failure(.tooMany) }
        try tx.execute(
            """
            INSERT INTO app_certificate (app_id, thumbprint, pem, subject, not_before, not_after, source, created_at)
            VALUES (\(new.appID), \(new.thumbprint.text), \(new.pem), \(new.subject), \(new.notBefore), \(new.notAfter), \(new.source), \(new.createdAt))
            """)
        try tx.announce(.app, new.appID.rawValue, at: new.createdAt)
        try audit.append(
            AuditEntry(
                actor: actor, action: .certificateAdded, subject: new.appID.rawValue, after: Self.described(new), requestID: requestID, at: new.createdAt),
            in: tx)
        return .success(new)
    }

    /// - Returns: `false` when it was removed before, or never was.
    @discardableResult
    public func remove(
        _ thumbprint: Thumbprint, of appID: AppID, by actor: Actor, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction
    ) throws -> Bool {
        guard let certificate = try find(thumbprint, of: appID, in: tx) else { return false }
        let removed = try tx.execute(
            "UPDATE app_certificate SET removed_at = \(now) WHERE app_id = \(appID) AND thumbprint = \(thumbprint.text) AND removed_at IS NULL")
        guard removed == 1 else { return false }
        try tx.announce(.app, appID.rawValue, at: now)
        try audit.append(
            AuditEntry(
                actor: actor, action: .certificateRemoved, subject: appID.rawValue, before: Self.described(certificate), requestID: requestID, at: now), in: tx)
        return true
    }

    /// The live ones, the latest first.
    public func list(of appID: AppID, in tx: any ReadTransaction) throws -> [AppCertificate] {
        try tx.all(
            """
            SELECT app_id, thumbprint, pem, subject, not_before, not_after, source, created_at, removed_at
            FROM app_certificate
            WHERE app_id = \(appID) AND removed_at IS NULL
            ORDER BY created_at DESC, thumbprint
            """
        ).map(AppCertificate.init)
    }

    /// A removed one is found too.
    public func find(_ thumbprint: Thumbprint, of appID: AppID, in tx: any ReadTransaction) throws -> AppCertificate? {
        try tx.first(
            """
            SELECT app_id, thumbprint, pem, subject, not_before, not_after, source, created_at, removed_at
            FROM app_certificate
            WHERE app_id = \(appID) AND thumbprint = \(thumbprint.text)
            """
        ).map(AppCertificate.init)
    }

    /// Whether some app has it among its live ones.
    public func isLive(_ thumbprint: Thumbprint, in tx: any ReadTransaction) throws -> Bool {
        try tx.first("SELECT app_id FROM app_certificate WHERE thumbprint = \(thumbprint.text) AND removed_at IS NULL LIMIT 1") != nil
    }

    /// Forgets removed ones whose time is over: that refuses them by itself.
    /// - Returns: how many, at most `limit`.
    @discardableResult
    public func purge(at now: Timestamp, limit: Int = 1000, in tx: any WriteTransaction) throws -> Int {
        try tx.execute(
            """
            DELETE FROM app_certificate
            WHERE (app_id, thumbprint) IN (
                SELECT app_id, thumbprint
                FROM app_certificate
                WHERE not_after < \(now) AND removed_at IS NOT NULL
                ORDER BY not_after
                LIMIT \(limit))
            """)
    }

    private static func described(_ certificate: AppCertificate) -> [String: String] {
        [
            "x5t#S256": certificate.thumbprint.text, "subject": certificate.subject, "source": certificate.source.rawValue,
            "not_after": certificate.notAfter.rfc3339,
        ]
    }
}

extension AppCertificate {
    fileprivate init(_ row: Row) throws {
        let thumbprint: String = try row["thumbprint"]
        guard let thumbprint = Thumbprint(thumbprint) else { throw StorageError.unexpectedValue(column: "thumbprint") }
        self.init(
            appID: try row["app_id"], thumbprint: thumbprint, pem: try row["pem"], subject: try row["subject"], notBefore: try row["not_before"],
            notAfter: try row["not_after"], source: try row["source"], createdAt: try row["created_at"], removedAt: try row["removed_at"])
    }
}
