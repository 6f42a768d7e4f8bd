/// The values that the app wants back unchanged.
enum EchoedValues {
    /// Longer ones are refused, never cut.
    static let longest = 2000

    /// RFC 6749 §4.1.1: opaque to us.
    static func state(_ parameters: RequestParameters) throws(OAuthError) -> String? { try value(of: "state", parameters) }

    /// OpenID Connect Core §3.1.2.1: it comes back in the ID token.
    static func nonce(_ parameters: RequestParameters) throws(OAuthError) -> String? { try value(of: "nonce", parameters) }

    private static func value(of name: String, _ parameters: RequestParameters) throws(OAuthError) -> String? {
        guard let value = parameters[name] else { return nil }
        guard value.utf8.count <= longest else {
            throw .against(.wellFormed, "The \(name) is longer than 2000 bytes.", parameter: name, expected: "at most 2000 bytes", received: .secret(value))
        }
        // A form holds none, but a signed request may; no database keeps it.
        guard !value.utf8.contains(0) else {
            throw .against(.wellFormed, "The \(name) holds a NUL character.", parameter: name, expected: "a text without U+0000", received: .secret(value))
        }
        return value
    }
}
