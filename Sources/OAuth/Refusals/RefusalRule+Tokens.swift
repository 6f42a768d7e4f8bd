extension RefusalRule {
    // What a token request may not break.

    public static let supportedGrantType = RefusalRule(
        "grant_type_supported", .unsupportedGrantType, "The grant type is one of those in the metadata", "RFC 6749 §5.2", parameter: "grant_type",
        advice: "Take one of grant_types_supported.")
    public static let registeredGrantType = RefusalRule(
        "grant_type_registered", .unauthorizedClient, "The app is registered for the grant type", "RFC 6749 §5.2", parameter: "grant_type",
        advice: "The app’s page lists its grant types. Create an app of another kind for the others.")
    public static let dpopProofSent = RefusalRule(
        "dpop_proof_sent", .invalidRequest, "An app whose tokens are bound to a key proves that it holds one", "RFC 9449 §5, §5.2", parameter: "DPoP",
        advice: "Send a DPoP proof for this request, or change how the app’s tokens are bound on its page.")
    public static let bindingCertificateSent = RefusalRule(
        "binding_certificate_sent", .invalidRequest, "An app whose tokens are bound to its certificate presents it", "RFC 8705 §3",
        advice: "Call the address of mtls_endpoint_aliases with the certificate.")
    public static let bindingCertificateAccepted = RefusalRule(
        "binding_certificate_accepted", .invalidRequest, "A token is bound to a certificate that is in force", "RFC 8705 §3, RFC 5280 §6.1",
        advice: "The app’s certificates page tells what is wrong with a certificate.")
    public static let codeKnown = RefusalRule(
        "code_known", .invalidGrant, "The code is one that we issued", "RFC 6749 §4.1.3, §5.2", parameter: "code",
        advice: "Send the code as it stood in the redirect, decoded once.")
    public static let codeOfApp = RefusalRule(
        "code_of_app", .invalidGrant, "The code was issued to this app", "RFC 6749 §4.1.3", parameter: "code",
        advice: "Redeem it with the client_id that the authorization request named. When it did not come from you, somebody is trying codes of others.")
    public static let codeFresh = RefusalRule(
        "code_fresh", .invalidGrant, "The code is redeemed before it expires", "RFC 6749 §4.1.2", parameter: "code",
        advice: "Redeem the code when it arrives, and look at your clock and queues.")
    public static let codeOnce = RefusalRule(
        "code_once", .invalidGrant, "The code is redeemed once", "RFC 6749 §4.1.2, §10.5", parameter: "code",
        advice: "Find what sends the token request twice: a reloaded page, a retry, two workers. Tokens of the first one are revoked.")
    public static let codeRedirectURI = RefusalRule(
        "code_redirect_uri", .invalidGrant, "The redirect URI is the one of the authorization request", "RFC 6749 §4.1.3", parameter: "redirect_uri",
        advice: "Send exactly the redirect_uri that the authorization request carried.")
    public static let verifierForm = RefusalRule(
        "code_verifier_form", .invalidGrant, "The code verifier is 43 to 128 unreserved characters", "RFC 7636 §4.1", parameter: "code_verifier",
        advice: "Draw 32 random bytes and encode them in base64url without padding.")
    public static let verifier = RefusalRule(
        "code_verifier", .invalidGrant, "The code verifier answers the code challenge", "RFC 7636 §4.6", parameter: "code_verifier",
        advice:
            "Keep the verifier of this very request, in the session that sent the customer. Send the verifier here and its digest there, not the other way round."
    )
    public static let codeKey = RefusalRule(
        "code_dpop_key", .invalidGrant, "The proof is by the key that the code is bound to", "RFC 9449 §10", parameter: "DPoP",
        advice: "Use one DPoP key from the authorization request to the token request.")
    public static let grantLive = RefusalRule(
        "grant_live", .invalidGrant, "The grant lives", "RFC 6749 §5.2",
        advice: "The customer, the app or the bank ended it, or its time is over. Send the customer through a new authorization.")
    public static let consentInForce = RefusalRule(
        "consent_in_force", .invalidGrant, "The consent behind the grant is in force", "RFC 6749 §5.2",
        advice: "Lodge a new consent and send the customer through a new authorization.")
    public static let customerServed = RefusalRule(
        "customer_served", .invalidGrant, "The customer is served", "RFC 6749 §5.2", advice: "Nothing can be done from the app.")
    public static let refreshKnown = RefusalRule(
        "refresh_token_known", .invalidGrant, "The refresh token is one that we issued to this app", "RFC 6749 §6", parameter: "refresh_token",
        advice: "Send the refresh token of the last answer, whole.")
    public static let refreshOnce = RefusalRule(
        "refresh_token_once", .invalidGrant, "A refresh token that was replaced is not used again", "RFC 9700 §4.14.2", parameter: "refresh_token",
        advice: "Keep the new refresh token of each answer before anything else, and refresh in one place. The grant has ended; send the customer again.")
    public static let refreshKey = RefusalRule(
        "refresh_dpop_key", .invalidGrant, "The proof is by the key that the refresh token is bound to", "RFC 9449 §5", parameter: "DPoP",
        advice: "Keep the DPoP key as long as the refresh token.")
    public static let refreshScope = RefusalRule(
        "refresh_scope", .invalidScope, "A refresh narrows the granted scope and never widens it", "RFC 6749 §6", parameter: "scope",
        advice: "Leave scope out to get everything that was granted.")
    public static let detailGranted = RefusalRule(
        "authorization_details_granted", .invalidAuthorizationDetails, "The grant holds the authorization details that a token is asked for with",
        "RFC 9396 §6", parameter: "authorization_details",
        advice: "Leave authorization_details out: the token carries what the customer granted. For another consent send the customer again.")
    public static let secretOfOwn = RefusalRule(
        "client_credentials_private", .unauthorizedClient, "Client credentials are for apps that keep a secret", "RFC 6749 §4.4",
        advice: "Ask from a backend.")
    public static let ownScope = RefusalRule(
        "scope_of_app", .invalidScope, "With client credentials the app asks for scopes of its own", "RFC 6749 §4.4.2", parameter: "scope",
        advice: "Ask for consents.write. What belongs to customers comes with their approval.")

    static let tokens = [
        supportedGrantType, registeredGrantType, dpopProofSent, bindingCertificateSent, bindingCertificateAccepted, codeKnown, codeOfApp, codeFresh, codeOnce,
        codeRedirectURI,
        verifierForm,
        verifier, codeKey, grantLive, consentInForce, customerServed, refreshKnown, refreshOnce, refreshKey, refreshScope, detailGranted,
        secretOfOwn, ownScope,
    ]
}

