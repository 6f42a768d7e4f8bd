/// RFC 6749 §3.1.1 and the response mode: `code`, and nothing else.
enum ResponseTypeCheck {
    static func check(_ parameters: RequestParameters, for client: RegisteredClient) throws(OAuthError) {
        guard let type = parameters["response_type"] else {
            throw .against(.parameterSent, "The parameter response_type is missing.", parameter: "response_type", expected: "code")
        }
        guard ResponseType(rawValue: type) != nil else {
            throw .against(.responseType, "Only the response type code is supported.", expected: "code", received: .value(type))
        }
        guard client.grantTypes.contains(.authorizationCode) else {
            throw .against(
                .registeredGrantType, "The app is not registered for the grant type authorization_code.", parameter: "response_type",
                expected: client.grantTypes.names, received: .value("code"))
        }
    }

    static func mode(_ parameters: RequestParameters) throws(OAuthError) -> ResponseMode {
        guard let name = parameters["response_mode"] else { return .query }
        guard let mode = ResponseMode(rawValue: name) else {
            let known = ResponseMode.allCases.map(\.rawValue).joined(separator: ", ")
            throw .against(.responseMode, "The response_mode is not one of \(known).", expected: known, received: .value(name))
        }
        return mode
    }
}
