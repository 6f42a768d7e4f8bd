extension RefusalRule {
    // How an app proves who it is, and from where.

    public static let oneMethod = RefusalRule(
        "one_authentication", .invalidRequest, "The app authenticates in one way per request", "RFC 6749 §2.3",
        advice: "Some libraries send the secret in the header and in the form as well: choose one.")
    public static let readableCredentials = RefusalRule(
        "credentials_readable", .invalidClient, "The credentials are complete and readable", "RFC 6749 §2.3.1, RFC 7521 §4.2",
        advice: "Send the credentials in the form that the app’s authentication method has.")
    public static let oneName = RefusalRule(
        "client_id_consistent", .invalidClient, "client_id names the app whose credentials come with it", "RFC 6749 §2.3.1, RFC 7521 §4.2",
        parameter: "client_id", advice: "Leave client_id out beside the credentials, or send the same.")
    public static let servedApp = RefusalRule(
        "app_served", .invalidClient, "The app is in use", "RFC 6749 §5.2", parameter: "client_id",
        advice: "Open the app’s page in the portal: it waits to be confirmed, or was removed.")
    public static let registeredMethod = RefusalRule(
        "authentication_registered", .invalidClient, "The app authenticates in the way that it is registered for", "RFC 6749 §2.3, RFC 7591 §2",
        advice: "Set the library’s authentication method to the registered one, or change it on the app’s page.")
    public static let allowedAddress = RefusalRule(
        "address_allowed", .unauthorizedClient, "The app calls from one of its allowed addresses", "RFC 6749 §5.2",
        advice: "Add the address on the app’s page, when the call was yours. When it was not, change the app’s secret.")
    public static let secret = RefusalRule(
        "client_secret", .invalidClient, "The client secret is one of the app’s own, and not revoked", "RFC 6749 §2.3.1", parameter: "client_secret",
        advice: "Compare the last four characters with those on the app’s page. In HTTP Basic both parts are form-encoded first.")
    public static let assertionKeysRead = RefusalRule(
        "assertion_keys_read", .invalidClient, "The jwks_uri of the app answers with its keys", "RFC 7591 §2, RFC 7523 §3", parameter: "jwks_uri",
        advice: keysReadAdvice)
    public static let objectKeysRead = RefusalRule(
        "object_keys_read", .invalidRequestObject, "The jwks_uri of the app answers with its keys", "RFC 7591 §2, RFC 9101 §6.2", parameter: "jwks_uri",
        advice: keysReadAdvice)
    private static let keysReadAdvice =
        "Open the address from another network: it answers within seconds, with status 200 and a JWK Set, without a redirect. We read it again after a minute."
    public static let keysInTurn = RefusalRule(
        "keys_in_turn", .temporarilyUnavailable, "The server has room to read the jwks_uri of the app", "RFC 6749 §4.1.2.1", parameter: "jwks_uri",
        advice: "Wait for the seconds in Retry-After and send the request again: nothing was spent. An organisation has a share of what is read at once.")
    public static let certificateSent = RefusalRule(
        "certificate_sent", .invalidClient, "A client certificate comes with the connection", "RFC 8705 §2",
        advice: "Call the address of mtls_endpoint_aliases, and have the HTTP client present the certificate.")
    public static let certificateAccepted = RefusalRule(
        "certificate_accepted", .invalidClient, "The client certificate is in force and of an authority that we trust", "RFC 8705 §2.1, RFC 5280 §6.1",
        advice: "The app’s certificates page tells what is wrong with a certificate.")
    public static let certificateSubject = RefusalRule(
        "certificate_subject", .invalidClient, "The client certificate names the registered subject", "RFC 8705 §2.1.2",
        advice: "Compare the two names, or register the certificate’s on the app’s page.")
    public static let certificateRegistered = RefusalRule(
        "certificate_registered", .invalidClient, "The client certificate is one that the app registered", "RFC 8705 §2.2.2",
        advice: "Add the certificate on the app’s certificates page. Compare the thumbprints.")
    public static let confidentialIntrospection = RefusalRule(
        "introspection_authenticated", .invalidClient, "Who introspects has authenticated", "RFC 7662 §2.1",
        advice: "Introspect from a backend with credentials. A public app reads expires_in, and refreshes.")
    public static let slowProofs = RefusalRule(
        "proofs_slowly_enough", .temporarilyUnavailable, "DPoP proofs of public apps come slowly enough from one network", "RFC 9449 §11.1", parameter: "DPoP",
        advice: "Wait for the seconds in Retry-After, and send the same proof again while it is fresh. Others may call from the same network.")

    static let clients = [
        oneMethod, readableCredentials, oneName, servedApp, registeredMethod, allowedAddress, secret, assertionKeysRead, objectKeysRead, keysInTurn,
        certificateSent, certificateAccepted, certificateSubject, certificateRegistered, confidentialIntrospection, slowProofs,
    ]
}
