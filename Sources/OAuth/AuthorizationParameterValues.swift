/// RFC 6749 §3.1.1; the implicit and hybrid types are not implemented (RFC 9700 §2.1.2).
package enum ResponseType: String, CaseIterable, Sendable {
    case code
}

/// How the answer travels back (OAuth 2.0 Multiple Response Type Encoding Practices §2.1).
package enum ResponseMode: String, CaseIterable, Sendable, Codable {
    case query
}

/// What the app asks of the customer's presence (OpenID Connect Core §3.1.2.1).
package enum Prompt: String, CaseIterable, Sendable, Codable {
    case none
    case login
    case consent
    case selectAccount = "select_account"
}