extension RefusalRule {
    // What the use of an access token may not break.

    public static let tokenLive = RefusalRule(
        "access_token_live", .invalidToken, "The access token is neither expired nor revoked", "RFC 6750 §3.1", parameter: "Authorization",
        advice: "Get the next one with the refresh token.")
    public static let tokenBound = RefusalRule(
        "access_token_bound", .invalidToken, "Who sends a bound token holds what it is bound to", "RFC 9449 §7.1, RFC 8705 §3", parameter: "Authorization",
        advice: "Send the token in the way that its token_type says, with the key or the certificate that it was issued to.")
    public static let tokenCertificate = RefusalRule(
        "access_token_certificate", .invalidToken, "The certificate that a token is bound to is in force", "RFC 8705 §3", parameter: "Authorization",
        advice: "Get a new token with a certificate that is in force; the app’s certificates page tells what is wrong with this one.")
    public static let tokenAddress = RefusalRule(
        "access_token_address", .invalidToken, "The app calls from one of its allowed addresses", "RFC 6750 §3.1",
        advice: "Add the address on the app’s page, when the call was yours.")
    public static let proofSent = RefusalRule(
        "dpop_proof_with_token", .invalidDPoPProof, "A token that is bound to a key comes with one proof", "RFC 9449 §7.1", parameter: "DPoP",
        advice: "Make a proof for each request.")
    public static let tokenScope = RefusalRule(
        "access_token_scope", .insufficientScope, "The token’s scope covers the address", "RFC 6750 §3.1", parameter: "scope",
        advice: "Ask for the scope when you send the customer.")

    static let tokenUse = [tokenLive, tokenBound, tokenCertificate, tokenAddress, proofSent, tokenScope]
}
