internal import JOSE
public import OAuth
public import Primitives

/// Signs access tokens (RFC 9068). Nothing is stored: a token lives by its grant, its consent and its expiry.
public struct AccessTokenIssuer: Sendable {
    private let keys: SigningKeys
    private let issuer: String
    private let randomness: any RandomSource

    /// How long an access token lives.
    public static let lifetime = Duration.minutes(5)

    public init(keys: SigningKeys, issuer: String, randomness: any RandomSource) {
        self.keys = keys
        self.issuer = issuer
        self.randomness = randomness
    }

    /// The one audience of access tokens: the API.
    public static func audience(of issuer: String) -> String { "\(issuer)/v1" }

    /// What a token is issued for.
    public struct Request: Sendable {
        public var subject: String
        public var clientID: ClientID
        public var appID: AppID
        public var organisationID: OrganisationID
        public var scope: ScopeSet
        public var environment: String
        public var grant: Grant?
        public var binding: TokenBinding

        public init(
            subject: String, clientID: ClientID, appID: AppID, organisationID: OrganisationID, scope: ScopeSet, environment: String, grant: Grant? = nil,
            binding: TokenBinding = .none
        ) {
            self.subject = subject
            self.clientID = clientID
            self.appID = appID
            self.organisationID = organisationID
            self.scope = scope
            self.environment = environment
            self.grant = grant
            self.binding = binding
        }
    }

    public struct Issued: Sendable {
        public let token: Secret
        public let claims: AccessTokenClaims
    }

    /// - Throws: only when signing itself fails.
    public func issue(_ request: Request, at now: Timestamp) throws -> Issued {
        var expiresAt = now + Self.lifetime
        // A consent has a clock of its own, which is looked at on every call; without one the token does not outlive its grant.
        if let grant = request.grant, grant.consentID == nil { expiresAt = min(expiresAt, grant.expiresAt) }
        let claims = AccessTokenClaims(
            issuer: issuer, audience: [Self.audience(of: issuer)], subject: request.subject, clientID: request.clientID, appID: request.appID,
            organisationID: request.organisationID, scope: request.scope, tokenID: Base64URL.encode(randomness.bytes(16)), issuedAt: now,
            expiresAt: expiresAt, environment: request.environment, grantID: request.grant?.id, consentID: request.grant?.consentID,
            authenticatedAt: request.grant?.authenticatedAt, level: request.grant?.level, binding: request.binding)
        let token = try keys.current.sign(claims.json, type: .accessToken)
        keys.signedHere.note(token)
        return Issued(token: Secret(token), claims: claims)
    }
}
