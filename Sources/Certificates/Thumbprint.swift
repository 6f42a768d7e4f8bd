internal import Primitives

/// What names one certificate: base64url of the SHA-256 of its DER, the `x5t#S256` of RFC 8705 §3.1 and RFC 7515 §4.1.8.
public struct Thumbprint: Hashable, Sendable, CustomStringConvertible {
    /// 43 characters.
    public let text: String

    public init(ofDER der: [UInt8]) { text = Base64URL.encode(sha256(der)) }

    /// - Returns: `nil` unless it is base64url of 32 bytes.
    public init?(_ text: String) {
        guard Base64URL.decode(text)?.count == 32 else { return nil }
        self.text = text
    }

    public var description: String { text }
}
