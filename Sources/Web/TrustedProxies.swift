public import HTTPTypes
public import Hummingbird
public import Primitives

extension HTTPField.Name {
    public static let xForwardedFor = HTTPField.Name("X-Forwarded-For")!
}

/// The proxies that are believed when they say for whom they speak. Nobody else's `X-Forwarded-For` is read: whoever can write it could be anybody.
///
/// The field is a list to whose end each proxy adds the address that it was called from; a client may begin it as it likes. So it is read from the end, and
/// only as far as trusted proxies wrote it.
public struct TrustedProxies: Hashable, Sendable {
    public let networks: [IPNetwork]

    public init(_ networks: [IPNetwork] = []) { self.networks = networks }

    public static let none = TrustedProxies()

    public var isEmpty: Bool { networks.isEmpty }

    public func contains(_ address: IPAddress) -> Bool { networks.contains { $0.contains(address) } }

    /// Whom a request comes from: the peer, or when that is a trusted proxy the last address of the list that is none. When all are trusted, the first.
    public func client(of headers: HTTPFields, from peer: IPAddress) -> IPAddress {
        guard contains(peer) else { return peer }
        var client = peer
        // RFC 9110 §5.3: several lines of a field are one list.
        for line in headers[values: .xForwardedFor].reversed() {
            for entry in line.split(separator: ",", omittingEmptySubsequences: false).reversed() {
                // What is no address was not added by a proxy of ours, nor was anything before it. The one that passed it on is the last we know of.
                guard let address = Self.address(in: entry) else { return client }
                client = address
                guard contains(address) else { return client }
            }
        }
        return client
    }

    /// An address, perhaps with the port it was called from: `192.0.2.1:567`, `[2001:db8::1]:567`.
    static func address(in entry: Substring) -> IPAddress? {
        let text = entry.trimmingWhitespace()
        if text.utf8.first == UInt8(ascii: "[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            let address = text[text.index(after: text.startIndex)..<end]
            guard address.utf8.contains(UInt8(ascii: ":")), isPort(text[text.index(after: end)...]) else { return nil }
            return IPAddress(address)
        }
        // An IPv6 address has two colons at least.
        guard let colon = text.firstIndex(of: ":"), colon == text.lastIndex(of: ":") else { return IPAddress(text) }
        return isPort(text[colon...]) ? IPAddress(text[..<colon]) : nil
    }

    /// Nothing, or a colon and a port.
    private static func isPort(_ text: Substring) -> Bool {
        guard let colon = text.first else { return true }
        let digits = text.dropFirst()
        return colon == ":" && digits.utf8.allSatisfy { (48...57).contains($0) } && UInt16(digits) != nil
    }
}

/// Finds out for whom a trusted proxy speaks, before the request is logged. The outermost step, and only there when proxies are trusted.
public struct ProxyTrust: RequestStep {
    private let trusted: TrustedProxies

    public init(_ trusted: TrustedProxies) { self.trusted = trusted }

    public func enter(_ request: Request, _ context: inout AppContext) {
        guard let peer = context.client.ip else { return }
        let client = trusted.client(of: request.headers, from: peer)
        if client != peer { context.client = ClientAddress(client) }
    }
}
