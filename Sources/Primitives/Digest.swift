internal import Crypto

/// The SHA-256 digest of a machine-made secret, as base64url: the only form in which such a secret is kept.
public struct Digest: Hashable, Sendable, Codable {
    public let text: String

    /// A digest read back from a table.
    public init(stored text: String) { self.text = text }

    public init(of secret: String) { self.init(of: Array(secret.utf8)) }

    public init(of bytes: [UInt8]) { text = Base64URL.encode(sha256(bytes)) }
}

/// SHA-256 (FIPS 180-4), 32 bytes.
public func sha256(_ bytes: [UInt8]) -> [UInt8] { SHA256.hash(data: bytes).withUnsafeBytes { Array($0) } }

/// Compares without stopping at the first difference; lengths are not secret.
public func constantTimeEqual(_ lhs: some Collection<UInt8>, _ rhs: some Collection<UInt8>) -> Bool {
    guard lhs.count == rhs.count else { return false }
    return zip(lhs, rhs).reduce(into: UInt8(0)) { $0 |= $1.0 ^ $1.1 } == 0
}

public func constantTimeEqual(_ lhs: String, _ rhs: String) -> Bool {
    var (lhs, rhs) = (lhs, rhs)
    return lhs.withUTF8 { lhs in rhs.withUTF8 { rhs in constantTimeEqual(lhs, rhs) } }
}
