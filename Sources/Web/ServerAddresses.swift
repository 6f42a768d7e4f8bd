/// Under which addresses this server is reached: the public listener's, and the mutual-TLS listener's where there is one.
package struct ServerAddresses: Hashable, Sendable {
    package let issuer: Issuer
    /// The base address of the mutual-TLS listener.
    package let mutualTLS: MutualTLSBase?

    package init(issuer: Issuer, mutualTLS: MutualTLSBase? = nil) {
        self.issuer = issuer
        self.mutualTLS = mutualTLS
    }

    /// A path's addresses, the public one first.
    package func all(_ path: String) -> [String] { [issuer.address(path)] + (mutualTLS.map { [$0.address(path)] } ?? []) }
}
