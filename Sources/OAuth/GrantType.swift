/// The ways to obtain tokens that this server implements; the wire name appears once, here.
package enum GrantType: String, CaseIterable, Sendable, Codable {
    case authorizationCode = "authorization_code"
    case refreshToken = "refresh_token"
    case clientCredentials = "client_credentials"
}

/// How an app proves itself at the token endpoint (RFC 6749 §2.3, OpenID Connect Core §9).
package enum ClientAuthenticationMethod: String, CaseIterable, Sendable, Codable {
    case clientSecretBasic = "client_secret_basic"
    case clientSecretPost = "client_secret_post"
    /// A public client: an app in a browser or on a device cannot keep a secret.
    case none
}
