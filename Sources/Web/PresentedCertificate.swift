internal import Synchronization

/// The certificate that a client presented, as it came: nothing about it is verified but that the client holds its key, and behind a proxy not even that by us.
public struct PresentedCertificate: Hashable, Sendable {
    /// Who saw the handshake.
    public enum Witness: Hashable, Sendable {
        /// Our own listener.
        case connection
        /// A trusted proxy, which told in `Client-Cert` (RFC 9440).
        case proxy
    }

    /// The certificate itself (RFC 5280 §4.1), DER.
    public let der: [UInt8]
    /// What came with it, each the issuer of the one before (RFC 8446 §4.4.2): DER.
    public let chain: [[UInt8]]
    public let witness: Witness

    public init(der: [UInt8], chain: [[UInt8]] = [], witness: Witness) {
        self.der = der
        self.chain = chain
        self.witness = witness
    }
}

/// A connection to the mutual-TLS listener: what its handshake brought, for each of its requests.
public final class MutualTLSConnection: Sendable {
    private let presented = Mutex<PresentedCertificate?>(nil)

    public init() {}

    /// `nil` until the handshake ended, and when the client presented none.
    public var certificate: PresentedCertificate? { presented.withLock { $0 } }

    public func present(_ certificate: PresentedCertificate) { presented.withLock { $0 = certificate } }
}
