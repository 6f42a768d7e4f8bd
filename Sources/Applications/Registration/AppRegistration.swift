public import OAuth
public import Primitives
public import Storage

/// How an app registered itself, and the token by which it looks after its registration (RFC 7592), as it is kept: its digest alone.
public struct AppRegistration: Hashable, Sendable {
    public enum Origin: String, CaseIterable, Sendable, SQLBindable, SQLReadable {
        /// Where registration is open.
        case open
        case initialAccessToken = "initial_access_token"
        case softwareStatement = "software_statement"
        /// It did not register itself: the operator made it.
        case commandLine = "command_line"
    }

    public let appID: AppID
    public let origin: Origin
    public let initialAccessToken: InitialAccessTokenID?
    public let softwareStatement: SoftwareStatement?
    public let createdAt: Timestamp
    public let revokedAt: Timestamp?

    public static let tokenPrefix = "wkz_rat_"

    public var isRevoked: Bool { revokedAt != nil }
}

/// For whom software registers itself, and by what leave.
public struct RegistrationRight: Sendable {
    public let organisationID: OrganisationID
    public let profile: SecurityProfile
    public let initialAccessToken: InitialAccessToken?
    public let softwareStatement: SoftwareStatement?

    public init(
        organisationID: OrganisationID, profile: SecurityProfile, initialAccessToken: InitialAccessToken? = nil, softwareStatement: SoftwareStatement? = nil
    ) {
        self.organisationID = organisationID
        self.profile = profile
        self.initialAccessToken = initialAccessToken
        self.softwareStatement = softwareStatement
    }

    var origin: AppRegistration.Origin {
        softwareStatement != nil ? .softwareStatement : initialAccessToken != nil ? .initialAccessToken : .open
    }
}

/// Why nothing was registered or changed.
public enum RegistrationRefusal: Error, Hashable, Sendable {
    case app(AppRefusal)
    /// Another request had the last use of the initial access token, or it was revoked meanwhile.
    case initialAccessTokenSpent
    case softwareStatementReplayed
    /// The certificate of a key cannot be registered (RFC 8705 §2.2.2).
    case certificate(String)
}

extension AppRegistration {
    init(_ row: Row) throws {
        let statement: String? = try row["software_statement"]
        self.init(
            appID: try row["app_id"], origin: try row["origin"], initialAccessToken: try row["initial_access_token_id"],
            softwareStatement: statement.flatMap(SoftwareStatement.init(kept:)), createdAt: try row["created_at"], revokedAt: try row["revoked_at"])
    }
}
