/// How an authorization request came.
package struct RequestTransport: Hashable, Sendable {
    /// Through the pushed authorization request endpoint (RFC 9126), so from the app itself.
    package let isPushed: Bool
    /// As a request object that the app signed (RFC 9101).
    package let isSigned: Bool

    package init(isPushed: Bool = false, isSigned: Bool = false) {
        self.isPushed = isPushed
        self.isSigned = isSigned
    }
}

/// Whether the request came in the way that the app is held to.
enum RequestTransportCheck {
    static func check(_ parameters: RequestParameters, _ transport: RequestTransport, for client: RegisteredClient) throws(OAuthError) {
        // A request object or a reference has been resolved by now: one inside it is refused (RFC 9101 §4, RFC 9126 §2.1).
        if parameters["request"] != nil { throw OAuthError(.invalidRequestObject, "A request object cannot hold another one.") }
        // Never fetched: an address in a request would let anyone make this server call anywhere.
        if parameters["request_uri"] != nil { throw OAuthError(.requestURINotSupported, "Only a request_uri of our own, of a pushed request, is supported.") }
        if parameters["registration"] != nil { throw OAuthError(.registrationNotSupported, "Registration inside a request is not supported.") }
        guard transport.isPushed || !client.requiresPushedRequests else {
            throw .invalidRequest("The app has to push its authorization requests: RFC 9126.")
        }
        guard transport.isSigned || !client.requiresSignedRequests else {
            throw .invalidRequest("The app has to sign its authorization requests: send them in the parameter request.")
        }
    }
}
