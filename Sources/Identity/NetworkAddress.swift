#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The part of an IP address that stands for one subscriber.
enum NetworkAddress {
    /// An IPv4 address whole; of an IPv6 address its first 64 bits, since a subscriber owns the rest; other text as it is.
    static func prefix(of text: String) -> String {
        let text = String(text.prefix(64))
        guard text.contains(":") else { return text }
        var bytes = in6_addr()
        guard inet_pton(AF_INET6, text, &bytes) == 1 else { return text }
        let parts = withUnsafeBytes(of: bytes) { Array($0) }
        // ::ffff:192.0.2.1 is an IPv4 peer on a socket for both.
        if parts.prefix(10).allSatisfy({ $0 == 0 }), parts[10] == 0xFF, parts[11] == 0xFF {
            return parts[12...].map(String.init).joined(separator: ".")
        }
        return stride(from: 0, to: 8, by: 2).map { String(UInt16(parts[$0]) << 8 | UInt16(parts[$0 + 1]), radix: 16) }.joined(separator: ":") + "::/64"
    }
}
