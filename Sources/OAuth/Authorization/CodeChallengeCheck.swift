/// RFC 7636 §4.4.1: every app proves with PKCE that it began what it ends, confidential ones too (RFC 9700 §2.1.1) unless their profile lets them do without.
enum CodeChallengeCheck {
    static func challenge(_ parameters: RequestParameters, for client: RegisteredClient) throws(OAuthError) -> CodeChallenge? {
        guard let text = parameters["code_challenge"] else {
            guard !client.requiresPKCE else { throw .invalidRequest("The parameter code_challenge is missing: PKCE is required.") }
            // RFC 9700 §2.1.1: then the nonce protects the code.
            guard parameters["nonce"] != nil else { throw .invalidRequest("Send a code_challenge, or a nonce at least.") }
            return nil
        }
        // RFC 7636 §4.3: without a method it would be plain, which is not supported.
        guard let method = parameters["code_challenge_method"] else {
            throw .invalidRequest("The parameter code_challenge_method is missing: send S256.")
        }
        guard CodeChallengeMethod(rawValue: method) != nil else { throw .invalidRequest("Only the code_challenge_method S256 is supported.") }
        guard let challenge = CodeChallenge(text) else {
            throw .invalidRequest("The code_challenge is not the base64url text of a SHA-256 digest.")
        }
        return challenge
    }
}
