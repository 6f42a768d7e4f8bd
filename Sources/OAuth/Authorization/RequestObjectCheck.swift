/// OpenID Connect Core §3.1.2.6: request objects and registration inside a request are not read, and not silently ignored either.
enum RequestObjectCheck {
    static func check(_ parameters: RequestParameters) throws(OAuthError) {
        if parameters["request"] != nil { throw OAuthError(.requestNotSupported, "Request objects are not supported; send the parameters themselves.") }
        // Never fetched: an address in a request would let anyone make this server call anywhere.
        if parameters["request_uri"] != nil { throw OAuthError(.requestURINotSupported, "Request objects by address are not supported; send the parameters themselves.") }
        if parameters["registration"] != nil { throw OAuthError(.registrationNotSupported, "Registration inside a request is not supported.") }
    }
}
