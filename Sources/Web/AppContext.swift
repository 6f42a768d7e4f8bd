public import Hummingbird
public import Primitives
internal import Logging
internal import NIOCore

/// What every handler knows about its request.
public struct AppContext: RequestContext {
    public var coreContext: CoreRequestContextStorage
    /// Who sent it: the peer, or the one for whom a trusted proxy speaks.
    public var client: ClientAddress
    /// Where the connection itself comes from: the last proxy, or the client. `nil` without a socket.
    public var peer: IPAddress?
    /// Whether it arrived at the listener that asks for a client certificate.
    public let isMutualTLS: Bool
    /// Who asks its client for a certificate and tells of the one that came; `nil` when nobody does.
    public internal(set) var certificateWitness: PresentedCertificate.Witness?
    /// The certificate that the client presented to that listener, or to a trusted proxy. Unverified.
    public var clientCertificate: PresentedCertificate?
    /// Made for each request, told in `X-Request-Id`, and the key of its decision record.
    public var requestID = RequestID(trusted: "req_")
    /// The `x-fapi-interaction-id` that the caller sent, or one made for it: a UUID, echoed in the answer.
    public var interactionID = ""
    /// The pattern of its address: `/v1/accounts/{account_id}`; `nil` where nothing answers.
    public internal(set) var route: String?
    /// When the first step took the request, for durations.
    public internal(set) var begun = ContinuousClock.now
    /// When the request arrived, by the server's clock: the `now` of everything below.
    public var receivedAt = Timestamp.epoch
    /// The public base address, for links.
    public var issuer = Self.anyIssuer
    /// The base address of the listener that asks for a client certificate; `nil` where there is none.
    public var mutualTLSBase: MutualTLSBase?
    /// The base address of the listener that was asked, for links back to it: a token that is bound to a certificate is worth nothing at another. A proxy tells
    /// a certificate where it asks for one itself.
    public var base: any BaseAddress {
        guard isMutualTLS || clientCertificate != nil, let mutualTLSBase else { return issuer }
        return mutualTLSBase
    }

    /// Until `RequestIdentity` sets the real one: a constant that parses, read once.
    private static let anyIssuer = Issuer("http://localhost")!

    /// - Parameter mutualTLS: the connection's, on the listener that asks for a client certificate.
    public init(source: ApplicationRequestContextSource, client: ClientAddress, mutualTLS: MutualTLSConnection? = nil) {
        coreContext = .init(source: source)
        self.client = client
        peer = client.ip
        isMutualTLS = mutualTLS != nil
        certificateWitness = mutualTLS == nil ? nil : .connection
        clientCertificate = mutualTLS?.certificate
    }

    public init(source: ApplicationRequestContextSource) {
        self.init(source: source, client: ClientAddress(IPAddress(source.channel.remoteAddress)))
    }

    /// Bodies beyond this many bytes are refused with 413.
    public var maxUploadSize: Int { 1 << 20 }

    /// The client's IP address as text, `local` without a socket.
    public var clientAddress: String { client.text }
}
