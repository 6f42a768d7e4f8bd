import AccessTokens
import JOSE
import JSON
import OAuth
import Primitives

/// One way to obtain tokens (RFC 6749 §4, §6).
protocol TokenGrant: Sendable {
    var type: GrantType { get }

    /// - Throws: only storage and signing failures; what the protocol refuses is a value, so that its transaction commits.
    func respond(to request: TokenRequest) async throws -> TokenOutcome
}

/// A request of an app that is authenticated and registered for the grant type.
struct TokenRequest: Sendable {
    let client: AuthenticatedClient
    let parameters: RequestParameters
    /// What the token is asked for with (RFC 9396 §6).
    let detail: AuthorizationDetail?
    /// To what the access token will be bound.
    let binding: TokenBinding
    let requestID: RequestID
    let now: Timestamp
}

enum TokenOutcome: Sendable {
    case issued(TokenResponse)
    case refused(OAuthError)
}

/// RFC 6749 §5.1
struct TokenResponse: Sendable {
    let access: AccessTokenIssuer.Issued
    /// What the token stands on.
    var detail: AuthorizationDetail?
    var refreshToken: Secret?
    var idToken: String?

    func json(at now: Timestamp) -> JSONObject {
        var members = JSONObject([
            ("access_token", .string(access.token.value)), ("token_type", .string(access.claims.binding.tokenType)),
            ("expires_in", .integer(max(0, access.claims.expiresAt.seconds - now.seconds))),
        ])
        members.append("refresh_token", refreshToken?.value)
        members.append("id_token", idToken)
        members.append("scope", .string(access.claims.scope.text))
        if let detail { members.append("authorization_details", .array([.object(detail.json)])) }
        return members
    }
}
