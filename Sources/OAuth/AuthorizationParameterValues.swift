/// RFC 6749 §3.1.1; the implicit and hybrid types are not implemented (RFC 9700 §2.1.2).
public enum ResponseType: String, CaseIterable, Sendable {
    case code
}

/// How the answer travels back (OAuth 2.0 Multiple Response Type Encoding Practices §2.1, OAuth 2.0 Form Post Response Mode, JARM §2.3).
public enum ResponseMode: String, CaseIterable, Sendable, Codable {
    case query
    case fragment
    case formPost = "form_post"
    /// What suits the response type: for `code` the query.
    case jwt
    case queryJWT = "query.jwt"
    case fragmentJWT = "fragment.jwt"
    case formPostJWT = "form_post.jwt"

    public var isSigned: Bool { [.jwt, .queryJWT, .fragmentJWT, .formPostJWT].contains(self) }

    public enum Carrier: Sendable { case query, fragment, form }

    public var carrier: Carrier {
        switch self {
        case .query, .jwt, .queryJWT: .query
        case .fragment, .fragmentJWT: .fragment
        case .formPost, .formPostJWT: .form
        }
    }
}

/// What the app asks of the customer's presence (OpenID Connect Core §3.1.2.1).
public enum Prompt: String, CaseIterable, Sendable, Codable {
    case none
    case login
    case consent
    case selectAccount = "select_account"
}
