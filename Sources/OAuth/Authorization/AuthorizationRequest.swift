/// An authorization request whose every parameter has passed its check (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1). Parameters that are not known
/// are ignored.
package struct AuthorizationRequest: Hashable, Sendable {
    package let clientID: ClientID
    package let target: RedirectTarget
    package let responseMode: ResponseMode
    package let state: String?
    package let nonce: String?
    package let codeChallenge: CodeChallenge
    package let scope: ScopeSet
    package let detail: AuthorizationDetail?
    package let prompts: Set<Prompt>
    /// Seconds.
    package let maxAge: Int?
    package let loginHint: String?
    package let idTokenHint: String?
    package let claims: ClaimsRequest?
    package let authentication: AuthenticationRequest?

    /// The checks, in the order in which a refusal is told.
    /// - Throws: what the redirect URI is told; the target is trusted by then.
    package init(_ parameters: RequestParameters, for client: RegisteredClient, target: RedirectTarget) throws(OAuthError) {
        try parameters.refuseRepetition()
        try RequestObjectCheck.check(parameters)
        try ResponseTypeCheck.check(parameters, for: client)
        responseMode = try ResponseTypeCheck.mode(parameters)
        codeChallenge = try CodeChallengeCheck.challenge(parameters)
        detail = try AuthorizationDetail(parameters)
        scope = try ScopeCheck.scope(parameters, detail: detail, for: client)
        state = try EchoedValues.state(parameters)
        nonce = try EchoedValues.nonce(parameters)
        prompts = try PromptCheck.prompts(parameters)
        maxAge = try PromptCheck.maxAge(parameters)
        loginHint = try PromptCheck.loginHint(parameters)
        idTokenHint = try PromptCheck.idTokenHint(parameters)
        claims = try ClaimsRequest(parameters)
        authentication = try AuthenticationRequest(acrValues: parameters["acr_values"], claims: claims)
        clientID = client.id
        self.target = target
    }

    /// The state as an error answer may carry it: present, sent once, and short enough to be echoed unchanged.
    package static func state(of parameters: RequestParameters) -> String? {
        parameters.isRepeated("state") ? nil : try? EchoedValues.state(parameters)
    }
}
