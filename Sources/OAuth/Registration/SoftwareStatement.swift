public import JOSE
public import JSON
public import Primitives

/// What somebody whom the bank trusts says about a piece of software (RFC 7591 §2.3), signed. Whether it was used before is another question.
public struct SoftwareStatement: Hashable, Sendable {
    /// The compact JWS, as it came: it is part of what was registered (RFC 7591 §3.2.1).
    public let text: String
    public let issuer: String
    /// `jti`
    public let tokenID: String?
    public let issuedAt: Timestamp
    public let expiresAt: Timestamp
    /// The metadata that it fixes.
    public let members: JSONObject

    /// How long one without `exp` is good for, from its `iat`.
    public static let lifetime = Duration.hours(24)
    public static let longest = 32_768

    /// Why a statement proves nothing.
    public enum Refusal: String, Error, Hashable, Sendable {
        case malformed, algorithm, noKey, signature, missingIssueTime, malformedDate, notYetValid, expired, audience, malformedTokenID, replayed, anotherIssuer

        public var message: String {
            switch self {
            case .malformed: "The software_statement is not a signed JWT."
            case .algorithm: "The software_statement is signed with an algorithm that its issuer does not use."
            case .noKey: "No key of the issuer has the kid of the software_statement and suits its algorithm."
            case .signature: "The signature of the software_statement is wrong."
            case .missingIssueTime: "The software_statement has no iat."
            case .malformedDate: "An exp, nbf or iat of the software_statement is not a number of seconds."
            case .notYetValid: "The nbf or iat of the software_statement lies in the future."
            case .expired: "The software_statement has expired."
            case .audience: "The aud of the software_statement is not this server."
            case .malformedTokenID: "The jti of the software_statement is not a text of 1 to 255 bytes."
            case .replayed: "The software_statement was used before: its jti is spent."
            case .anotherIssuer: "The software_statement comes from an issuer other than the one that the client was registered with."
            }
        }
    }

    /// Checks the claims of a statement whose signature is right.
    /// - Parameter audience: our issuer: a statement may be for several servers, and says so or not.
    public init(_ jws: UnverifiedJWS, text: String, issuer: String, audience: String, at now: Timestamp) throws(Refusal) {
        let claims = jws.claims
        let (expiresAt, notBefore, issuedAt): (Timestamp?, Timestamp?, Timestamp?)
        do { (expiresAt, notBefore, issuedAt) = (try claims.numericDate("exp"), try claims.numericDate("nbf"), try claims.numericDate("iat")) } catch {
            throw .malformedDate
        }
        guard let issuedAt else { throw .missingIssueTime }
        for moment in [notBefore, issuedAt].compactMap(\.self) where moment > now + ClientAssertion.forgivenSkew { throw .notYetValid }
        let end = expiresAt ?? issuedAt + Self.lifetime
        guard now < end else { throw .expired }
        if let value = claims["aud"] {
            guard value.string == audience || value.array?.contains(.string(audience)) == true else { throw .audience }
        }
        if let value = claims["jti"] {
            guard let tokenID = value.string, (1...255).contains(tokenID.utf8.count) else { throw .malformedTokenID }
        }
        self.init(kept: text, claims: claims, issuer: issuer, issuedAt: issuedAt, expiresAt: end)
    }

    /// One that was checked when it came.
    public init?(kept text: String) {
        guard let claims = try? UnverifiedJWS(parsing: text, limit: Self.longest).claims, let issuer = claims["iss"]?.string else { return nil }
        self.init(kept: text, claims: claims, issuer: issuer, issuedAt: .epoch, expiresAt: .epoch)
    }

    private init(kept text: String, claims: JSONObject, issuer: String, issuedAt: Timestamp, expiresAt: Timestamp) {
        self.text = text
        self.issuer = issuer
        tokenID = claims["jti"]?.string
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        members = JSONObject(claims.members.filter { !Self.ours.contains($0.name) && $0.value != .null }.map { ($0.name, $0.value) })
    }

    /// What a server says, not an issuer of statements.
    private static let ours: Set<String> = ["client_id", "client_secret", "software_statement"]

    /// The request with the statement's claims in the place of its own (RFC 7591 §2.3).
    public func overriding(_ request: JSONObject) -> JSONObject {
        JSONObject(request.members.filter { members[$0.name] == nil }.map { ($0.name, $0.value) } + members.members.map { ($0.name, $0.value) })
    }
}
