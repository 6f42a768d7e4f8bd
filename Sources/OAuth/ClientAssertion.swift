public import JOSE
internal import JSON
public import Primitives

/// A JWT with which an app proves who it is, whose signature and claims have passed (RFC 7523 §3, OpenID Connect Core §9). Whether it was used before is
/// another question.
public struct ClientAssertion: Hashable, Sendable {
    public let clientID: ClientID
    /// `jti`
    public let tokenID: String
    /// `iat`; without one the moment it came.
    public let issuedAt: Timestamp
    public let expiresAt: Timestamp

    /// `client_assertion_type`
    public static let type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    /// How far an app's clock may run ahead of ours. FAPI 2.0 §5.3.2.1 accepts 10 seconds and refuses more than 60.
    public static let forgivenSkew = Duration.seconds(30)
    /// How far ahead an assertion may expire: so long its `jti` is remembered.
    public static let longestLifetime = Duration.minutes(65)

    /// Why an assertion proves nothing.
    public enum Refusal: String, CaseIterable, Error, Hashable, Sendable {
        case malformed, wrongType, algorithm, noKey, signature, issuer, subject, audience, missingExpiry, malformedDate, expired, expiresTooLate, notYetValid
        case missingTokenID, replayed, tooOldToTell

        /// One plain sentence for the app's developer; nothing from the request in it.
        public var message: String {
            switch self {
            case .malformed: "The client_assertion is not a signed JWT."
            case .wrongType: "The client_assertion is a JWT of another type."
            case .algorithm: "The client_assertion is signed with an algorithm that the app may not use."
            case .noKey: "No key of the app has the kid of the client_assertion and suits its algorithm."
            case .signature: "The signature of the client_assertion is wrong."
            case .issuer: "The iss of the client_assertion is not the client_id."
            case .subject: "The sub of the client_assertion is not the client_id."
            case .audience: "The aud of the client_assertion is not this server: send the issuer, as a string."
            case .missingExpiry: "The client_assertion has no exp."
            case .malformedDate: "An exp, nbf or iat of the client_assertion is not a number of seconds."
            case .expired: "The client_assertion has expired."
            case .expiresTooLate: "The client_assertion expires more than an hour from now."
            case .notYetValid: "The nbf or iat of the client_assertion lies in the future."
            case .missingTokenID: "The client_assertion has no jti of 1 to 255 bytes."
            case .replayed: "The client_assertion was used before."
            case .tooOldToTell: "The client_assertion was made before this server was started: make a new one."
            }
        }
    }

    /// Which `aud` names this server.
    public struct Audiences: Sendable {
        public let issuer: String
        /// Others that will do unless the profile wants the issuer: the token endpoint and the endpoint that is called, by either listener's address.
        public let endpoints: [String]

        public init(issuer: String, endpoints: [String]) {
            self.issuer = issuer
            self.endpoints = endpoints
        }

        /// The JWT for authorization servers alone: `aud` is one value, because one that suits several servers could be used by one at another.
        fileprivate func contain(_ value: JSONValue?, issuerOnly: Bool) -> Bool {
            if let text = value?.string { return text == issuer || !issuerOnly && endpoints.contains(text) }
            guard !issuerOnly, let values = value?.array, values.count == 1, let text = values[0].string else { return false }
            return text == issuer || endpoints.contains(text)
        }
    }

    /// Checks the claims of an assertion whose signature is right.
    public init(_ jws: UnverifiedJWS, of client: ClientID, for audiences: Audiences, rules: ProfileRules, at now: Timestamp) throws(Refusal) {
        let claims = jws.claims
        guard claims["iss"]?.string == client.text else { throw .issuer }
        guard claims["sub"]?.string == client.text else { throw .subject }
        guard audiences.contain(claims["aud"], issuerOnly: rules.requiresIssuerAsAudience) else { throw .audience }
        let (expiresAt, notBefore, issuedAt): (Timestamp?, Timestamp?, Timestamp?)
        do { (expiresAt, notBefore, issuedAt) = (try claims.numericDate("exp"), try claims.numericDate("nbf"), try claims.numericDate("iat")) } catch {
            throw .malformedDate
        }
        guard let expiresAt else { throw .missingExpiry }
        guard now < expiresAt else { throw .expired }
        guard expiresAt <= now + Self.longestLifetime else { throw .expiresTooLate }
        for moment in [notBefore, issuedAt].compactMap(\.self) where moment > now + Self.forgivenSkew { throw .notYetValid }
        guard let tokenID = claims["jti"]?.string, (1...255).contains(tokenID.utf8.count) else { throw .missingTokenID }
        self.clientID = client
        self.tokenID = tokenID
        self.issuedAt = issuedAt ?? now
        self.expiresAt = expiresAt
    }
}
