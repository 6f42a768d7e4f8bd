import JOSE
import OAuth

/// Whether profile, authentication method and metadata of an app go together: what is registered must be able to work.
enum SecurityContradiction {
    static func refusal(
        profile: SecurityProfile, method: ClientAuthenticationMethod, metadata: ClientMetadata, usesBrowser: Bool
    ) -> AppRefusal? {
        let rules = profile.rules
        guard rules.authenticationMethods.contains(method) else {
            return .contradiction("The profile \(profile.rawValue) does not allow \(method.rawValue): use a key or a certificate")
        }
        if method == .privateKeyJWT, !metadata.hasKeys { return .contradiction("For private_key_jwt give the app’s public keys: jwks or jwks_uri") }
        if method == .tlsClientAuth, metadata.tlsSubject == nil {
            return .contradiction("For tls_client_auth say whom the certificate names: one of the tls_client_auth members")
        }
        if metadata.tlsClientCertificateBoundAccessTokens, method == .none {
            return .contradiction("A public app binds its tokens by DPoP: its refresh tokens would not be bound to a certificate")
        }
        let asked = [metadata.tokenEndpointAuthSigningAlgorithm, metadata.requestObjectSigningAlgorithm, metadata.idTokenSignedResponseAlgorithm]
        if let algorithm = asked.compactMap(\.self).first(where: { !rules.algorithms.contains($0) }) {
            return .contradiction("The profile \(profile.rawValue) does not allow \(algorithm.rawValue)")
        }
        let signs = rules.requiresSignedRequests || metadata.requiresSignedRequestObject
        if signs, usesBrowser, !metadata.hasKeys { return .contradiction("Signed requests need the app’s public keys: jwks or jwks_uri") }
        if rules.requiresSenderConstrainedTokens, !metadata.dpopBoundAccessTokens, !metadata.tlsClientCertificateBoundAccessTokens {
            return .contradiction(
                "The profile \(profile.rawValue) binds tokens: choose dpop_bound_access_tokens or tls_client_certificate_bound_access_tokens")
        }
        return nil
    }
}
