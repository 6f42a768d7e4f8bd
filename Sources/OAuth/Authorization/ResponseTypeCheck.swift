/// RFC 6749 §3.1.1 and the response mode: `code`, and nothing else.
enum ResponseTypeCheck {
    static func check(_ parameters: RequestParameters, for client: RegisteredClient) throws(OAuthError) {
        guard let type = parameters["response_type"] else { throw .invalidRequest("The parameter response_type is missing.") }
        guard ResponseType(rawValue: type) != nil else { throw OAuthError(.unsupportedResponseType, "Only the response type code is supported.") }
        guard client.grantTypes.contains(.authorizationCode) else {
            throw .unauthorizedClient("The app is not registered for the grant type authorization_code.")
        }
    }

    static func mode(_ parameters: RequestParameters) throws(OAuthError) -> ResponseMode {
        guard let name = parameters["response_mode"] else { return .query }
        guard let mode = ResponseMode(rawValue: name) else {
            throw .invalidRequest("The response_mode is none of \(ResponseMode.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        return mode
    }
}
