package import OAuth
package import Primitives
import Storage

/// How an app registered itself, and the token by which it looks after its registration (RFC 7592), as it is kept: its digest alone.
package struct AppRegistration: Hashable, Sendable {
    package enum Origin: String, CaseIterable, Sendable, SQLBindable, SQLReadable {
        /// Where registration is open.
        case open
        case initialAccessToken = "initial_access_token"
        case softwareStatement = "software_statement"
        /// It did not register itself: the operator made it.
        case commandLine = "command_line"
    }

    package let appID: AppID
    package let origin: Origin
    package let initialAccessToken: InitialAccessTokenID?
    package let softwareStatement: SoftwareStatement?
    package let createdAt: Timestamp
    package let revokedAt: Timestamp?

    package static let tokenPrefix = "wkz_rat_"

    package var isRevoked: Bool { revokedAt != nil }
}

/// For whom software registers itself, and by what leave.
package struct RegistrationRight: Sendable {
    package let organisationID: OrganisationID
    package let profile: SecurityProfile
    package let initialAccessToken: InitialAccessToken?
    package let softwareStatement: SoftwareStatement?

    package init(
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
package enum RegistrationRefusal: Error, Hashable, Sendable {
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
