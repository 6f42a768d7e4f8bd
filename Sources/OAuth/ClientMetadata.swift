public import JOSE
import JSON

/// What a client says about itself beyond the columns of its own (RFC 7591 §2 and the registry of client metadata): its keys, and how it wants to be answered.
public struct ClientMetadata: Hashable, Sendable {
    /// The app's public keys, or where they are published: one of the two.
    public var jwks: JWKSet?
    public var jwksURI: String?
    /// RFC 8705 §2.1.2
    public var tlsSubject: TLSClientSubject?
    public var tokenEndpointAuthSigningAlgorithm: SignatureAlgorithm?
    public var requestObjectSigningAlgorithm: SignatureAlgorithm?
    public var idTokenSignedResponseAlgorithm: SignatureAlgorithm?
    /// JARM §3
    public var authorizationSignedResponseAlgorithm: SignatureAlgorithm?
    /// RFC 9701 §6
    public var introspectionSignedResponseAlgorithm: SignatureAlgorithm?
    /// RFC 9449 §5.2
    public var dpopBoundAccessTokens = false
    /// RFC 8705 §3.4
    public var tlsClientCertificateBoundAccessTokens = false
    /// RFC 9126 §6
    public var requiresPushedAuthorizationRequests = false
    /// RFC 9101 §10.5
    public var requiresSignedRequestObject = false
    /// Seconds: `max_age` of requests that have none (OpenID Connect Registration §2).
    public var defaultMaxAge: Int?
    /// `acr_values` of requests that ask for no level.
    public var defaultACRValues: [String] = []
    /// Pages of the app, by their wire names; links lead to them, and nothing is fetched.
    public var pages: [Page: String] = [:]
    /// What people read in other languages (RFC 7591 §2.2), by its whole wire name: `client_name#sw`.
    public var translations: [String: String] = [:]
    public var contacts: [String] = []
    public var softwareID: String?
    public var softwareVersion: String?

    public enum Page: String, CaseIterable, Sendable {
        case client = "client_uri"
        case logo = "logo_uri"
        case policy = "policy_uri"
        case terms = "tos_uri"

        public var title: String {
            switch self {
            case .client: "Website"
            case .logo: "Logo"
            case .policy: "Privacy policy"
            case .terms: "Terms of use"
            }
        }

        /// Those that people open before they decide, in the order in which they read them. Not the logo: a picture of the app's own server, on a page of ours,
        /// would tell it who decides when.
        public static let opened: [Page] = [.client, .policy, .terms]
    }

    public init() {}

    public var isEmpty: Bool { self == ClientMetadata() }
    /// Whether there are keys to check its signatures with, or may be.
    public var hasKeys: Bool { jwks?.keys.isEmpty == false || jwksURI != nil }
}

/// Whom a certificate must name (RFC 8705 §2.1.2).
public struct TLSClientSubject: Hashable, Sendable {
    public enum Kind: String, CaseIterable, Sendable {
        /// A distinguished name as RFC 4514 spells it.
        case subjectDN = "tls_client_auth_subject_dn"
        case dns = "tls_client_auth_san_dns"
        case uri = "tls_client_auth_san_uri"
        case ip = "tls_client_auth_san_ip"
        case email = "tls_client_auth_san_email"
    }

    public let kind: Kind
    public let value: String

    public init(kind: Kind, value: String) {
        self.kind = kind
        self.value = value
    }
}
