import AccessTokens
import JOSE
package import JSON
import OAuth
import Web

/// What the server can do, read from its catalogues (RFC 8414 §2, OpenID Connect Discovery §3).
struct Metadata: Sendable {
    let issuer: Issuer
    let grants: AllGrants
    let methods: [any ClientAuthenticator]

    /// `/.well-known/oauth-authorization-server`
    var authorizationServer: JSONObject {
        JSONObject([
            ("issuer", .string(issuer.text)),
            ("authorization_endpoint", address("/oauth2/authorize")),
            ("token_endpoint", address("/oauth2/token")),
            ("introspection_endpoint", address("/oauth2/introspect")),
            ("revocation_endpoint", address("/oauth2/revoke")),
            ("jwks_uri", address("/oauth2/jwks")),
            ("scopes_supported", list(Scope.allCases.filter { $0 != .paymentsWrite }.map(\.rawValue))),
            ("response_types_supported", list(ResponseType.allCases.map(\.rawValue))),
            ("response_modes_supported", list(ResponseMode.allCases.map(\.rawValue))),
            ("grant_types_supported", list(grants.all.map(\.type.rawValue))),
            ("token_endpoint_auth_methods_supported", list(methods.map(\.method.rawValue))),
            // §2.1 of RFC 7662 wants the caller authenticated, so not by its name alone.
            ("introspection_endpoint_auth_methods_supported", list(methods.map(\.method).filter { $0 != .none }.map(\.rawValue))),
            ("revocation_endpoint_auth_methods_supported", list(methods.map(\.method.rawValue))),
            ("code_challenge_methods_supported", list(CodeChallengeMethod.allCases.map(\.rawValue))),
            ("authorization_response_iss_parameter_supported", .boolean(true)),
            ("authorization_details_types_supported", list(AuthorizationDetail.types)),
            // RFC 9470 §7
            ("acr_values_supported", list(AuthenticationLevel.allCases.map(\.rawValue))),
            ("service_documentation", address("/docs")),
            ("ui_locales_supported", list(["en"])),
        ])
    }

    /// `/.well-known/openid-configuration`
    var openIDProvider: JSONObject {
        var members = authorizationServer
        members.append("userinfo_endpoint", address("/oauth2/userinfo"))
        members.append("subject_types_supported", list(["public"]))
        members.append("id_token_signing_alg_values_supported", list(["ES256"]))
        members.append("prompt_values_supported", list(Prompt.allCases.map(\.rawValue)))
        members.append("claim_types_supported", list(["normal"]))
        members.append("claims_supported", list(IDTokenIssuer.claims + UserinfoEndpoint.claims.filter { !IDTokenIssuer.claims.contains($0) }))
        members.append("claims_parameter_supported", .boolean(true))
        members.append("request_parameter_supported", .boolean(false))
        members.append("request_uri_parameter_supported", .boolean(false))
        return members
    }

    private func address(_ path: String) -> JSONValue { .string(issuer.address(path)) }
    private func list(_ texts: [String]) -> JSONValue { .array(texts.map(JSONValue.string)) }
}
