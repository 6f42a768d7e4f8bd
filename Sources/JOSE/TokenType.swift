/// The `typ` of the JWTs that this server signs or reads: one of a type is never taken for another (RFC 8725 §3.11).
public enum TokenType: String, CaseIterable, Sendable {
    /// RFC 9068 §2.1
    case accessToken = "at+jwt"
    /// OpenID Connect Core §2; JARM §2.1
    case idToken = "JWT"
    /// draft-ietf-oauth-rfc7523bis §5
    case clientAuthentication = "client-authentication+jwt"
    /// RFC 9449 §4.2
    case dpopProof = "dpop+jwt"
    /// RFC 9101 §10.8
    case requestObject = "oauth-authz-req+jwt"
    /// RFC 9701 §5
    case introspection = "token-introspection+jwt"
}
