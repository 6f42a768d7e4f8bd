/// A refusal as the protocol tells it: a code of the registry and one plain sentence.
public struct OAuthError: Error, Hashable, Sendable {
    public let code: Code
    /// ASCII without quotes and backslashes (RFC 6749 §5.2), nothing from the request in it.
    public let description: String
    /// For the developers of the app alone; `nil` where code and description say all there is.
    public let explanation: Explanation?

    public init(_ code: Code, _ description: String, explanation: Explanation? = nil) {
        self.code = code
        self.description = description
        self.explanation = explanation
    }

    /// A request that breaks a rule.
    /// - Parameters:
    ///   - parameter: the one that breaks it, where the rule is about any.
    ///   - expected: nothing from the request in it.
    public static func against(
        _ rule: RefusalRule, _ description: String, parameter: String? = nil, expected: String? = nil, received: Received? = nil
    ) -> OAuthError {
        OAuthError(
            rule.code, description, explanation: Explanation(rule: rule, parameter: parameter ?? rule.parameter, expected: expected, received: received))
    }

    public enum Code: String, CaseIterable, Sendable {
        // RFC 6749 §4.1.2.1, §5.2
        case invalidRequest = "invalid_request"
        case invalidClient = "invalid_client"
        case invalidGrant = "invalid_grant"
        case unauthorizedClient = "unauthorized_client"
        case unsupportedGrantType = "unsupported_grant_type"
        case unsupportedResponseType = "unsupported_response_type"
        case invalidScope = "invalid_scope"
        case accessDenied = "access_denied"
        case serverError = "server_error"
        case temporarilyUnavailable = "temporarily_unavailable"
        // OpenID Connect Core §3.1.2.6
        case loginRequired = "login_required"
        case consentRequired = "consent_required"
        case interactionRequired = "interaction_required"
        // RFC 9101 §7, RFC 9126 §2.3
        case invalidRequestObject = "invalid_request_object"
        case invalidRequestURI = "invalid_request_uri"
        case requestURINotSupported = "request_uri_not_supported"
        case registrationNotSupported = "registration_not_supported"
        // OpenID Connect Core Error Code unmet_authentication_requirements §2
        case unmetAuthenticationRequirements = "unmet_authentication_requirements"
        // RFC 9396 §5
        case invalidAuthorizationDetails = "invalid_authorization_details"
        // RFC 8707 §2
        case invalidTarget = "invalid_target"
        // RFC 9449 §5, §8
        case invalidDPoPProof = "invalid_dpop_proof"
        case useDPoPNonce = "use_dpop_nonce"
        // RFC 6750 §3.1
        case invalidToken = "invalid_token"
        case insufficientScope = "insufficient_scope"
        // RFC 7591 §3.2.2
        case invalidRedirectURI = "invalid_redirect_uri"
        case invalidClientMetadata = "invalid_client_metadata"
        case invalidSoftwareStatement = "invalid_software_statement"
        case unapprovedSoftwareStatement = "unapproved_software_statement"
    }

    public static func invalidRequest(_ description: String) -> OAuthError { OAuthError(.invalidRequest, description) }
    public static func invalidClient(_ description: String) -> OAuthError { OAuthError(.invalidClient, description) }
    public static func invalidToken(_ description: String) -> OAuthError { OAuthError(.invalidToken, description) }
}

extension OAuthError.Code {
    /// The path of the error's page in the documentation: what `error_uri` leads to.
    public var documentationPath: String { "/docs/errors/oauth/\(rawValue)" }

    /// The document that defines the code.
    public var clause: String {
        switch self {
        case .invalidRequest, .unauthorizedClient, .invalidScope, .accessDenied, .serverError, .temporarilyUnavailable, .unsupportedResponseType:
            "RFC 6749 §4.1.2.1"
        case .invalidClient, .invalidGrant, .unsupportedGrantType: "RFC 6749 §5.2"
        case .loginRequired, .consentRequired, .interactionRequired, .registrationNotSupported, .requestURINotSupported: "OpenID Connect Core §3.1.2.6"
        case .invalidRequestObject, .invalidRequestURI: "RFC 9101 §7"
        case .unmetAuthenticationRequirements: "OpenID Connect Core Error Code unmet_authentication_requirements §2"
        case .invalidAuthorizationDetails: "RFC 9396 §5"
        case .invalidTarget: "RFC 8707 §2"
        case .invalidDPoPProof: "RFC 9449 §5"
        case .useDPoPNonce: "RFC 9449 §8"
        case .invalidToken, .insufficientScope: "RFC 6750 §3.1"
        case .invalidRedirectURI, .invalidClientMetadata, .invalidSoftwareStatement, .unapprovedSoftwareStatement: "RFC 7591 §3.2.2"
        }
    }

