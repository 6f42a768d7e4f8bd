/// RFC 8707 §2: for which protected resource a token is meant. There is one, the API.
package enum ResourceCheck {
    /// - Parameter audience: the API's address.
    package static func check(_ parameters: RequestParameters, audience: String) throws(OAuthError) {
        guard parameters.all("resource").allSatisfy({ $0 == audience }) else {
            throw OAuthError(.invalidTarget, "The resource is none of this server: leave it out, or name the API as the protected resource metadata does.")
        }
    }
}
