internal import JSON
import OAuth

/// To what an access token is bound: only who holds it can use the token. The claim `cnf` (RFC 7800 §3.1).
public struct TokenBinding: Hashable, Sendable {
    /// The thumbprint of a DPoP key: `jkt` (RFC 9449 §6.1).
    public var dpopKey: String?
    /// The digest of a certificate: `x5t#S256` (RFC 8705 §3.1).
    public var certificate: String?

    public init(dpopKey: String? = nil, certificate: String? = nil) {
        self.dpopKey = dpopKey
        self.certificate = certificate
    }

    public static let none = TokenBinding()

    public var isBound: Bool { self != .none }

    /// RFC 6749 §5.1, RFC 9449 §5.
    public var tokenType: String { dpopKey == nil ? "Bearer" : "DPoP" }

    init(claim value: JSONValue?) {
        self.init(dpopKey: value?["jkt"]?.string, certificate: value?["x5t#S256"]?.string)
    }

    /// - Returns: `nil` for a token that whoever has it may use.
    var claim: JSONValue? {
        guard isBound else { return nil }
        var members = JSONObject()
        members.append("jkt", dpopKey)
        members.append("x5t#S256", certificate)
        return .object(members)
    }
}
