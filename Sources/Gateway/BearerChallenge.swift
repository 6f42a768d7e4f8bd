internal import AccessTokens
internal import OAuth

/// The value of `WWW-Authenticate` (RFC 6750 §3), under the scheme by which the token came (RFC 9449 §7.1).
struct BearerChallenge: Sendable {
    /// One, or more to choose among.
    let texts: [String]

    init(text: String) { texts = [text] }

    private init(texts: [String]) { self.texts = texts }

    /// Without an error, for a request that brought no token (RFC 6750 §3.1).
    static let tokenWanted = BearerChallenge(texts: [#"Bearer realm="wekeza""#, DPoPChallenge.tokenWanted])

    static func invalidToken(_ description: String, under scheme: TokenScheme = .bearer) -> BearerChallenge {
        BearerChallenge(text: scheme.challenge(#"error="invalid_token", error_description="\#(quotable(description))""#))
    }

    static func insufficientScope(_ scope: String, under scheme: TokenScheme = .bearer) -> BearerChallenge {
        BearerChallenge(text: scheme.challenge(#"error="insufficient_scope", scope="\#(quotable(scope))""#))
    }

    /// RFC 9470 §3. A token that is bound to a key came with it.
    static func insufficientUserAuthentication(_ description: String, wanted: AuthenticationLevel, binding: TokenBinding) -> BearerChallenge {
        let scheme = binding.dpopKey == nil ? TokenScheme.bearer : .dpop
        let error = #"error="insufficient_user_authentication", error_description="\#(quotable(description))""#
        return BearerChallenge(text: scheme.challenge(error + #", acr_values="\#(wanted.rawValue)""#))
    }

    /// RFC 6750 §3: printable ASCII but for the quote and the backslash.
    private static func quotable(_ text: String) -> String {
        String(decoding: text.utf8.filter { $0 >= 32 && $0 < 127 && $0 != 34 && $0 != 92 }, as: UTF8.self)
    }
}
