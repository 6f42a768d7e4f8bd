/// OpenID Connect Core §3.1.2.1: what the app asks of the customer's presence.
enum PromptCheck {
    static func prompts(_ parameters: RequestParameters) throws(OAuthError) -> Set<Prompt> {
        let known = Prompt.allCases.map(\.rawValue).joined(separator: " ")
        let names = parameters["prompt"]?.split(separator: " ", maxSplits: 10) ?? []
        let prompts = Set(names.compactMap { Prompt(rawValue: String($0)) })
        guard prompts.count == names.count else {
            throw .against(.prompt, "The prompt has an unknown or repeated value.", expected: known, received: .value(parameters["prompt"]))
        }
        guard !prompts.contains(.none) || prompts.count == 1 else {
            throw .against(.prompt, "The prompt none does not go with another one.", expected: "none alone", received: .value(parameters["prompt"]))
        }
        return prompts
    }

    /// Seconds.
    static func maxAge(_ parameters: RequestParameters) throws(OAuthError) -> Int? {
        guard let text = parameters["max_age"] else { return nil }
        guard text.utf8.allSatisfy({ (48...57).contains($0) }), let seconds = Int(text) else {
            throw .against(.wellFormed, "The max_age is not a number of seconds.", parameter: "max_age", expected: "digits", received: .value(text))
        }
        return seconds
    }

    static func loginHint(_ parameters: RequestParameters) throws(OAuthError) -> String? {
        guard let hint = parameters["login_hint"] else { return nil }
        guard hint.utf8.count <= 500 else {
            throw .against(
                .wellFormed, "The login_hint is longer than 500 bytes.", parameter: "login_hint", expected: "at most 500 bytes", received: .secret(hint))
        }
        return hint
    }

    static func idTokenHint(_ parameters: RequestParameters) throws(OAuthError) -> String? {
        guard let hint = parameters["id_token_hint"] else { return nil }
        guard hint.utf8.count <= 8192 else {
            throw .against(
                .wellFormed, "The id_token_hint is longer than an ID token.", parameter: "id_token_hint", expected: "at most 8192 bytes",
                received: .secret(hint))
        }
        return hint
    }
}
