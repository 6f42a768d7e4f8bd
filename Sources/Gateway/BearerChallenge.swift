internal import AccessTokens
internal import OAuth

/// The value of `WWW-Authenticate` (RFC 6750 §3).
struct BearerChallenge: Sendable {
    let text: String

    /// Without an error, for a request that brought no token (RFC 6750 §3.1).
    static let tokenWanted = BearerChallenge(text: #"Bearer realm="wekeza""#)

    static func invalidToken(_ description: String) -> BearerChallenge {
        BearerChallenge(text: #"Bearer realm="wekeza", error="invalid_token", error_description="\#(quotable(description))""#)
    }

    static func insufficientScope(_ scope: String) -> BearerChallenge {
        BearerChallenge(text: #"Bearer realm="wekeza", error="insufficient_scope", scope="\#(quotable(scope))""#)
    }

    /// RFC 9470 §3, under the scheme by which the token came (RFC 9449 §7.1).
    static func insufficientUserAuthentication(_ description: String, wanted: AuthenticationLevel, binding: TokenBinding) -> BearerChallenge {
        let challenge = #"\#(binding.tokenType) realm="wekeza", error="insufficient_user_authentication", error_description="\#(quotable(description))""#
        return BearerChallenge(text: challenge + #", acr_values="\#(wanted.rawValue)""# + (binding.dpopKey == nil ? "" : ", \(DPoPChallenge.algorithms)"))
    }

    /// RFC 6750 §3: printable ASCII but for the quote and the backslash.
    private static func quotable(_ text: String) -> String {
        String(decoding: text.utf8.filter { $0 >= 32 && $0 < 127 && $0 != 34 && $0 != 92 }, as: UTF8.self)
    }
}
