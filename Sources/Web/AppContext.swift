package import Hummingbird
package import NIOCore
package import Primitives
internal import Logging

/// What every handler knows about its request.
package struct AppContext: RequestContext, RemoteAddressRequestContext {
    package var coreContext: CoreRequestContextStorage
    /// The peer's address, `nil` in tests without a socket.
    package let remoteAddress: SocketAddress?
    /// Made for each request, told in `X-Request-Id`, and the key of its decision record.
    package var requestID = RequestID(trusted: "req_")
    /// The `x-fapi-interaction-id` that the caller sent, or one made for it: a UUID, echoed in the answer.
    package var interactionID = ""
    /// When the request arrived, by the server's clock: the `now` of everything below.
    package var receivedAt = Timestamp.epoch
    /// The public base address, for links.
    package var issuer = Self.anyIssuer

    /// Until `RequestIdentity` sets the real one: a constant that parses, read once.
    private static let anyIssuer = Issuer("http://localhost")!

    package init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        remoteAddress = source.channel.remoteAddress
    }

    /// Bodies beyond this many bytes are refused with 413.
    package var maxUploadSize: Int { 1 << 20 }

    /// The peer's IP address as text, `local` without a socket.
    package var clientAddress: String { remoteAddress?.ipAddress ?? "local" }
}
