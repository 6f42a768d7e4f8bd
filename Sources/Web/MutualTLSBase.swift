/// The base address of the listener that asks for a client certificate: what `mtls_endpoint_aliases` begin with (RFC 8705 §5). Scheme and authority, no path.
/// Never taken from a request's headers.
public struct MutualTLSBase: BaseAddress, Hashable, CustomStringConvertible {
    /// `https://localhost:8443`, without a slash at the end.
    public let text: String

    /// - Returns: `nil` unless the text is `https`, a host, and perhaps a port.
    public init?(_ text: String) {
        guard let address = Issuer(text), address.isSecure else { return nil }
        self.text = address.text
    }

    /// The address of a port on the issuer's host.
    public init(of issuer: Issuer, port: Int) {
        let host = issuer.host
        text = "https://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }

    /// Without its port; an IPv6 address without its brackets.
    public var host: String { Issuer.host(of: text) }

    public var description: String { text }
}
