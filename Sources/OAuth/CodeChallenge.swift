internal import Primitives

/// RFC 7636 §4.1: 43 to 128 unreserved characters.
public struct CodeVerifier: Hashable, Sendable, CustomStringConvertible {
    public let text: String

    public init?(_ text: String) {
        guard (43...128).contains(text.utf8.count),
            text.utf8.allSatisfy({ (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || [45, 46, 95, 126].contains($0) })
        else { return nil }
        self.text = text
    }

    /// RFC 7636 §4.2, method S256.
    public var challenge: CodeChallenge { CodeChallenge(digest: sha256(Array(text.utf8))) }

    public var description: String { "CodeVerifier(…)" }
}

/// The S256 challenge of a verifier (RFC 7636 §4.2): 43 characters, 32 bytes. `plain` is not implemented: RFC 9700 §2.1.1.
public struct CodeChallenge: Hashable, Sendable, Codable {
    public let text: String

    public init?(_ text: String) {
        guard text.utf8.count == 43, Base64URL.decode(text)?.count == 32 else { return nil }
        self.text = text
    }

    fileprivate init(digest: [UInt8]) { text = Base64URL.encode(digest) }

    /// A challenge read back from a table.
    public init(stored text: String) { self.text = text }

    public func isAnswered(by verifier: CodeVerifier) -> Bool { constantTimeEqual(text, verifier.challenge.text) }
}

/// RFC 7636 §4.3; S256 is the only one (RFC 9700 §2.1.1).
public enum CodeChallengeMethod: String, CaseIterable, Sendable {
    case s256 = "S256"
}
