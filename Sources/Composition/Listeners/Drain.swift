internal import HTTPTypes
internal import NIOCore
internal import NIOHTTPTypes
package import ServiceLifecycle
internal import Synchronization

/// The time between being asked to stop and accepting no more. `/readyz` answers 503, so that a balancer sends new requests to other nodes, and each
/// connection ends with its next answer, so that none is cut.
package final class Drain: Service, Sendable {
    private let period: Duration
    private let hasBegun = Atomic(false)

    package init(_ period: Duration) { self.period = period }

    var isOn: Bool { hasBegun.load(ordering: .relaxed) }

    /// Stops before every other service: they go on serving meanwhile.
    package func run() async throws {
        try await gracefulShutdown()
        hasBegun.store(true, ordering: .relaxed)
        try await Task.sleep(for: period)
    }
}

/// Says `Connection: close` in an answer given while draining, and closes after it (RFC 9112 §9.6).
final class LastAnswer: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let drain: Drain
    private var isLast = false

    init(_ drain: Drain) { self.drain = drain }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head) where drain.isOn && head.status.kind != .informational:
            isLast = true
            head.headerFields[.connection] = "close"
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .end where isLast:
            context.writeAndFlush(data, promise: promise)
            context.close(promise: nil)
        default: context.write(data, promise: promise)
        }
    }
}
