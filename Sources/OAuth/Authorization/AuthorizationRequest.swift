/// An authorization request whose every parameter has passed its check (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1). Parameters that are not known
/// are ignored.
public struct AuthorizationRequest: Hashable, Sendable {
    public let clientID: ClientID
    public let target: RedirectTarget
    public let responseMode: ResponseMode
    public let state: String?
    public let nonce: String?
    public let codeChallenge: CodeChallenge?
    /// `dpop_jkt` (RFC 9449 §10)
    public let dpopKey: String?
    public let scope: ScopeSet
    public let detail: AuthorizationDetail?
    public let prompts: Set<Prompt>
    /// Seconds.
    public let maxAge: Int?
    public let loginHint: String?
    public let idTokenHint: String?
    public let claims: ClaimsRequest?
    public let authentication: AuthenticationRequest?

    /// The checks, in the order in which a refusal is told.
    /// - Throws: what the redirect URI is told; the target is trusted by then.
    /// - Parameter audience: the address of the API.
    public init(
        _ parameters: RequestParameters, for client: RegisteredClient, target: RedirectTarget, transport: RequestTransport = RequestTransport(),
        audience: String
    ) throws(OAuthError) {
        try parameters.refuseRepetition()
        try RequestTransportCheck.check(parameters, transport, for: client)
        try ResponseTypeCheck.check(parameters, for: client)
        responseMode = try ResponseTypeCheck.mode(parameters)
        codeChallenge = try CodeChallengeCheck.challenge(parameters, for: client)
        try ResourceCheck.check(parameters, audience: audience)
        dpopKey = try DPoPKeyCheck.thumbprint(parameters)
        detail = try AuthorizationDetail(parameters)
        scope = try ScopeCheck.scope(parameters, detail: detail, for: client)
        state = try EchoedValues.state(parameters)
        nonce = try EchoedValues.nonce(parameters)
        prompts = try PromptCheck.prompts(parameters)
        maxAge = try PromptCheck.maxAge(parameters) ?? client.metadata.defaultMaxAge
        loginHint = try PromptCheck.loginHint(parameters)
        idTokenHint = try PromptCheck.idTokenHint(parameters)
        claims = try ClaimsRequest(parameters)
        authentication = try AuthenticationRequest(
            acrValues: parameters["acr_values"], claims: claims, otherwise: client.metadata.defaultACRValues)
        clientID = client.id
        self.target = target
    }

    /// The mode in which an error answer travels: the one asked for, when there is such a one.
    public static func responseMode(of parameters: RequestParameters) -> ResponseMode {
        parameters.isRepeated("response_mode") ? .query : (try? ResponseTypeCheck.mode(parameters)) ?? .query
    }

    /// The state as an error answer may carry it: present, sent once, and short enough to be echoed unchanged.
    public static func state(of parameters: RequestParameters) -> String? {
        parameters.isRepeated("state") ? nil : try? EchoedValues.state(parameters)
    }
}
