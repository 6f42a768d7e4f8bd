/// The values that the app wants back unchanged.
enum EchoedValues {
    /// Longer ones are refused, never cut.
    static let longest = 2000

    /// RFC 6749 §4.1.1: opaque to us.
    static func state(_ parameters: RequestParameters) throws(OAuthError) -> String? {
        guard let state = parameters["state"] else { return nil }
        guard state.utf8.count <= longest else {
            throw .against(.wellFormed, "The state is longer than 2000 bytes.", parameter: "state", expected: "at most 2000 bytes", received: .secret(state))
        }
        return state
    }

    /// OpenID Connect Core §3.1.2.1: it comes back in the ID token.
    static func nonce(_ parameters: RequestParameters) throws(OAuthError) -> String? {
        guard let nonce = parameters["nonce"] else { return nil }
        guard nonce.utf8.count <= longest else {
            throw .against(.wellFormed, "The nonce is longer than 2000 bytes.", parameter: "nonce", expected: "at most 2000 bytes", received: .secret(nonce))
        }
        return nonce
    }
}
