public import OAuth
public import Primitives
import Storage

/// What lets software register itself for an organisation (RFC 7591 §3), as it is kept: never the token itself.
public struct InitialAccessToken: Hashable, Sendable {
    public let id: InitialAccessTokenID
    public let organisationID: OrganisationID
    /// What its maker calls it.
    public let name: String
    /// The last four characters, by which people tell it from another.
    public let hint: String
    /// The rules that the apps follow which it registers.
    public let profile: SecurityProfile
    /// How many apps it registers at most.
    public let uses: Int
    public let usesLeft: Int
    public let createdAt: Timestamp
    public let expiresAt: Timestamp
    public let lastUsedAt: Timestamp?
    public let revokedAt: Timestamp?

    public static let prefix = "wkz_iat_"
    public static let mostUses = 1000
    public static let longestLifetime = Duration.days(365)
    /// Live ones of an organisation.
    public static let most = 20

    public func isLive(at now: Timestamp) -> Bool { revokedAt == nil && usesLeft > 0 && now < expiresAt }
}

/// Why no initial access token is made.
public enum InitialAccessTokenRefusal: Error, Hashable, Sendable {
    case name(OneLine.Refusal)
    case uses, lifetime, tooMany

    public var message: String {
        switch self {
        case .name(.missing): "Enter a name for the token"
        case .name(.tooLong): "Use at most \(OneLine.longestName) characters for the name"
        case .name(.unseen): "Use only characters that can be seen in the name, on one line"
        case .uses: "Enter a number of apps from 1 to \(InitialAccessToken.mostUses)"
        case .lifetime: "Enter a number of days from 1 to 365"
        case .tooMany: "Revoke a token first: an organisation has \(InitialAccessToken.most) at most"
        }
    }
}

extension InitialAccessToken {
    init(_ row: Row) throws {
        self.init(
            id: try row["id"], organisationID: try row["organisation_id"], name: try row["name"], hint: try row["hint"], profile: try row["profile"],
            uses: try row["uses"], usesLeft: try row["uses_left"], createdAt: try row["created_at"], expiresAt: try row["expires_at"],
            lastUsedAt: try row["last_used_at"], revokedAt: try row["revoked_at"])
    }
}
