public import NIOCore
public import Primitives

/// Where a request comes from, with the text that logs and records carry: made once for each request.
public struct ClientAddress: Sendable {
    /// `nil` without a socket.
    public let ip: IPAddress?
    /// `local` without a socket.
    public let text: String

    public init(_ ip: IPAddress?) {
        self.ip = ip
        text = ip?.description ?? "local"
    }
}

extension IPAddress {
    public init?(_ peer: SocketAddress?) {
        // RFC 3493 §3.3: family and port take four bytes, in an IPv6 address the flow label four more. Read in place: the way by text costs two conversions.
        switch peer {
        case .v4(let peer): self.init(v4: withUnsafeBytes(of: peer.address) { UInt32(bigEndian: $0.loadUnaligned(fromByteOffset: 4, as: UInt32.self)) })
        case .v6(let peer): self.init(v6: withUnsafeBytes(of: peer.address) { UInt128(bigEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt128.self)) })
        case .unixDomainSocket, nil: return nil
        }
    }
}
