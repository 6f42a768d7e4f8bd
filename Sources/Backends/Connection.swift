internal import NIOCore
internal import NIOHTTP1

/// Carries one exchange at a time. Touched on its event loop alone.
final class Connection: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let connections: LoopConnections
    private var context: ChannelHandlerContext?
    private var exchange: Exchange?
    private var head: HTTPResponseHead?
    private var body = ByteBuffer()
    /// Whether it has brought an answer.
    private var hasServed = false
    /// Whether all of the request has left.
    private var isSent = true
    /// Whether it goes on once the read is over that brought an answer's end: what else came in that read would be taken for the next answer.
    private var goesOn = false
    var idleSince = NIODeadline.now()

    init(of connections: LoopConnections) { self.connections = connections }

    /// Sends it once the connection is open.
    func carry(_ exchange: Exchange) { self.exchange = exchange }

    func send(_ exchange: Exchange) {
        guard let context else { return exchange.fail(.broken) }
        self.exchange = exchange
        let request = exchange.request
        context.write(
            wrapOutboundOut(.head(HTTPRequestHead(version: .http1_1, method: request.method, uri: request.target, headers: request.headers))), promise: nil)
        guard let body = request.body else { return context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil) }
        isSent = false
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).assumeIsolated().whenSuccess { self.isSent = true }
    }

    /// Whoever waits for it is told why, and it is used no more.
    func close(_ failure: BackendFailure) {
        fail(failure)
        context?.close(promise: nil)
    }

    func failedToOpen() {
        fail(.unreachable)
        connections.ended(self)
    }

    func look(at now: NIODeadline, idleTime: TimeAmount) {
        if let exchange {
            if exchange.deadline <= now { close(.late) }
        } else if hasServed, now - idleSince >= idleTime {
            context?.close(promise: nil)
        }
    }

    private func fail(_ failure: BackendFailure) {
        exchange?.fail(failure)
        exchange = nil
    }

    // MARK: What comes

    /// It is open.
    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if let exchange, context.channel.isActive { send(exchange) } else { context.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        fail(.broken)
        connections.ended(self)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard exchange != nil else {
            // Nobody asked for it.
            goesOn = false
            connections.ended(self)
            return context.close(promise: nil)
        }
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body(var part):
            body.writeBuffer(&part)
            if body.readableBytes > connections.largestAnswer { close(.tooLong) }
        case .end: finish(context)
        }
    }

    private func finish(_ context: ChannelHandlerContext) {
        guard let exchange, let head else { return close(.broken) }
        let answer = BackendAnswer(status: Int(head.status.code), headers: head.headers, body: body)
        self.exchange = nil
        self.head = nil
        body = ByteBuffer()
        hasServed = true
        goesOn = head.isKeepAlive && isSent
        if !goesOn { context.close(promise: nil) }
        exchange.succeed(answer)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        guard goesOn, context.channel.isActive else { return }
        goesOn = false
        connections.becameIdle(self)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { close(.broken) }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        goesOn = false
        // The server may close an idle connection at the moment that we use it.
        if let exchange, hasServed, head == nil, exchange.request.isSafe, !exchange.isRepeated {
            self.exchange = nil
            exchange.isRepeated = true
            connections.ended(self, repeating: exchange)
        } else {
            fail(.broken)
            connections.ended(self)
        }
    }
}
