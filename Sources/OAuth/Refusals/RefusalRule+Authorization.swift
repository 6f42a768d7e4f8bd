extension RefusalRule {
    // What an authorization request may not break.

    public static let parameterSent = RefusalRule(
        "parameter_sent", .invalidRequest, "Every required parameter is sent, with a value", "RFC 6749 §4.1.2.1, §5.2",
        advice: "Send the parameter. One that is empty counts as left out.")
    public static let sentOnce = RefusalRule(
        "sent_once", .invalidRequest, "No parameter is sent more than once", "RFC 6749 §3.1, §3.2",
        advice: "Look for a parameter that stands in the address and is added by the library as well. Only resource may come several times.")
    public static let wellFormed = RefusalRule(
        "well_formed", .invalidRequest, "Every parameter is well formed", "OpenID Connect Core §3.1.2.1, §3.1.2.2",
        advice: "Compare the value with the form that is expected.")
    public static let registeredRedirectURI = RefusalRule(
        "redirect_uri_registered", .invalidRequest, "The redirect URI is one that the app registered, character by character", "RFC 9700 §2.1",
        parameter: "redirect_uri",
        advice: "Compare the two: scheme, host, port, path, a slash at the end. Register the address on the app’s page, or send a registered one.")
    public static let responseType = RefusalRule(
        "response_type_supported", .unsupportedResponseType, "The response type is code", "RFC 6749 §3.1.1", parameter: "response_type",
        advice: "Send response_type=code with a code challenge. The implicit and hybrid flows are not served (RFC 9700 §2.1.2).")
    public static let responseMode = RefusalRule(
        "response_mode_supported", .invalidRequest, "The response mode is one of those in the metadata", "OAuth 2.0 Multiple Response Types §2.1",
        parameter: "response_mode", advice: "Leave it out for query, or take one of response_modes_supported.")
    public static let pkce = RefusalRule(
        "code_challenge_sent", .invalidRequest, "The request carries a code challenge", "RFC 7636 §4.3, RFC 9700 §2.1.1", parameter: "code_challenge",
        advice: "Turn PKCE on in the library: code_challenge is the base64url SHA-256 of a code verifier that the app keeps for the token request.")
    public static let challengeMethod = RefusalRule(
        "code_challenge_method", .invalidRequest, "The code challenge method is S256", "RFC 7636 §4.3, RFC 9700 §2.1.1", parameter: "code_challenge_method",
        advice: "Send code_challenge_method=S256. Left out, it means plain, which protects nothing.")
    public static let challengeForm = RefusalRule(
        "code_challenge_form", .invalidRequest, "The code challenge is a SHA-256 digest in base64url", "RFC 7636 §4.2", parameter: "code_challenge",
        advice: "Encode the 32 bytes of the digest in base64url without padding; do not send them in hexadecimal.")
    public static let resource = RefusalRule(
        "resource_known", .invalidTarget, "The resource is this API", "RFC 8707 §2", parameter: "resource",
        advice: "Leave it out, or send the address that the protected resource metadata names.")
    public static let dpopThumbprint = RefusalRule(
        "dpop_jkt_form", .invalidRequest, "dpop_jkt is a SHA-256 thumbprint in base64url", "RFC 9449 §10", parameter: "dpop_jkt",
        advice: "Compute the thumbprint of the public key as RFC 7638 says; it has 43 characters.")
    public static let authorizationDetails = RefusalRule(
        "authorization_details", .invalidAuthorizationDetails, "The authorization details are one object of a known type with its members", "RFC 9396 §2, §5",
        parameter: "authorization_details", advice: "Send a JSON array with one object: type account_access and the consent_id that you lodged.")
    public static let lodgedConsent = RefusalRule(
        "consent_waits", .invalidAuthorizationDetails, "The consent is the app’s own and waits for this customer", "RFC 9396 §5",
        parameter: "authorization_details", advice: "Lodge a new consent and send its id. A consent is authorised once, before it expires.")
    public static let scopeSent = RefusalRule(
        "scope_sent", .invalidScope, "The request says what it asks for", "RFC 6749 §3.3", parameter: "scope",
        advice: "Send scope, or the authorization_details of a consent that you lodged.")
    public static let scopeKnown = RefusalRule(
        "scope_known", .invalidScope, "Every scope is known", "RFC 6749 §3.3", parameter: "scope",
        advice: "Take scopes of scopes_supported, separated by single spaces.")
    public static let scopeRegistered = RefusalRule(
        "scope_registered", .invalidScope, "The app is registered for every scope", "RFC 6749 §3.3", parameter: "scope",
        advice: "The app’s page lists its scopes. Ask for fewer, or have the app registered for more.")
    public static let scopeOfCustomer = RefusalRule(
        "scope_of_customer", .invalidScope, "The scopes are ones that a customer can give", "RFC 6749 §3.3", parameter: "scope",
        advice: "The app gets consents.write for itself, with client credentials.")
    public static let scopeOfPayment = RefusalRule(
        "scope_of_payment", .invalidScope, "payments.write follows from a lodged payment consent", "RFC 9396 §3.1", parameter: "scope",
        advice: "Lodge the payment consent first and send its id in authorization_details.")
    public static let prompt = RefusalRule(
        "prompt", .invalidRequest, "The prompt has known values, none of them together with none", "OpenID Connect Core §3.1.2.1", parameter: "prompt",
        advice: "Take none, or any of login, consent and select_account.")
    public static let claims = RefusalRule(
        "claims_form", .invalidRequest, "claims is a JSON object of JSON objects", "OpenID Connect Core §5.5", parameter: "claims",
        advice: "Encode the JSON once, and form-encode it once.")
    public static let claimedSubject = RefusalRule(
        "claimed_subject", .invalidRequest, "The sub asked for is a customer, and the one of the hint", "OpenID Connect Core §5.5.1", parameter: "claims",
        advice: "Send the sub of an ID token that this app got.")
    public static let idTokenHint = RefusalRule(
        "id_token_hint", .invalidRequest, "The hint is an ID token that we issued to this app", "OpenID Connect Core §3.1.2.1", parameter: "id_token_hint",
        advice: "Send the ID token as it came. It may have expired; it may not be another app’s or another server’s.")
    public static let knownLevel = RefusalRule(
        "acr_known", .unmetAuthenticationRequirements, "An essential level of authentication is one that we know", "OpenID Connect Core §5.5.1.1",
        parameter: "claims", advice: "Take values of acr_values_supported.")
    public static let pushedRequest = RefusalRule(
        "request_pushed", .invalidRequest, "The app pushes its authorization requests", "RFC 9126 §5, FAPI 2.0 §5.3.2.2", parameter: "request_uri",
        advice: "Post the parameters to the pushed authorization request endpoint and send the customer with client_id and request_uri alone.")
    public static let signedRequest = RefusalRule(
        "request_signed", .invalidRequest, "The app signs its authorization requests", "RFC 9101 §10.5, FAPI 2.0 Message Signing §5.3", parameter: "request",
        advice: "Put the parameters as claims into a JWT signed with a key of the app, and send it in request.")
    public static let ownRequestURI = RefusalRule(
        "request_uri_ours", .requestURINotSupported, "A request_uri is one that we issued", "RFC 9101 §10.4, RFC 9126 §4", parameter: "request_uri",
        advice: "Push the request and send the request_uri of the answer. Addresses elsewhere are never fetched.")
    public static let requestNotNested = RefusalRule(
        "request_not_nested", .invalidRequestObject, "A request object holds no other one", "RFC 9101 §4", parameter: "request",
        advice: "Put the parameters themselves into the request object.")
    public static let requestOrReference = RefusalRule(
        "request_or_request_uri", .invalidRequest, "A request has a request object or a reference to one, not both", "RFC 9101 §5", parameter: "request",
        advice: "Send the request object by itself, or push it and send the request_uri of the answer.")
    public static let noRegistration = RefusalRule(
        "no_registration", .registrationNotSupported, "A request registers no app", "OpenID Connect Core §3.1.2.6", parameter: "registration",
        advice: "Register the app in the portal.")

    static let authorization = [
        parameterSent, sentOnce, wellFormed, registeredRedirectURI, responseType, responseMode, pkce, challengeMethod, challengeForm, resource,
        dpopThumbprint, authorizationDetails, lodgedConsent, scopeSent, scopeKnown, scopeRegistered, scopeOfCustomer, scopeOfPayment, prompt, claims,
        claimedSubject, idTokenHint, knownLevel, pushedRequest, signedRequest, ownRequestURI, requestNotNested, requestOrReference, noRegistration,
    ]
}

