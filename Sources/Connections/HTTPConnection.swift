internal import HTTPTypes
import Hummingbird
public import HummingbirdCore
public import Logging
public import NIOCore
internal import NIOHTTP1
public import Primitives
public import Web

/// A connection that carries HTTP/1.1 (RFC 9112). Its requests are answered on its own event loop, one after another, in the order in which they came.
///
/// Answers are written whole: a handler's body is put together before its first byte leaves.
public struct HTTPConnection: ServerChildChannel {
    public typealias Responder = @Sendable (Request, AppContext) async throws -> Response

    let respond: Responder
    let issuer: Issuer
    let limits: ConnectionLimits
    let clock: any WallClock
    let randomness: any RandomSource
    let date: DateField
    /// Whether the process is about to stop: each connection then ends with its next answer.
    let isDraining: @Sendable () -> Bool

    public init(
        issuer: Issuer, limits: ConnectionLimits = ConnectionLimits(), clock: any WallClock, randomness: any RandomSource,
        isDraining: @escaping @Sendable () -> Bool = { false }, respond: @escaping Responder
    ) {
        self.respond = respond
        self.issuer = issuer
        self.limits = limits
        self.clock = clock
        self.randomness = randomness
        self.isDraining = isDraining
        date = DateField(clock: clock)
    }

    public struct Value: ServerChildChannelValue {
        public let channel: any Channel
        /// When the connection is closed and its last request's work is done.
        let end: EventLoopFuture<Void>
    }

    public func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> { setup(channel: channel, logger: logger, mutualTLS: nil) }

    /// - Parameter mutualTLS: what a handshake brought, on the listener that asks for a client certificate.
    public func setup(channel: any Channel, logger: Logger, mutualTLS: MutualTLSConnection?) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let handler = ConnectionHandler(self, channel: channel, mutualTLS: mutualTLS, logger: logger)
            try channel.pipeline.syncOperations.addHandlers([
                ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits.head)), handler,
            ])
            return Value(channel: channel, end: handler.end)
        }
    }

    public func handle(value: Value, logger: Logger) async {
        await withTaskCancellationHandler {
            try? await value.end.get()
        } onCancel: {
            value.channel.close(promise: nil)
        }
    }

    func response(to request: Request, _ context: AppContext) async -> (head: HTTPResponse, body: [ByteBuffer]) {
        do {
            let response = try await respond(request, context)
            let collector = BodyCollector()
            try await response.body.write(collector)
            return (response.head, collector.parts)
        } catch {
            context.logger.error("no answer", metadata: ["error": "\(error)"])
            return (HTTPResponse(status: .internalServerError), [])
        }
    }
}

/// How long and how large what strangers send may be.
public struct ConnectionLimits: Sendable {
    /// How long a connection may be silent between requests.
    public var idle = TimeAmount.seconds(60)
    /// How long a request may take to arrive, from the end of its head.
    public var arrival = TimeAmount.seconds(30)
    /// How long a client may take to hang up after the last answer.
    public var hangingUp = TimeAmount.seconds(5)
    /// Bytes of a body that are waited for before its request is answered; a longer one is read as its handler asks for it.
    public var wholeBody = 64 * 1024
    /// Requests that wait for the answers before theirs; more are left in the socket.
    public var waiting = 8

    public init() {}

    var head: NIOHTTPDecoderLimitConfiguration {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = 80 * 1024
        limits.maxHeaderListSize = 80 * 1024
        limits.maxHeaderFieldCount = 1000
        return limits
    }
}
