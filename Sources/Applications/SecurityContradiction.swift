import Certificates
import JOSE
public import OAuth
import Primitives

/// Something in profile, authentication method and metadata of an app that does not go together: what is registered must be able to work.
public struct SecurityContradiction: Hashable, Sendable {
    /// What is to be changed.
    public enum Subject: Hashable, Sendable {
        case method, keys, certificateSubject, binding
        /// - member: the wire name of the one that names it.
        case algorithm(member: String)
    }

    public let subject: Subject
    /// One sentence without a full stop.
    public let text: String

    private init(_ subject: Subject, _ text: String) {
        self.subject = subject
        self.text = text
    }

    static func refusal(
        profile: SecurityProfile, method: ClientAuthenticationMethod, metadata: ClientMetadata, usesBrowser: Bool
    ) -> AppRefusal? {
        all(profile: profile, method: method, metadata: metadata, usesBrowser: usesBrowser).first.map { .contradiction($0.text) }
    }

    /// Every contradiction, for a form that shows each beside its field.
    public static func all(
        profile: SecurityProfile, method: ClientAuthenticationMethod, metadata: ClientMetadata, usesBrowser: Bool
    ) -> [SecurityContradiction] {
        let rules = profile.rules
        var found: [SecurityContradiction] = []
        func add(_ subject: Subject, _ text: String, if applies: Bool) { if applies { found.append(SecurityContradiction(subject, text)) } }

        add(
            .method, "The profile \(profile.rawValue) does not allow \(method.rawValue): use a key or a certificate",
            if: !rules.authenticationMethods.contains(method))
        add(.keys, "For private_key_jwt give the app’s public keys: jwks or jwks_uri", if: method == .privateKeyJWT && !metadata.hasKeys)
        add(
            .certificateSubject, "For tls_client_auth say whom the certificate names: one of the tls_client_auth members",
            if: method == .tlsClientAuth && metadata.tlsSubject == nil)
        add(
            .certificateSubject, "The name in the certificate cannot be read: write a distinguished name such as CN=acme,O=Acme (RFC 4514), or an IP address",
            if: metadata.tlsSubject?.isReadable == false)
        add(
            .binding, "A public app binds its tokens by DPoP: its refresh tokens would not be bound to a certificate",
            if: metadata.tlsClientCertificateBoundAccessTokens && method == .none)
        let asked = [
            ("token_endpoint_auth_signing_alg", metadata.tokenEndpointAuthSigningAlgorithm),
            ("request_object_signing_alg", metadata.requestObjectSigningAlgorithm), ("id_token_signed_response_alg", metadata.idTokenSignedResponseAlgorithm),
            ("authorization_signed_response_alg", metadata.authorizationSignedResponseAlgorithm),
            ("introspection_signed_response_alg", metadata.introspectionSignedResponseAlgorithm),
        ]
        for case (let member, let algorithm?) in asked {
            add(
                .algorithm(member: member), "The profile \(profile.rawValue) does not allow \(algorithm.rawValue)", if: !rules.algorithms.contains(algorithm))
        }
        let signs = rules.requiresSignedRequests || metadata.requiresSignedRequestObject
        add(.keys, "Signed requests need the app’s public keys: jwks or jwks_uri", if: signs && usesBrowser && !metadata.hasKeys)
        add(
            .binding, "The profile \(profile.rawValue) binds tokens: choose dpop_bound_access_tokens or tls_client_certificate_bound_access_tokens",
            if: rules.requiresSenderConstrainedTokens && !metadata.dpopBoundAccessTokens && !metadata.tlsClientCertificateBoundAccessTokens)
        return found
    }
}

extension TLSClientSubject {
    /// One that cannot be read is named by no certificate.
    fileprivate var isReadable: Bool {
        switch kind {
        case .subjectDN: DistinguishedName(rfc4514: value) != nil
        case .ip: IPAddress(value) != nil
        case .dns, .uri, .email: true
        }
    }
}
