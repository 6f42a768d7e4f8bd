/// Where a backend listens, and what its paths begin with.
public struct BackendAddress: Hashable, Sendable {
    let isSecure: Bool
    /// Without the brackets of an IPv6 address.
    let host: String
    let port: Int
    /// What the `Host` field says (RFC 9110 §7.2).
    let authority: String
    /// Without a slash at the end.
    public let path: String

    /// - Parameter text: `https://core.bank.internal/openapi`.
    /// - Returns: `nil` unless it is an address of http or https without user, query and fragment (RFC 3986 §3).
    public init?(_ text: String) {
        let isSecure = text.hasPrefix("https://")
        guard isSecure || text.hasPrefix("http://"), text.utf8.allSatisfy({ $0 > 32 && $0 < 127 && !Self.excluded.contains($0) }) else { return nil }
        let rest = text.dropFirst(isSecure ? 8 : 7)
        let authority = rest.prefix { $0 != "/" }
        guard let (host, port) = Self.split(authority, standard: isSecure ? 443 : 80) else { return nil }
        let path = rest.dropFirst(authority.count)
        self.isSecure = isSecure
        self.host = host
        self.port = port
        self.authority = String(authority)
        self.path = String(path.hasSuffix("/") ? path.dropLast() : path)
    }

    private static let excluded = Set("#?@\"<>\\^`{|}".utf8)

    private static func split(_ authority: Substring, standard: Int) -> (host: String, port: Int)? {
        let host: Substring
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            host = authority[authority.index(after: authority.startIndex)..<end]
        } else {
            host = authority.prefix { $0 != ":" }
        }
        let rest = authority[host.endIndex...].drop { $0 == "]" }
        guard !host.isEmpty else { return nil }
        if rest.isEmpty { return (String(host), standard) }
        guard rest.hasPrefix(":"), let port = UInt16(rest.dropFirst()), port > 0 else { return nil }
        return (String(host), Int(port))
    }
}
