import Primitives
internal import Synchronization

/// Certificates of clients that were read lately: each comes with every request of its connection, and to read one costs more than the rest of a request.
public final class KnownCertificates: Sendable {
    private let known: Mutex<RecentlyUsed<Thumbprint, ClientCertificate>>

    /// - Parameter capacity: certificates remembered at most, of five or ten kilobytes.
    public init(capacity: Int = 2_000) { known = Mutex(RecentlyUsed(capacity: capacity)) }

    /// The same as ``ClientCertificate/read(_:)``.
    public func read(_ der: [UInt8]) -> Result<ClientCertificate, CertificateRefusal> {
        let thumbprint = Thumbprint(ofDER: der)
        if let certificate = known.withLock({ $0[thumbprint] }) { return .success(certificate) }
        let read = ClientCertificate.read(der)
        if case .success(let certificate) = read { known.withLock { $0[thumbprint] = certificate } }
        return read
    }
}
