package import JOSE
package import JSON

/// What a client says about itself beyond the columns of its own (RFC 7591 §2 and the registry of client metadata): its keys, and how it wants to be answered.
package struct ClientMetadata: Hashable, Sendable {
    /// The app's public keys, or where they are published: one of the two.
    package var jwks: JWKSet?
    package var jwksURI: String?
    /// RFC 8705 §2.1.2
    package var tlsSubject: TLSClientSubject?
    package var tokenEndpointAuthSigningAlgorithm: SignatureAlgorithm?
    package var requestObjectSigningAlgorithm: SignatureAlgorithm?
    package var idTokenSignedResponseAlgorithm: SignatureAlgorithm?
    /// JARM §3
    package var authorizationSignedResponseAlgorithm: SignatureAlgorithm?
    /// RFC 9701 §6
    package var introspectionSignedResponseAlgorithm: SignatureAlgorithm?
    /// RFC 9449 §5.2
    package var dpopBoundAccessTokens = false
    /// RFC 8705 §3.4
    package var tlsClientCertificateBoundAccessTokens = false
    /// RFC 9126 §6
    package var requiresPushedAuthorizationRequests = false
    /// RFC 9101 §10.5
    package var requiresSignedRequestObject = false
    /// Seconds: `max_age` of requests that have none (OpenID Connect Registration §2).
    package var defaultMaxAge: Int?
    /// `acr_values` of requests that ask for no level.
    package var defaultACRValues: [String] = []
    /// Pages of the app, by their wire names; links lead to them, and nothing is fetched.
    package var pages: [Page: String] = [:]
    /// What people read in other languages (RFC 7591 §2.2), by its whole wire name: `client_name#sw`.
    package var translations: [String: String] = [:]
    package var contacts: [String] = []
    package var softwareID: String?
    package var softwareVersion: String?

    package enum Page: String, CaseIterable, Sendable {
        case client = "client_uri"
        case logo = "logo_uri"
        case policy = "policy_uri"
        case terms = "tos_uri"

        package var title: String {
            switch self {
            case .client: "Website"
            case .logo: "Logo"
            case .policy: "Privacy policy"
            case .terms: "Terms of use"
            }
        }

        /// Those that people open before they decide, in the order in which they read them. Not the logo: a picture of the app's own server, on a page of ours,
        /// would tell it who decides when.
        package static let opened: [Page] = [.client, .policy, .terms]
    }

    package init() {}

    package var isEmpty: Bool { self == ClientMetadata() }
    package var hasKeys: Bool { jwks != nil || jwksURI != nil }
}

/// Whom a certificate must name (RFC 8705 §2.1.2).
package struct TLSClientSubject: Hashable, Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        /// A distinguished name as RFC 4514 spells it.
        case subjectDN = "tls_client_auth_subject_dn"
        case dns = "tls_client_auth_san_dns"
        case uri = "tls_client_auth_san_uri"
        case ip = "tls_client_auth_san_ip"
        case email = "tls_client_auth_san_email"
    }

    package let kind: Kind
    package let value: String

    package init(kind: Kind, value: String) {
        self.kind = kind
        self.value = value
    }
}
