/// The public base address, which is also the issuer of tokens: scheme and authority, no path (RFC 8414 §2). Never taken from a request's headers.
public struct Issuer: BaseAddress, Hashable, CustomStringConvertible {
    /// `http://localhost:8080`, without a slash at the end.
    public let text: String

    /// - Returns: `nil` unless the text is `http` or `https`, a host, and perhaps a port.
    public init?(_ text: String) {
        let text = text.hasSuffix("/") ? String(text.dropLast()) : text
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "http:" || parts[0] == "https:", parts[1].isEmpty, !parts[2].isEmpty,
            parts[2].utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != 64 && $0 != 63 && $0 != 35 && $0 != 92 })
        else { return nil }
        self.text = text.lowercased()
    }

    /// Without its port; an IPv6 address without its brackets.
    public var host: String { Self.host(of: text) }

    static func host(of text: String) -> String {
        let authority = text.split(separator: "/").last ?? ""
        return String(authority.hasPrefix("[") ? authority.dropFirst().prefix { $0 != "]" } : authority.prefix { $0 != ":" })
    }

    public var isSecure: Bool { text.hasPrefix("https:") }
    public var description: String { text }
}
