import JOSE
public import JSON
public import OAuth
public import Primitives

/// What an access token says (RFC 9068 §2.2), with this platform's own claims: `env`, `app_id`, `org`, `grant_id`, `consent_id`.
public final class AccessTokenClaims: Sendable {
    public let issuer: String
    public let audience: [String]
    /// A person for tokens of a customer's grant, the client's id for an app's own.
    public let subject: String
    public let clientID: ClientID
    public let appID: AppID
    public let organisationID: OrganisationID
    public let scope: ScopeSet
    /// `jti`
    public let tokenID: String
    public let issuedAt: Timestamp
    public let expiresAt: Timestamp
    /// `sandbox` or `live`.
    public let environment: String
    public let grantID: GrantID?
    public let consentID: ConsentID?
    /// `auth_time` and `acr` (RFC 9470 §6.1).
    public let authenticatedAt: Timestamp?
    public let level: AuthenticationLevel?
    /// `cnf`
    public let binding: TokenBinding

    public init(
        issuer: String, audience: [String], subject: String, clientID: ClientID, appID: AppID, organisationID: OrganisationID, scope: ScopeSet,
        tokenID: String, issuedAt: Timestamp, expiresAt: Timestamp, environment: String, grantID: GrantID?, consentID: ConsentID?,
        authenticatedAt: Timestamp?, level: AuthenticationLevel? = nil, binding: TokenBinding = .none
    ) {
        self.issuer = issuer
        self.audience = audience
        self.subject = subject
        self.clientID = clientID
        self.appID = appID
        self.organisationID = organisationID
        self.scope = scope
        self.tokenID = tokenID
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        self.environment = environment
        self.grantID = grantID
        self.consentID = consentID
        self.authenticatedAt = authenticatedAt
        self.level = level
        self.binding = binding
    }

    /// The customer; `nil` for an app's own token. A client id holds no underscore, so the two cannot be confused (RFC 9700 §4.15).
    public var personID: PersonID? { PersonID(subject) }

    /// - Returns: `nil` when a claim is missing or of another kind.
    public convenience init?(_ claims: JSONObject) {
        guard let issuer = claims["iss"]?.string, let audience = Self.audience(claims["aud"]), let subject = claims["sub"]?.string,
            let clientID = claims["client_id"]?.string.flatMap(ClientID.init), let appID = claims["app_id"]?.string.flatMap(AppID.init),
            let organisationID = claims["org"]?.string.flatMap(OrganisationID.init), let scope = claims["scope"]?.string.flatMap(ScopeSet.init),
            let tokenID = claims["jti"]?.string, let issuedAt = claims["iat"]?.integer, let expiresAt = claims["exp"]?.integer,
            let environment = claims["env"]?.string
        else { return nil }
        self.init(
            issuer: issuer, audience: audience, subject: subject, clientID: clientID, appID: appID, organisationID: organisationID, scope: scope,
            tokenID: tokenID, issuedAt: Timestamp(seconds: issuedAt), expiresAt: Timestamp(seconds: expiresAt), environment: environment,
            grantID: claims["grant_id"]?.string.flatMap(GrantID.init), consentID: claims["consent_id"]?.string.flatMap(ConsentID.init),
            authenticatedAt: claims["auth_time"]?.integer.map { Timestamp(seconds: $0) },
            level: claims["acr"]?.string.flatMap(AuthenticationLevel.init(rawValue:)), binding: TokenBinding(claim: claims["cnf"]))
    }

    public var json: JSONObject {
        var claims = JSONObject([
            ("iss", .string(issuer)),
            // One audience is a string: RFC 7519 §4.1.3.
            ("aud", audience.count == 1 ? .string(audience[0]) : .array(audience.map(JSONValue.string))),
            ("sub", .string(subject)), ("client_id", .string(clientID.text)), ("scope", .string(scope.text)), ("jti", .string(tokenID)),
            ("iat", .integer(issuedAt.seconds)), ("exp", .integer(expiresAt.seconds)), ("env", .string(environment)),
            ("app_id", .string(appID.rawValue)), ("org", .string(organisationID.rawValue)),
        ])
        claims.append("grant_id", grantID?.rawValue)
        claims.append("consent_id", consentID?.rawValue)
        claims.append("auth_time", seconds: authenticatedAt?.seconds)
        claims.append("acr", level?.rawValue)
        if let cnf = binding.claim { claims.append("cnf", cnf) }
        return claims
    }

    private static func audience(_ value: JSONValue?) -> [String]? {
        switch value {
        case .string(let text): [text]
        case .array(let values):
            values.count <= 10 && values.allSatisfy { $0.string != nil } ? values.compactMap(\.string) : nil
        default: nil
        }
    }
}
