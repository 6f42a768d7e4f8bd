/// RFC 7636 §4.4.1: every app proves with PKCE that it began what it ends, confidential ones too (RFC 9700 §2.1.1) unless their profile lets them do without.
enum CodeChallengeCheck {
    static func challenge(_ parameters: RequestParameters, for client: RegisteredClient) throws(OAuthError) -> CodeChallenge? {
        guard let text = parameters["code_challenge"] else {
            guard !client.requiresPKCE else {
                throw .against(.pkce, "The parameter code_challenge is missing: PKCE is required.", expected: "43 characters, base64url")
            }
            // RFC 9700 §2.1.1 would have a nonce protect the code. The profile is for plain OpenID Connect, whose code flow may leave it out (Core §3.1.2.1).
            return nil
        }
        // RFC 7636 §4.3: without a method it would be plain, which is not supported.
        guard let method = parameters["code_challenge_method"] else {
            throw .against(.challengeMethod, "The parameter code_challenge_method is missing: send S256.", expected: "S256")
        }
        guard CodeChallengeMethod(rawValue: method) != nil else {
            throw .against(.challengeMethod, "Only the code_challenge_method S256 is supported.", expected: "S256", received: .value(method))
        }
        guard let challenge = CodeChallenge(text) else {
            throw .against(
                .challengeForm, "The code_challenge is not the base64url text of a SHA-256 digest.", expected: "43 characters, base64url",
                received: .secret(text))
        }
        return challenge
    }
}
