internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import Web

extension ConnectionHandler {
    /// Not while an answer is being made, or while the client does not take what is written.
    func mayAnswer(_ context: ChannelHandlerContext) -> Bool { !isAnswering && !isOver && context.channel.isWritable }

    /// Begins the next answer, if it may.
    func answerNext(_ context: ChannelHandlerContext) {
        guard mayAnswer(context) else { return }
        guard let next = waiting.popFirst() else {
            if endsWhenAnswered && (reader.isBetweenRequests || refusal != nil) { finish(context) }
            return
        }
        answer(next, context)
    }

    /// - Parameter next: the one whose turn it is.
    func answer(_ next: IncomingRequest, _ context: ChannelHandlerContext) {
        isAnswering = true
        readOn(context)
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let appContext = AppContext(source: .init(channel: context.channel, logger: logger), client: client, mutualTLS: mutualTLS)
        Task(executorPreference: executor) { @Sendable [connection] in
            let made = await connection.response(to: next.request, appContext)
            bound.value.0.write(made.head, made.body, to: next, bound.value.1)
        }
    }

    private func write(_ response: HTTPResponse, _ body: [ByteBuffer], to incoming: IncomingRequest, _ context: ChannelHandlerContext) {
        isAnswering = false
        guard context.channel.isActive else { return workEnded() }
        guard !isOver else { return }
        let isLast =
            incoming.isLast || awaitsContinue && waiting.isEmpty || connection.isDraining()
            || endsWhenAnswered && waiting.isEmpty && refusal == nil
        let answer = Answer(
            response, body: body, to: incoming.request.method, date: connection.date.text,
            connection: isLast ? "close" : incoming.mustConfirmKeepAlive ? "keep-alive" : nil)
        patience.answered(context.eventLoop.now)
        write(answer, context)
        if !isLast {
            watch(context)
            answerNext(context)
        }
    }

    func write(_ answer: Answer, _ context: ChannelHandlerContext) {
        for part in answer.parts.dropLast() { context.write(wrapOutboundOut(.byteBuffer(part)), promise: nil) }
        guard let last = answer.parts.last else { return }
        guard answer.isLast else { return context.writeAndFlush(wrapOutboundOut(.byteBuffer(last)), promise: nil) }
        isOver = true
        writeLast(last, context) { handler, context in handler.hangUp(context) }
    }

    /// Goes on once all that was written is in the socket: a close takes back what is not.
    private func writeLast(_ part: ByteBuffer, _ context: ChannelHandlerContext, then proceed: @escaping (ConnectionHandler, ChannelHandlerContext) -> Void) {
        let written = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(.byteBuffer(part)), promise: written)
        let bound = NIOLoopBound((self, context, proceed), eventLoop: context.eventLoop)
        written.futureResult.whenComplete { _ in
            let (handler, context, proceed) = bound.value
            proceed(handler, context)
        }
    }

    /// Sends no more, and goes on reading until the client hangs up too: to close what is still being sent to would reset the connection, and with it the answer
    /// that the client has not read yet (RFC 9112 §9.6).
    private func hangUp(_ context: ChannelHandlerContext) {
        patience.hungUp(context.eventLoop.now)
        watch(context)
        waiting.removeAll()
        bodyIsFull = false
        readOn(context)
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.close(mode: .output).whenFailure { _ in bound.value.close(promise: nil) }
    }

    private func finish(_ context: ChannelHandlerContext) {
        if let refusal { return write(refusal, context) }
        isOver = true
        writeLast(ByteBuffer(), context) { _, context in context.close(promise: nil) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        answerNext(context)
        context.fireChannelWritabilityChanged()
    }

    // MARK: Who keeps us waiting

    /// Looks again when the connection would be given up. One timer serves a connection's requests: it is moved only to an earlier time.
    func watch(_ context: ChannelHandlerContext) {
        guard let due = patience.due(isAnswering: isAnswering) else { return }
        if let timer, timer.due <= due { return }
        timer?.task.cancel()
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let task = context.eventLoop.scheduleTask(deadline: due) {
            let (handler, context) = bound.value
            handler.timer = nil
            handler.look(context)
        }
        timer = (task, due)
    }

    private func look(_ context: ChannelHandlerContext) {
        guard let due = patience.due(isAnswering: isAnswering) else { return }
        guard due <= context.eventLoop.now else { return watch(context) }
        let isAnswered = reader.isStreaming && !isAnswering && waiting.isEmpty
        if isOver || reader.isBetweenRequests || isAnswered {
            context.close(promise: nil)
        } else if isAnswering && !reader.isStreaming || !waiting.isEmpty {
            // The requests before it have their answers.
            reader.abandon()
            endsWhenAnswered = true
        } else {
            write(refusal(.requestTimeout), context)
            reader.abandon()
        }
    }
}
