public import OAuth
public import Primitives
public import Storage

/// What an app obtained by one authorization: the family of its tokens.
public struct Grant: Hashable, Sendable {
    public let id: GrantID
    public let appID: AppID
    public let clientID: ClientID
    public let personID: PersonID
    /// `nil` when the app only learns who the customer is, unless that was told again on the strength of a consent: then it ends with it.
    public let consentID: ConsentID?
    public let scope: ScopeSet
    /// When the customer proved who they are: `auth_time`.
    public let authenticatedAt: Timestamp
    /// How sure that was: `acr`. `nil` for grants of before there were levels.
    public let level: AuthenticationLevel?
    public let createdAt: Timestamp
    /// The absolute end of every refresh token of the family.
    public let expiresAt: Timestamp
    /// The generation of the latest refresh token; 1 is the one that came with the code.
    public let generation: Int64
    public let rotatedAt: Timestamp?
    /// The DPoP key that a public client's refresh tokens are bound to.
    public let dpopKey: String?
    public let revokedAt: Timestamp?
    public let revokedReason: GrantRevocationReason?

    public func isLive(at now: Timestamp) -> Bool { revokedAt == nil && now < expiresAt }
}

/// Why a grant ended before its time.
public enum GrantRevocationReason: String, CaseIterable, Sendable, SQLBindable, SQLReadable {
    case codeReplayed = "code_replayed"
    case refreshTokenReplayed = "refresh_token_replayed"
    /// The app revoked its refresh token.
    case revokedByPartner = "revoked_by_partner"
    case revokedByCustomer = "revoked_by_customer"
    /// The bank brought its records back from a backup, which cannot tell whether the grant or the token had been spent.
    case restored = "restored_from_backup"
}

public struct NewGrant: Sendable {
    public var appID: AppID
    public var clientID: ClientID
    public var personID: PersonID
    public var consentID: ConsentID?
    public var scope: ScopeSet
    public var authenticatedAt: Timestamp
    public var level: AuthenticationLevel?
    public var expiresAt: Timestamp

    public init(
        appID: AppID, clientID: ClientID, personID: PersonID, consentID: ConsentID?, scope: ScopeSet, authenticatedAt: Timestamp,
        level: AuthenticationLevel? = nil, expiresAt: Timestamp
    ) {
        self.appID = appID
        self.clientID = clientID
        self.personID = personID
        self.consentID = consentID
        self.scope = scope
        self.authenticatedAt = authenticatedAt
        self.level = level
        self.expiresAt = expiresAt
    }

    /// How long a grant without a consent lives.
    public static let standardLifetime = Duration.days(90)
}

extension Grant {
    /// From the columns of `columnsOf: Grant.self`.
    public init(_ row: Row) throws {
        let scope: String = try row["scope"]
        guard let scope = ScopeSet(scope) else { throw StorageError.unexpectedValue(column: "scope") }
        let clientID: String = try row["client_id"]
        guard let clientID = ClientID(clientID) else { throw StorageError.unexpectedValue(column: "client_id") }
        let level: String? = try row["acr"]
        self.init(
            id: try row["id"], appID: try row["app_id"], clientID: clientID, personID: try row["person_id"], consentID: try row["consent_id"],
            scope: scope, authenticatedAt: try row["authenticated_at"], level: level.flatMap(AuthenticationLevel.init(rawValue:)),
            createdAt: try row["created_at"], expiresAt: try row["expires_at"],
            generation: try row["generation"], rotatedAt: try row["rotated_at"], dpopKey: try row["dpop_jkt"],
            revokedAt: try row["revoked_at"], revokedReason: try row["revoked_reason"])
    }
}

extension SQL.StringInterpolation {
    /// The columns that a grant is read from.
    public mutating func appendInterpolation(columnsOf: Grant.Type) {
        appendLiteral(
            """
            id, app_id, client_id, person_id, consent_id, scope, authenticated_at, acr, created_at, expires_at, generation, rotated_at, dpop_jkt, revoked_at,
            revoked_reason
            """)
    }
}
