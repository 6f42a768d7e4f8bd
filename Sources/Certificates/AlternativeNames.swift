public import Primitives
internal import SwiftASN1
internal import X509

/// The names beside the subject (RFC 5280 §4.2.1.6) that a client can be registered by (RFC 8705 §2.1.2).
public struct AlternativeNames: Hashable, Sendable {
    public private(set) var dns: [String] = []
    public private(set) var uris: [String] = []
    public private(set) var ips: [IPAddress] = []
    public private(set) var emails: [String] = []

    init() {}

    init(_ names: X509.SubjectAlternativeNames) {
        for name in names {
            switch name {
            case .dnsName(let text): dns.append(text)
            case .uniformResourceIdentifier(let text): uris.append(text)
            case .rfc822Name(let text): emails.append(text)
            case .ipAddress(let bytes):
                if let address = IPAddress(bytes: Array(bytes.bytes)) { ips.append(address) }
            default: break
            }
        }
    }

    /// Whether a client that asks for this host takes the certificate. An asterisk stands for one label, the first (RFC 9525 §6.3).
    public func covers(_ host: String) -> Bool {
        if let address = IPAddress(host) { return ips.contains(address) }
        let host = host.lowercased()
        let domain = host.drop { $0 != "." }
        return dns.map { $0.lowercased() }.contains { $0 == host || !domain.isEmpty && $0.hasPrefix("*.") && $0.dropFirst() == domain }
    }
}

extension IPAddress {
    /// - Returns: `nil` unless there are 4 bytes or 16.
    fileprivate init?(bytes: [UInt8]) {
        switch bytes.count {
        case 4: self.init(v4: bytes.reduce(0) { $0 << 8 | UInt32($1) })
        case 16: self.init(v6: bytes.reduce(0) { $0 << 8 | UInt128($1) })
        default: return nil
        }
    }
}
