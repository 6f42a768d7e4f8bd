import Primitives

/// The part of an IP address that stands for one subscriber.
public enum NetworkAddress {
    /// An IPv4 address whole; of an IPv6 address its first 64 bits, since a subscriber owns the rest; other text as it is.
    public static func prefix(of text: String) -> String {
        let text = String(text.prefix(64))
        guard let address = IPAddress(text) else { return text }
        return address.isIPv4 ? address.description : IPNetwork(address, prefixLength: 64)?.description ?? text
    }
}