    /// The one line that names the refusal.
    public var title: String {
        switch self {
        case .invalidRequest: "A parameter is missing, repeated or malformed"
        case .invalidClient: "The app did not prove who it is"
        case .invalidGrant: "The code or refresh token cannot be used"
        case .unauthorizedClient: "The app is not registered for this"
        case .unsupportedGrantType: "There is no such grant type here"
        case .unsupportedResponseType: "Only the response type code is answered"
        case .invalidScope: "A scope is unknown or not the app's"
        case .accessDenied: "The customer said no"
        case .serverError: "Something went wrong on our side"
        case .temporarilyUnavailable: "We cannot answer right now"
        case .loginRequired: "The customer has to sign in"
        case .consentRequired: "The customer has to decide"
        case .interactionRequired: "The customer has to see a page"
        case .invalidRequestObject: "The request object cannot be used"
        case .invalidRequestURI: "The pushed request is not there any more"
        case .invalidTarget: "There is no such resource here"
        case .requestURINotSupported: "Request objects are not fetched"
        case .registrationNotSupported: "Registration inside a request is not read"
        case .unmetAuthenticationRequirements: "The customer was not authenticated as the app requires"
        case .invalidAuthorizationDetails: "The authorization details cannot be granted"
        case .invalidDPoPProof: "The DPoP proof proves nothing"
        case .useDPoPNonce: "The DPoP proof needs a nonce of ours"
        case .invalidToken: "The access token does not work here"
        case .insufficientScope: "The token's scope does not cover this address"
        case .invalidRedirectURI: "A redirect URI cannot be registered"
        case .invalidClientMetadata: "A member of the client metadata cannot be registered"
        case .invalidSoftwareStatement: "The software statement proves nothing"
        case .unapprovedSoftwareStatement: "The software statement comes from nobody we know"
        }
    }

    /// What to do about it.
    public var advice: String {
        switch self {
        case .invalidRequest:
            "Read the description: it names the parameter. Send each parameter once, in a form of type application/x-www-form-urlencoded, never in the token endpoint's address."
        case .invalidClient:
            "Send the client id and secret in the way the app is registered for, one way at a time. In HTTP Basic both parts are form-encoded first (RFC 6749 section 2.3.1)."
        case .invalidGrant:
            "A code works once, within 60 seconds, for the app and redirect URI that asked for it, with its code verifier. A refresh token works until its grant ends. Send the customer through a new authorization."
        case .unauthorizedClient: "Look at the app's page in the portal: its grant types decide what it may ask for, its allowed addresses from where."
        case .unsupportedGrantType: "Use authorization_code, refresh_token or client_credentials; the metadata lists them under grant_types_supported."
        case .unsupportedResponseType: "Send response_type=code with a code challenge (PKCE, S256)."
        case .invalidScope:
            "Ask for scopes of the metadata's scopes_supported that the app is registered for. Client credentials give consents.write only; a refresh can narrow, never widen."
        case .accessDenied: "Respect it. The app may ask again when the customer starts the connection again."
        case .serverError: "Try again. If it happens again, tell us the request id."
        case .temporarilyUnavailable: "Wait for the seconds in Retry-After and try again."
        case .loginRequired: "Send the customer again without prompt=none."
        case .consentRequired: "Send the customer again without prompt=none."
        case .interactionRequired: "Send the customer again without prompt=none."
        case .invalidRequestObject:
            "Read the description: it names what is wrong. Sign the request with a key of the app's JWK set; iss is the client_id, aud is our issuer."
        case .requestURINotSupported:
            "Push the request to the pushed authorization request endpoint and send the request_uri that it answers, or send the parameters themselves."
        case .invalidRequestURI: "A request_uri works for 90 seconds, for the app that pushed it, until the customer has answered. Push the request again."
        case .invalidTarget: "Leave the resource out, or send the one that /.well-known/oauth-protected-resource/v1 names."
        case .registrationNotSupported: "Register the app in the portal."
        case .unmetAuthenticationRequirements:
            "Ask for a level of the metadata's acr_values_supported. A customer without two-step sign-in is offered to turn it on, and may decline; ask with acr_values when the lower level will do too."
        case .invalidAuthorizationDetails:
            "Send one object {type: account_access, consent_id: ...} with a consent that this app lodged, that waits for its customer and has not expired. A token request needs none; it may name the grant's own."
        case .invalidDPoPProof:
            "Read the description: it names what is wrong. A proof is made for each request: its method, its address, and at the API the digest of the access token."
        case .useDPoPNonce:
            "Make the proof again with the nonce of the header DPoP-Nonce, and send the request again. Look at your clock: within a minute of ours no nonce is needed."
        case .invalidToken: "Access tokens live 5 minutes. Get the next one with the refresh token."
        case .insufficientScope: "Ask for the scope when you send the customer."
        case .invalidRedirectURI:
            "Read the description: it names the address and the rule. Use https, http for localhost only, or for a native app a scheme with a dot; no wildcard, no fragment."
        case .invalidClientMetadata:
            "Read the description: it names the member, the rule and what came. The metadata of this server lists what it supports; members that it does not know are left out."
        case .invalidSoftwareStatement:
            "Read the description: it names what is wrong. Get a new statement from its issuer: one works once where it has a jti, and until its exp."
        case .unapprovedSoftwareStatement: "Ask the bank to trust the issuer of your statement, and to say which organisation here it speaks of."
        }
    }
}
