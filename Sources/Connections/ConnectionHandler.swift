internal import HTTPTypes
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPTypesHTTP1
internal import Primitives
internal import Web

/// Takes a connection's requests and writes their answers, in turn (RFC 9112 §9.3.2).
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = Never
    typealias OutboundOut = IOData

    let connection: HTTPConnection
    let mutualTLS: MutualTLSConnection?
    let logger: Logger
    let executor: EventLoopExecutor
    private let ended: EventLoopPromise<Void>

    private(set) var client = ClientAddress(nil)
    var reader: RequestReader
    var waiting: CircularBuffer<IncomingRequest> = []
    var isAnswering = false
    /// What came beside a handler that does not read as fast.
    var bodyIsFull = false
    var readIsHeld = false
    /// Whether a client waits for 100 (RFC 9110 §10.1.1) before it sends a body.
    var awaitsContinue = false
    /// Whether the connection ends once nothing is left to answer.
    var endsWhenAnswered = false
    /// What is said to bytes that are no request, once what came before them is answered.
    var refusal: Answer?
    /// Whether nothing is answered any more.
    var isOver = false
    var patience: Patience
    var timer: (task: Scheduled<Void>, due: NIODeadline)?

    init(_ connection: HTTPConnection, channel: any Channel, mutualTLS: MutualTLSConnection?, logger: Logger) {
        self.connection = connection
        self.mutualTLS = mutualTLS
        self.logger = logger
        executor = EventLoopExecutor.of(channel.eventLoop)
        ended = channel.eventLoop.makePromise()
        reader = RequestReader(wholeBody: connection.limits.wholeBody)
        patience = Patience(connection.limits, now: channel.eventLoop.now)
    }

    /// When the connection is closed and its last request's work is done.
    var end: EventLoopFuture<Void> { ended.futureResult }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { begin(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        begin(context)
        context.fireChannelActive()
    }

    private func begin(_ context: ChannelHandlerContext) {
        client = ClientAddress(IPAddress(context.channel.remoteAddress))
        watch(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        isOver = true
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        isOver = true
        timer?.task.cancel()
        reader.abandon()
        waiting.removeAll()
        if !isAnswering { ended.succeed() }
    }

    /// The work of a request whose connection is gone is done.
    func workEnded() { ended.succeed() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed where isOver: context.close(promise: nil)
        case ChannelEvent.inputClosed, is ChannelShouldQuiesceEvent:
            endsWhenAnswered = true
            answerNext(context)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case HTTPParserError.headerOverflow: refuse(.requestHeaderFieldsTooLarge, context)
        case is HTTPParserError, is HTTP1TypeConversionError: refuse(.badRequest, context)
        default: context.close(promise: nil)
        }
    }
}
