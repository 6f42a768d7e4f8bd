/// How an app proves itself at the token endpoint (RFC 6749 §2.3, OpenID Connect Core §9, RFC 8705 §2); the wire name appears once, here.
public enum ClientAuthenticationMethod: String, CaseIterable, Sendable, Codable {
    case clientSecretBasic = "client_secret_basic"
    case clientSecretPost = "client_secret_post"
    /// A JWT that the app signs with its own key (RFC 7523 §2.2).
    case privateKeyJWT = "private_key_jwt"
    /// A certificate of a known authority, for the registered subject (RFC 8705 §2.1).
    case tlsClientAuth = "tls_client_auth"
    /// A registered certificate (RFC 8705 §2.2).
    case selfSignedTLSClientAuth = "self_signed_tls_client_auth"
    /// A public client: an app in a browser or on a device cannot keep a secret.
    case none

    /// Whether the platform makes a secret for the app and shows it once.
    public var usesSecret: Bool { self == .clientSecretBasic || self == .clientSecretPost }
    public var usesCertificate: Bool { self == .tlsClientAuth || self == .selfSignedTLSClientAuth }
}
