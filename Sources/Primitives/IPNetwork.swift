/// The addresses that share their first bits (CIDR, RFC 4632 §3.1 and RFC 4291 §2.3). A single address is a network of its own.
public struct IPNetwork: Hashable, Sendable {
    /// The lowest one: the bits behind the prefix are zero.
    public let address: IPAddress
    /// Of an IPv4 network 0 to 32, of another 0 to 128.
    public let prefixLength: Int

    /// Bits behind the prefix are dropped.
    /// - Returns: `nil` when the prefix is longer than the family's addresses.
    public init?(_ address: IPAddress, prefixLength: Int) {
        let width = address.isIPv4 ? 32 : 128
        guard (0...width).contains(prefixLength) else { return nil }
        let free = width - prefixLength
        self.address = IPAddress(bits: (address.bits >> free) << free)
        self.prefixLength = prefixLength
    }

    /// An IPv4 address is in no IPv6 network, not even in `::/0`.
    public func contains(_ other: IPAddress) -> Bool {
        other.isIPv4 == address.isIPv4 && (other.bits ^ address.bits) >> (width - prefixLength) == 0
    }

    /// Whether it is every address of its family.
    public var isEverything: Bool { prefixLength == 0 }

    private var width: Int { address.isIPv4 ? 32 : 128 }
}

extension IPNetwork {
    /// Why a text is no network; `message` says what to do.
    public enum Refusal: Error, Hashable, Sendable {
        case address, zone, prefix, prefixTooLong(most: Int), mappedPrefix

        public var message: String {
            switch self {
            case .address: "Write an IP address or a network, for example 192.0.2.10 or 2001:db8::/32, without names and leading zeros"
            case .zone: "Leave out the zone from % on: it means something on one machine only"
            case .prefix: "Write the prefix behind the slash as a number without leading zeros, for example /24"
            case .prefixTooLong(let most): "Use a prefix of at most /\(most)"
            case .mappedPrefix: "Write an IPv4 network as such, for example 192.0.2.0/24: behind ::ffff: the prefix counts from /96"
            }
        }
    }

    /// Reads an address, or an address and a prefix length.
    public static func read(_ text: String) -> Result<IPNetwork, Refusal> {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard !parts[0].utf8.contains(UInt8(ascii: "%")) else { return .failure(.zone) }
        guard let address = IPAddress(parts[0]) else { return .failure(.address) }
        let most = address.isIPv4 ? 32 : 128
        guard parts.count == 2 else { return IPNetwork(address, prefixLength: most).map { .success($0) } ?? .failure(.address) }
        guard var length = prefixLength(parts[1]) else { return .failure(.prefix) }
        if address.isIPv4, parts[0].utf8.contains(UInt8(ascii: ":")) {
            guard length >= 96 else { return .failure(.mappedPrefix) }
            guard length <= 128 else { return .failure(.prefixTooLong(most: 128)) }
            length -= 96
        }
        return IPNetwork(address, prefixLength: length).map { .success($0) } ?? .failure(.prefixTooLong(most: most))
    }

    public init?(_ text: String) {
        guard case .success(let network) = Self.read(text) else { return nil }
        self = network
    }

    private static func prefixLength(_ text: Substring) -> Int? {
        guard (1...3).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }), text == "0" || text.first != "0" else { return nil }
        return Int(text)
    }
}

extension IPNetwork: CustomStringConvertible {
    /// `192.0.2.0/24`; a single address without its prefix.
    public var description: String { prefixLength == width ? address.description : "\(address)/\(prefixLength)" }
}
