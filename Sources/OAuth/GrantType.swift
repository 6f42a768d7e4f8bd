/// The ways to obtain tokens that this server implements; the wire name appears once, here.
package enum GrantType: String, CaseIterable, Sendable, Codable {
    case authorizationCode = "authorization_code"
    case refreshToken = "refresh_token"
    case clientCredentials = "client_credentials"
}
