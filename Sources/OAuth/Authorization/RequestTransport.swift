/// How an authorization request came.
public struct RequestTransport: Hashable, Sendable {
    /// Through the pushed authorization request endpoint (RFC 9126), so from the app itself.
    public let isPushed: Bool
    /// As a request object that the app signed (RFC 9101).
    public let isSigned: Bool

    public init(isPushed: Bool = false, isSigned: Bool = false) {
        self.isPushed = isPushed
        self.isSigned = isSigned
    }
}

/// Whether the request came in the way that the app is held to.
enum RequestTransportCheck {
    static func check(_ parameters: RequestParameters, _ transport: RequestTransport, for client: RegisteredClient) throws(OAuthError) {
        // A request object or a reference has been resolved by now: one inside it is refused (RFC 9101 §4, RFC 9126 §2.1).
        if parameters["request"] != nil {
            throw .against(.requestNotNested, "A request object cannot hold another one.", received: .secret(parameters["request"]))
        }
        // Never fetched: an address in a request would let anyone make this server call anywhere.
        if parameters["request_uri"] != nil {
            throw .against(
                .ownRequestURI, "Only a request_uri of our own, of a pushed request, is supported.", expected: "urn:ietf:params:oauth:request_uri:...",
                received: .value(parameters["request_uri"]))
        }
        if parameters["registration"] != nil { throw .against(.noRegistration, "Registration inside a request is not supported.", received: .note("a value")) }
        guard transport.isPushed || !client.requiresPushedRequests else {
            throw .against(
                .pushedRequest, "The app has to push its authorization requests: RFC 9126.", expected: "client_id and a request_uri of ours",
                received: .note("the parameters themselves"))
        }
        guard transport.isSigned || !client.requiresSignedRequests else {
            throw .against(
                .signedRequest, "The app has to sign its authorization requests: send them in the parameter request.", expected: "a JWT signed by the app",
                received: .note("the parameters themselves"))
        }
    }
}