extension RefusalRule {
    // What only the customer, or the time, can mend.

    public static let signedIn = RefusalRule(
        "customer_signed_in", .loginRequired, "A silent request finds the customer signed in", "OpenID Connect Core §3.1.2.6", parameter: "prompt",
        advice: "Send the customer again without prompt=none: they will be asked to sign in.")
    public static let decided = RefusalRule(
        "customer_decided", .consentRequired, "A silent request finds what it asks for granted to the app", "OpenID Connect Core §3.1.2.6", parameter: "prompt",
        advice: "Send the customer again without prompt=none. Accounts are never shared silently.")
    public static let pageSeen = RefusalRule(
        "customer_saw_page", .interactionRequired, "A silent request needs no page", "OpenID Connect Core §3.1.2.6", parameter: "prompt",
        advice: "Send the customer again without prompt=none.")
    public static let approved = RefusalRule(
        "customer_approved", .accessDenied, "The customer approves", "RFC 6749 §4.1.2.1",
        advice: "Respect it. The customer can start again from the app.")
    public static let levelReached = RefusalRule(
        "acr_reached", .unmetAuthenticationRequirements, "The customer signs in with what an essential level asks", "OpenID Connect Core §5.5.1.1",
        parameter: "claims", advice: "Ask with acr_values when a lower level will do too.")
    public static let appInUse = RefusalRule(
        "app_in_use", .unauthorizedClient, "The app is in use", "RFC 6749 §4.1.2.1", parameter: "client_id",
        advice: "Open the app’s page in the portal: it waits to be confirmed, or was removed.")

