internal import Primitives

/// RFC 9449 §10: the key that the code is to be bound to.
enum DPoPKeyCheck {
    static func thumbprint(_ parameters: RequestParameters) throws(OAuthError) -> String? {
        guard let text = parameters["dpop_jkt"] else { return nil }
        guard text.utf8.count == 43, Base64URL.decode(text)?.count == 32 else {
            throw .against(
                .dpopThumbprint, "The dpop_jkt is not the base64url text of a SHA-256 thumbprint.", expected: "43 characters, base64url", received: .value(text)
            )
        }
        return text
    }
}
