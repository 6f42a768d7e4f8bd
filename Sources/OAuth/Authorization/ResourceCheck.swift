/// RFC 8707 §2: for which protected resource a token is meant. There is one, the API.
public enum ResourceCheck {
    /// - Parameter audience: the API's address.
    public static func check(_ parameters: RequestParameters, audience: String) throws(OAuthError) {
        guard let other = parameters.all("resource").first(where: { $0 != audience }) else { return }
        throw .against(
            .resource, "The resource is not one of this server's: leave it out, or name the API as the protected resource metadata does.", expected: audience,
            received: .value(other))
    }
}
