internal import Primitives

/// A registered redirect URI. What a request names is compared with it character by character (RFC 9700 §2.1), with one exception:
/// a native app's loopback address may vary its port (RFC 8252 §7.3).
public struct RedirectURI: Hashable, Sendable, Codable, CustomStringConvertible {
    public let text: String

    public var description: String { text }

    /// Why an address cannot be registered; `message` says what to do.
    public enum Refusal: String, Error, Sendable {
        case empty, tooLong, notAbsolute, fragment, userInformation, wildcard, foreignCharacter, foreignHost, insecure, unsafeScheme, dotSegment

        public var message: String {
            switch self {
            case .empty: "Enter the address, for example https://app.example.com/callback"
            case .tooLong: "Use an address of at most 2,000 characters"
            case .notAbsolute: "Begin with the scheme, for example https://"
            case .fragment: "Leave out the part from # on"
            case .userInformation: "Leave out the user name before @"
            case .wildcard: "Write the whole address: * is not understood"
            case .foreignCharacter: "Use only the characters of an address; write others as percent escapes"
            case .foreignHost: "Name the host with letters, digits, hyphens and dots, and the port, if any, as a number"
            case .insecure: "Begin with https://; http:// works for localhost only"
            case .unsafeScheme: "Use https, or for a native app a scheme with a dot such as com.example.app"
            case .dotSegment: "Leave out . and .. from the path"
            }
        }
    }

    /// Checks an address for registration: absolute, no fragment, no user information, `https` or loopback `http`, or a private-use scheme with a dot (RFC 8252 §7.1).
    public static func register(_ text: String) -> Result<RedirectURI, Refusal> {
        guard !text.isEmpty else { return .failure(.empty) }
        guard text.utf8.count <= 2000 else { return .failure(.tooLong) }
        guard !text.contains("*") else { return .failure(.wildcard) }
        guard text.utf8.allSatisfy(isURICharacter), hasSoundEscapes(text) else { return .failure(.foreignCharacter) }
        guard !text.contains("#") else { return .failure(.fragment) }
        guard let colon = text.firstIndex(of: ":") else { return .failure(.notAbsolute) }
        let scheme = text[..<colon].lowercased()
        guard let first = scheme.utf8.first, (97...122).contains(first), scheme.utf8.allSatisfy(isSchemeCharacter) else { return .failure(.notAbsolute) }
        let uri = RedirectURI(text: text)
        guard scheme == "https" || scheme == "http" else {
            return scheme.contains(".") && text[text.index(after: colon)...].hasPrefix("/") ? .success(uri) : .failure(.unsafeScheme)
        }
        guard text[colon...].hasPrefix("://"), let authority = uri.authority, !authority.isEmpty, !authority.hasPrefix(":") else {
            return .failure(.notAbsolute)
        }
        guard !authority.contains("@") else { return .failure(.userInformation) }
        guard !text.contains("\\") else { return .failure(.foreignCharacter) }
        guard uri.hasPlainAuthority else { return .failure(.foreignHost) }
        guard !uri.hasDotSegment else { return .failure(.dotSegment) }
        guard scheme == "https" || uri.isLoopback else { return .failure(.insecure) }
        return .success(uri)
    }

    /// Trusts an address read back from the registry.
    public init(registered text: String) { self.text = text }
    private init(text: String) { self.text = text }

    /// Whether a request's address is this one. On loopback IP addresses and `localhost`, a native app chooses its port at run time.
    public func matches(_ requested: String, anyLoopbackPort: Bool) -> Bool {
        // By bytes: texts of one meaning to Unicode are equal to Swift.
        if requested.hasBytes(of: text) { return true }
        guard anyLoopbackPort, isLoopback, scheme == "http" else { return false }
        let other = RedirectURI(text: requested)
        guard other.scheme == "http", let host = host, other.host == host, let port = other.port, Self.isPort(port) else { return false }
        return requested.hasBytes(of: "http://\(host):\(port)\(pathAndQuery)")
    }

    public var scheme: String { String(text[..<schemeEnd]).lowercased() }

    /// `https://app.example.com` for the web, `com.example.app:` for a private-use scheme: what a policy's `form-action` names. A policy has no words for an
    /// authority that is not plain.
    public var originOrScheme: String {
        guard scheme == "https" || scheme == "http", hasPlainAuthority, let authority else { return scheme + ":" }
        return "\(scheme)://\(authority.lowercased())"
    }

    /// Whether it is one that native apps alone have: a scheme of its own, or this machine by its IP address (RFC 8252 §7.1, §7.3). `localhost` is where pages
    /// are written too.
    public var isOfNativeApp: Bool { scheme == "http" ? host != "localhost" : scheme != "https" }

    public var isLoopback: Bool { host.map { ["localhost", "127.0.0.1", "[::1]"].contains($0) } ?? false }

    private var schemeEnd: String.Index { text.utf8.firstIndex(of: UInt8(ascii: ":")) ?? text.endIndex }

    /// What stands between the first `://` and the path.
    private var authority: String? {
        let rest = text.utf8[schemeEnd...]
        guard rest.starts(with: "://".utf8) else { return nil }
        return String(Substring(rest.dropFirst(3).prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }))
    }

    private var host: String? {
        guard let authority else { return nil }
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") { return String(authority[...end]) }
        return String(authority.prefix { $0 != ":" })
    }

    private var port: String? {
        guard let authority, let host, authority.count > host.count + 1 else { return nil }
        return String(authority.dropFirst(host.count + 1))
    }

    /// Whether it is a name or an address as DNS and a policy's sources have them (RFC 952, CSP Level 3 §2.3.1), or an IPv6 address; a name may have the
    /// underscores that browsers take.
    private var hasPlainAuthority: Bool {
        guard let authority, let host, authority.count == host.count || port.map(Self.isPort) == true else { return false }
        if host.hasPrefix("[") { return host.contains(":") && IPAddress(host.dropFirst().dropLast()) != nil }
        return !host.isEmpty
            && host.utf8.allSatisfy { Self.isLetterOrDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_") }
    }

    private static func isPort(_ text: String) -> Bool { text.utf8.allSatisfy { (48...57).contains($0) } && (UInt16(text) ?? 0) > 0 }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) }

    private var pathAndQuery: Substring {
        guard let start = text.firstRange(of: "://")?.upperBound else { return "" }
        return text[start...].drop { $0 != "/" && $0 != "?" }
    }

    private var hasDotSegment: Bool {
        pathAndQuery.prefix { $0 != "?" }.split(separator: "/").contains {
            [".", ".."].contains($0.replacing("%2e", with: ".").replacing("%2E", with: "."))
        }
    }

    private static func isURICharacter(_ byte: UInt8) -> Bool {
        // RFC 3986 §2: unreserved, reserved and the percent sign.
        byte > 32 && byte < 127 && ![34, 60, 62, 92, 94, 96, 123, 124, 125].contains(byte)
    }

    private static func isSchemeCharacter(_ byte: UInt8) -> Bool {
        (97...122).contains(byte) || (48...57).contains(byte) || [43, 45, 46].contains(byte)
    }

    private static func hasSoundEscapes(_ text: String) -> Bool {
        text.utf8.split(separator: UInt8(ascii: "%"), omittingEmptySubsequences: false).dropFirst().allSatisfy { piece in
            piece.count >= 2 && piece.prefix(2).allSatisfy { (48...57).contains($0) || (65...70).contains($0) || (97...102).contains($0) }
        }
    }
}
