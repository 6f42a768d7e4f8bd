public import JOSE
internal import JSON
public import Primitives

/// An authorization request that the app signed (RFC 9101), whose signature and claims have passed: its claims are the parameters, and no others count (§6.3).
public struct RequestObject: Sendable {
    public let parameters: RequestParameters

    /// Why a request object cannot be used.
    public enum Refusal: String, CaseIterable, Error, Hashable, Sendable {
        case malformed, wrongType, algorithm, noKey, signature, issuer, audience, clientID, nested, malformedDate, expired, notYetValid, missingExpiry
        case missingNotBefore, lifetime, notBeforeTooOld, member

        public var message: String {
            switch self {
            case .malformed: "The request object is not a signed JWT of at most 32 kB."
            case .wrongType: "The request object is a JWT of another type: use oauth-authz-req+jwt."
            case .algorithm: "The request object is signed with an algorithm that the app may not use."
            case .noKey: "No key of the app has the kid of the request object and suits its algorithm."
            case .signature: "The signature of the request object is wrong."
            case .issuer: "The iss of the request object is not the client_id."
            case .audience: "The aud of the request object is not our issuer."
            case .clientID: "The client_id of the request object is not the one of the request."
            case .nested: "A request object cannot hold request or request_uri."
            case .malformedDate: "An exp, nbf or iat of the request object is not a number of seconds."
            case .expired: "The request object has expired."
            case .notYetValid: "The nbf or iat of the request object lies in the future."
            case .missingExpiry: "The request object has no exp."
            case .missingNotBefore: "The request object has no nbf."
            case .lifetime: "The exp of the request object lies more than 60 minutes after its nbf."
            case .notBeforeTooOld: "The nbf of the request object is more than 60 minutes old."
            case .member: "A member of the request object is not a text, number, list or object."
            }
        }
    }

    /// Checks the claims of a request object whose signature is right.
    public init(_ jws: UnverifiedJWS, of client: RegisteredClient, issuer: String, at now: Timestamp) throws(Refusal) {
        let claims = jws.claims
        guard claims["iss"]?.string == client.id.text else { throw .issuer }
        guard claims["aud"]?.string == issuer || claims["aud"]?.array?.contains(.string(issuer)) == true else { throw .audience }
        guard claims["client_id"]?.string == client.id.text else { throw .clientID }
        guard claims["request"] == nil, claims["request_uri"] == nil else { throw .nested }
        try Self.checkTime(claims, isStrict: client.requiresSignedRequests, at: now)
        var pairs: [(name: String, value: String)] = []
        for member in claims.members where !Self.jwtClaims.contains(member.name) {
            for value in try Self.texts(member) { pairs.append((member.name, value)) }
        }
        parameters = RequestParameters(pairs)
    }

    /// RFC 9101 §4: of the JWT itself, and no parameters.
    private static let jwtClaims: Set<String> = ["iss", "aud", "exp", "nbf", "iat", "jti", "sub"]

    /// FAPI 2.0 Message Signing §5.3.1 wants `exp` and `nbf`, at most an hour apart; elsewhere they count when they are there.
    private static func checkTime(_ claims: JSONObject, isStrict: Bool, at now: Timestamp) throws(Refusal) {
        let (expiresAt, notBefore, issuedAt): (Timestamp?, Timestamp?, Timestamp?)
        do { (expiresAt, notBefore, issuedAt) = (try claims.numericDate("exp"), try claims.numericDate("nbf"), try claims.numericDate("iat")) } catch {
            throw .malformedDate
        }
        if let expiresAt, now >= expiresAt { throw .expired }
        for moment in [notBefore, issuedAt].compactMap(\.self) where moment > now + ClientAssertion.forgivenSkew { throw .notYetValid }
        guard isStrict else { return }
        guard let expiresAt else { throw .missingExpiry }
        guard let notBefore else { throw .missingNotBefore }
        guard expiresAt <= notBefore + .hours(1) else { throw .lifetime }
        guard notBefore >= now - .hours(1) else { throw .notBeforeTooOld }
    }

    /// A member as the parameter that it stands for: JSON where the parameter is JSON.
    private static func texts(_ member: JSONObject.Member) throws(Refusal) -> [String] {
        switch member.value {
        case .string(let text): return [text]
        case .number(let number): return [number.text]
        case .boolean(let flag): return [String(flag)]
        case .array(let values) where member.name == "resource":
            let texts = values.compactMap(\.string)
            guard texts.count == values.count else { throw .member }
            return texts
        case .array, .object: return [member.value.text]
        case .null: throw .member
        }
    }
}
