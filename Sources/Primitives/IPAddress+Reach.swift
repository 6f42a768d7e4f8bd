extension IPAddress {
    /// Of this machine alone: 127.0.0.0/8 (RFC 1122 §3.2.1.3), ::1 (RFC 4291 §2.5.3).
    public var isLoopback: Bool { Self.loopback.contains { $0.contains(self) } }

    /// Whether anybody on the Internet may be meant by it (RFC 6890, the special-purpose address registries): what an address chosen by somebody else may
    /// lead this server to.
    public var isPublic: Bool {
        isIPv4 ? !Self.special.contains { $0.contains(self) } : Self.globalUnicast.contains(self) && !Self.special.contains { $0.contains(self) }
    }

    private static let loopback = networks("127.0.0.0/8", "::1")

    /// RFC 4291 §2.4: all that is assigned to the Internet so far.
    private static let globalUnicast = networks("2000::/3")[0]

    private static let special = networks(
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
        "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        // Within 2000::/3: protocol assignments with Teredo, documentation, and 6to4, which carries an IPv4 address.
        "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")

    private static func networks(_ texts: String...) -> [IPNetwork] { texts.compactMap(IPNetwork.init) }
}
