public import JSON

/// A member of client metadata that cannot be taken, and why (RFC 7591 §3.2.2).
public struct ClientMetadataRefusal: Error, Hashable, Sendable {
    /// The wire name of the member.
    public let member: String
    /// One sentence without a full stop, for a form or an answer.
    public let message: String
    /// The part of the member that is meant, where it is a list.
    public let part: String?

    public init(_ member: String, _ message: String, part: String? = nil) {
        self.member = member
        self.message = message
        self.part = part
    }

    /// `invalid_redirect_uri`, or `invalid_client_metadata` with the member, the rule and what came.
    public func error(about request: JSONObject) -> OAuthError {
        let received = part ?? request[member].map { Self.shown($0, of: member) } ?? "nothing"
        return OAuthError(
            member == "redirect_uris" ? .invalidRedirectURI : .invalidClientMetadata,
            OAuthError.plain("\(member): \(message); received \(received.prefix(Self.longestShown)).".replacing("’", with: "'")))
    }

    private static let longestShown = 120
    /// What may hold a private key or a secret by mistake is not repeated.
    private static let unshown: Set<String> = ["jwks", "client_secret", "software_statement"]

    private static func shown(_ value: JSONValue, of member: String) -> String {
        guard !unshown.contains(member) else { return "\(value.typeName) (not shown)" }
        return switch value {
        case .string(let text): text.isEmpty ? "an empty text" : text
        case .array(let values): "[" + values.prefix(20).map { shown($0, of: "") }.joined(separator: ", ") + "]"
        case .object: "an object"
        case .null, .boolean, .number: value.text
        }
    }
}

extension OAuthError {
    /// RFC 6749 §5.2: `%x20-21 / %x23-5B / %x5D-7E`; everything else becomes a question mark.
    public static func plain(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { (" "..."~").contains($0) && $0 != "\"" && $0 != "\\" ? $0 : "?" }))
    }
}
