/// Under which addresses this server is reached: the public listener's, and the mutual-TLS listener's where there is one.
public struct ServerAddresses: Hashable, Sendable {
    public let issuer: Issuer
    /// The base address of the mutual-TLS listener.
    public let mutualTLS: MutualTLSBase?

    public init(issuer: Issuer, mutualTLS: MutualTLSBase? = nil) {
        self.issuer = issuer
        self.mutualTLS = mutualTLS
    }

    /// A path's addresses, the public one first.
    public func all(_ path: String) -> [String] { [issuer.address(path)] + (mutualTLS.map { [$0.address(path)] } ?? []) }
}
