internal import HTTPTypes
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import Primitives
internal import Web

extension ConnectionHandler {
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            guard !isOver else { return }
            patience.requestBegan(context.eventLoop.now)
            do {
                awaitsContinue = head.expectsContinue
                if let incoming = try reader.begin(head, stream: { stream(context) }) { take(incoming, context) }
            } catch {
                errorCaught(context: context, error: error)
            }
        case .body(let part):
            awaitsContinue = false
            if !reader.append(part) { bodyIsFull = true }
        case .end:
            awaitsContinue = false
            patience.requestArrived(context.eventLoop.now)
            if let incoming = reader.end() { take(incoming, context) }
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if !reader.isBetweenRequests { watch(context) }
        context.fireChannelReadComplete()
    }

    private func take(_ incoming: IncomingRequest, _ context: ChannelHandlerContext) {
        guard !isOver else { return }
        guard waiting.isEmpty, mayAnswer(context) else { return waiting.append(incoming) }
        answer(incoming, context)
    }

    /// What a client sends beyond what is worked on is left in the socket, so that the client waits too.
    func read(context: ChannelHandlerContext) {
        readIsHeld = bodyIsFull || waiting.count >= connection.limits.waiting
        if !readIsHeld { context.read() }
    }

    func readOn(_ context: ChannelHandlerContext) {
        if readIsHeld { read(context: context) }
    }

    private func stream(_ context: ChannelHandlerContext) -> (stream: RequestStream, source: RequestStream.Parts.Source) {
        let loop = context.eventLoop
        let bound = NIOLoopBound((self, context), eventLoop: loop)
        return RequestStream.make(
            begins: {
                loop.execute {
                    let (handler, context) = bound.value
                    handler.confirm(context)
                }
            },
            resumes: {
                loop.execute {
                    let (handler, context) = bound.value
                    handler.bodyIsFull = false
                    handler.readOn(context)
                }
            })
    }

    /// Lets a client that asked first send its body.
    private func confirm(_ context: ChannelHandlerContext) {
        guard awaitsContinue, !isOver else { return }
        awaitsContinue = false
        context.writeAndFlush(wrapOutboundOut(.byteBuffer(ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n"))), promise: nil)
    }

    // MARK: What never becomes a request

    func refuse(_ status: HTTPResponse.Status, _ context: ChannelHandlerContext) {
        guard !isOver else { return }
        // A body that breaks off is told to the handler that reads it.
        if !reader.isStreaming { refusal = refusal(status) }
        reader.abandon()
        endsWhenAnswered = true
        answerNext(context)
    }

    func refusal(_ status: HTTPResponse.Status) -> Answer {
        let unreadable = UnreadableRequest(
            status: status, id: RequestID(at: connection.clock.now, from: connection.randomness), interactionID: .random(from: connection.randomness),
            issuer: connection.issuer)
        logger.info("unreadable request", metadata: ["request_id": "\(unreadable.id)", "client_address": "\(client.text)", "status": "\(status.code)"])
        return Answer(unreadable.head, body: [ByteBuffer(string: unreadable.body)], to: .get, date: connection.date.text, connection: "close")
    }
}

extension HTTPRequestHead {
    /// RFC 9110 §10.1.1.
    var expectsContinue: Bool { version != .http1_0 && headers.first(name: "expect")?.lowercased() == "100-continue" }
}
