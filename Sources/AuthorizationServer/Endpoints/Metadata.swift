import AccessTokens
import JOSE
import JSON
import OAuth
import Web

/// What the server can do, read from its catalogues (RFC 8414 §2, OpenID Connect Discovery §3).
struct Metadata: Sendable {
    let addresses: ServerAddresses
    let grants: AllGrants
    let methods: AllMethods

    private var issuer: Issuer { addresses.issuer }

    /// Those that a client can use here: a certificate needs a listener that asks for one.
    private var methodNames: [ClientAuthenticationMethod] { methods.usable(at: addresses) }

    /// `/.well-known/oauth-authorization-server`
    var authorizationServer: JSONObject {
        var members = JSONObject([
            ("issuer", .string(issuer.text)),
            ("authorization_endpoint", address("/oauth2/authorize")),
            ("token_endpoint", address("/oauth2/token")),
            ("pushed_authorization_request_endpoint", address("/oauth2/par")),
            ("require_pushed_authorization_requests", .boolean(false)),
            ("introspection_endpoint", address("/oauth2/introspect")),
            ("revocation_endpoint", address("/oauth2/revoke")),
            ("registration_endpoint", address(RegistrationEndpoint.path)),
            ("jwks_uri", address("/oauth2/jwks")),
            ("scopes_supported", list(Scope.allCases.map(\.rawValue))),
            ("response_types_supported", list(ResponseType.allCases.map(\.rawValue))),
            ("response_modes_supported", list(ResponseMode.allCases.map(\.rawValue))),
            ("grant_types_supported", list(grants.all.map(\.type.rawValue))),
            ("token_endpoint_auth_methods_supported", list(methodNames.map(\.rawValue))),
            ("token_endpoint_auth_signing_alg_values_supported", list(SignatureAlgorithm.allCases.map(\.rawValue))),
            // §2.1 of RFC 7662 wants the caller authenticated, so not by its name alone.
            ("introspection_endpoint_auth_methods_supported", list(methodNames.filter { $0 != .none }.map(\.rawValue))),
            ("introspection_endpoint_auth_signing_alg_values_supported", list(SignatureAlgorithm.allCases.map(\.rawValue))),
            ("revocation_endpoint_auth_methods_supported", list(methodNames.map(\.rawValue))),
            ("revocation_endpoint_auth_signing_alg_values_supported", list(SignatureAlgorithm.allCases.map(\.rawValue))),
            ("code_challenge_methods_supported", list(CodeChallengeMethod.allCases.map(\.rawValue))),
            ("request_parameter_supported", .boolean(true)),
            ("request_uri_parameter_supported", .boolean(false)),
            ("require_signed_request_object", .boolean(false)),
            ("request_object_signing_alg_values_supported", list(SignatureAlgorithm.allCases.map(\.rawValue))),
            ("authorization_signing_alg_values_supported", list(SignatureAlgorithm.allCases.map(\.rawValue))),
            ("introspection_signing_alg_values_supported", list(SignatureAlgorithm.allCases.map(\.rawValue))),
            ("dpop_signing_alg_values_supported", list(DPoPProof.algorithms.map(\.rawValue))),
            ("authorization_response_iss_parameter_supported", .boolean(true)),
            ("authorization_details_types_supported", list(AuthorizationDetailType.allCases.map(\.rawValue))),
            // RFC 9470 §7
            ("acr_values_supported", list(AuthenticationLevel.allCases.map(\.rawValue))),
            ("service_documentation", address("/docs")),
            ("ui_locales_supported", list(["en"])),
        ])
        members.append("tls_client_certificate_bound_access_tokens", .boolean(addresses.mutualTLS != nil))
        // RFC 8705 §5
        if let base = addresses.mutualTLS {
            let aliases = Self.clientEndpoints.map { ($0.name, JSONValue.string(base.address($0.path))) }
            members.append("mtls_endpoint_aliases", .object(JSONObject(aliases)))
        }
        return members
    }

    /// The endpoints that programs call with their own credentials or tokens.
    private static let clientEndpoints = [
        (name: "token_endpoint", path: "/oauth2/token"), (name: "pushed_authorization_request_endpoint", path: "/oauth2/par"),
        (name: "introspection_endpoint", path: "/oauth2/introspect"), (name: "revocation_endpoint", path: "/oauth2/revoke"),
        (name: "userinfo_endpoint", path: "/oauth2/userinfo"),
    ]

    /// `/.well-known/openid-configuration`
    var openIDProvider: JSONObject {
        var members = authorizationServer
        members.append("userinfo_endpoint", address("/oauth2/userinfo"))
        members.append("subject_types_supported", list(["public"]))
        members.append("id_token_signing_alg_values_supported", list(SignatureAlgorithm.allCases.map(\.rawValue)))
        members.append("prompt_values_supported", list(Prompt.allCases.map(\.rawValue)))
        members.append("claim_types_supported", list(["normal"]))
        members.append("claims_supported", list(IDTokenIssuer.claims + UserinfoEndpoint.claims.filter { !IDTokenIssuer.claims.contains($0) }))
        members.append("claims_parameter_supported", .boolean(true))
        return members
    }

    /// `/.well-known/oauth-protected-resource/v1` (RFC 9728 §2)
    var protectedResource: JSONObject {
        JSONObject([
            ("resource", .string(AccessTokenIssuer.audience(of: issuer.text))),
            ("authorization_servers", list([issuer.text])),
            ("scopes_supported", list(Scope.allCases.filter { $0.needsConsent || $0.isForApps }.map(\.rawValue))),
            ("bearer_methods_supported", list(["header"])),
            ("dpop_signing_alg_values_supported", list(DPoPProof.algorithms.map(\.rawValue))),
            ("dpop_bound_access_tokens_required", .boolean(false)),
            ("tls_client_certificate_bound_access_tokens", .boolean(addresses.mutualTLS != nil)),
            ("authorization_details_types_supported", list(AuthorizationDetailType.allCases.map(\.rawValue))),
            ("resource_name", .string("Wekeza accounts and consents")),
            ("resource_documentation", address("/docs")),
        ])
    }

    private func address(_ path: String) -> JSONValue { .string(issuer.address(path)) }
    private func list(_ texts: [String]) -> JSONValue { .array(texts.map(JSONValue.string)) }
}