    static let customers = [signedIn, decided, pageSeen, approved, levelReached, appInUse]
}

extension RefusalRule {
    // Pushed requests.

    public static let noPushedReference = RefusalRule(
        "request_uri_not_pushed", .invalidRequest, "A pushed request is no reference to another one", "RFC 9126 §2.1", parameter: "request_uri",
        advice: "Push the parameters themselves.")
    public static let pushedKey = RefusalRule(
        "dpop_jkt_of_proof", .invalidRequest, "dpop_jkt is the thumbprint of the proof’s own key", "RFC 9449 §10.1", parameter: "dpop_jkt",
        advice: "Leave dpop_jkt out: the proof that comes with the pushed request binds the code by itself.")
    public static let fewPushed = RefusalRule(
        "pushed_not_too_many", .temporarilyUnavailable, "Not too many pushed requests of one app wait", "RFC 9126 §2.3",
        advice: "Push a request when the customer is about to be sent, not before.")
    public static let slowlyPushed = RefusalRule(
        "pushed_slowly_enough", .temporarilyUnavailable, "Public apps push their requests slowly enough from one network", "RFC 9126 §2.3",
        advice: "Wait for the seconds in Retry-After. Others may call from the same network: a backend of yours, with credentials, is not counted with them.")

    public static let pushedReference = RefusalRule(
        "request_uri_waits", .invalidRequestURI, "The request_uri is one that the app pushed and that waits for its customer", "RFC 9126 §4",
        parameter: "request_uri", advice: "Push a request for each customer, right before you send them. It waits for 90 seconds and is answered once.")

    static let pushed = [pushedReference, noPushedReference, pushedKey, fewPushed, slowlyPushed]
}
