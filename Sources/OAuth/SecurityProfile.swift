public import JOSE

/// The set of protocol rules that an app has signed up to; the wire name appears once, here.
public enum SecurityProfile: String, CaseIterable, Sendable, Codable {
    /// OAuth 2.1: PKCE always.
    case oauth21
    /// As `oauth21`, for relying parties of plain OpenID Connect: a confidential one may leave PKCE out, and RS256 is what its ID tokens are signed with.
    case oidcCompat = "oidc-compat"
    /// FAPI 2.0 Security Profile.
    case fapi2
    /// FAPI 2.0 Message Signing: requests are signed too.
    case fapi2MessageSigning = "fapi2-message-signing"

    public var rules: ProfileRules {
        switch self {
        case .oauth21: ProfileRules()
        case .oidcCompat: ProfileRules(requiresPKCEOfConfidentialClients: false, idTokenAlgorithm: .rs256)
        case .fapi2: .fapi2
        case .fapi2MessageSigning: .fapi2MessageSigning
        }
    }

    public var title: String {
        switch self {
        case .oauth21: "OAuth 2.1"
        case .oidcCompat: "OpenID Connect, compatible"
        case .fapi2: "FAPI 2.0 Security Profile"
        case .fapi2MessageSigning: "FAPI 2.0 Message Signing"
        }
    }
}

/// What a profile asks of its apps: one row of the table in docs/profiles.md.
public struct ProfileRules: Hashable, Sendable {
    /// RFC 7636 for confidential clients too; public ones always need it.
    public var requiresPKCEOfConfidentialClients = true
    /// Authorization requests come through the pushed authorization request endpoint alone (FAPI 2.0 §5.3.2.2).
    public var requiresPushedRequests = false
    /// Authorization requests are signed (FAPI 2.0 Message Signing §5.3).
    public var requiresSignedRequests = false
    /// Access tokens are bound to a certificate or a DPoP key (FAPI 2.0 §5.3.2.1).
    public var requiresSenderConstrainedTokens = false
    /// Payments are approved with a second factor by every customer, who enrols where they have none (Delegated Regulation (EU) 2018/389, article 4).
    public var requiresSecondFactorForPayments = false
    /// An assertion's `aud` is the issuer, as a string; otherwise the token endpoint and the endpoint that is called will do as well.
    public var requiresIssuerAsAudience = false
    public var authenticationMethods: Set<ClientAuthenticationMethod> = Set(ClientAuthenticationMethod.allCases)
    /// What the app may sign with.
    public var algorithms: [SignatureAlgorithm] = SignatureAlgorithm.allCases
    /// What ID tokens are signed with unless the app registered otherwise.
    public var idTokenAlgorithm = SignatureAlgorithm.es256

    fileprivate static let fapi2 = ProfileRules(
        requiresPushedRequests: true, requiresSenderConstrainedTokens: true, requiresSecondFactorForPayments: true,
        requiresIssuerAsAudience: true,
        authenticationMethods: [.privateKeyJWT, .tlsClientAuth, .selfSignedTLSClientAuth],
        algorithms: SignatureAlgorithm.allCases.filter(\.isAllowedByFAPI))

    fileprivate static let fapi2MessageSigning = {
        var rules = fapi2
        rules.requiresSignedRequests = true
        return rules
    }()
}

extension ProfileRules {
    /// The rules that go beyond `oauth21`, a sentence each, for the app's page.
    public var sentences: [String] {
        let names = { (algorithms: [SignatureAlgorithm]) in algorithms.map(\.rawValue).joined(separator: ", ") }
        let plain = ProfileRules()
        let sentences: [String?] = [
            requiresPushedRequests ? "Authorization requests are pushed first (RFC 9126)." : nil,
            requiresSignedRequests ? "Authorization requests are signed (RFC 9101)." : nil,
            requiresSenderConstrainedTokens ? "Access tokens are bound to your certificate (RFC 8705) or your DPoP key (RFC 9449)." : nil,
            requiresSecondFactorForPayments ? "Customers approve payments with a one-time code after the password." : nil,
            requiresIssuerAsAudience ? "The aud of a client assertion is our issuer, as a string." : nil,
            authenticationMethods != plain.authenticationMethods
                ? "The app proves itself by a key or a certificate: "
                    + ClientAuthenticationMethod.allCases.filter(authenticationMethods.contains).map(\.rawValue).joined(separator: ", ") + "."
                : nil,
            algorithms != plain.algorithms ? "The app signs with \(names(algorithms))." : nil,
            requiresPKCEOfConfidentialClients ? nil : "PKCE may be left out by apps that authenticate (RFC 7636).",
            idTokenAlgorithm != plain.idTokenAlgorithm ? "ID tokens are signed with \(idTokenAlgorithm.rawValue) unless registered otherwise." : nil,
        ]
        return sentences.compactMap(\.self)
    }
}
