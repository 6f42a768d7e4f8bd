import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOEmbedded
import Primitives
import Synchronization
import TestSupport
import Web

@testable import Connections

/// A client's end of a connection whose time stands still.
struct Peer {
    let channel: NIOAsyncTestingChannel
    let value: HTTPConnection.Value
    private let counter: ReadCounter
    private let socket: NIOLoopBoundBox<SlowSocket>
    private let waits = Gate()

    init(limits: ConnectionLimits = ConnectionLimits(), isDraining: @escaping @Sendable () -> Bool = { false }, _ respond: @escaping HTTPConnection.Responder)
        async throws
    {
        let connection = HTTPConnection(
            issuer: Issuer("https://bank.example")!,  // a constant that parses
            limits: limits, clock: ManualClock(.epoch), randomness: SeededRandom(), isDraining: isDraining, respond: respond)
        let channel = NIOAsyncTestingChannel()
        let counter = ReadCounter()
        let (made, socket) = try await channel.testingEventLoop.executeInContext { [waits] in
            let socket = SlowSocket(waits)
            try channel.pipeline.syncOperations.addHandlers(socket, counter)
            return (connection.setup(channel: channel, logger: .quiet), NIOLoopBoundBox(socket, eventLoop: channel.eventLoop))
        }
        value = try await made.get()
        self.socket = socket
        try await channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).get()
        (self.channel, self.counter) = (channel, counter)
    }

    func send(_ text: String) async throws {
        try await channel.writeInbound(ByteBuffer(string: text))
        await channel.testingEventLoop.run()
    }

    /// Everything that has been written, once something has.
    func received() async throws -> String {
        var text = String(buffer: try await channel.waitForOutboundWrite(as: ByteBuffer.self))
        while let more = try await channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: more) }
        return text
    }

    /// Receives the answer to what never became a request: a problem and an OAuth error, with the same id in its field and its body, and an interaction id;
    /// then the connection ends.
    func receivesRefusal(_ status: String, _ detail: String) async throws -> Bool {
        let answer = try await received()
        await settle()
        func field(_ name: String) -> Substring { answer.components(separatedBy: "\(name): ").last?.prefix { !$0.isNewline } ?? "" }
        let id = field("X-Request-Id")
        let hasInteractionID = UUID(uuidString: String(field("x-fapi-interaction-id"))) != nil
        let body =
            #"{"type":"https://bank.example/docs/errors/unreadable_request","title":"The request cannot be read","#
            + #""status":\#(status.prefix(3)),"detail":"\#(detail)","code":"unreadable_request","#
            + #""error":"invalid_request","error_description":"\#(detail)","request_id":"\#(id)"}"#
        return answer.hasPrefix("HTTP/1.1 \(status)\r\nContent-Type: application/problem+json\r\n") && answer.contains("\r\nConnection: close\r\n")
            && id.hasPrefix("req_") && hasInteractionID && answer.hasSuffix("\r\n\r\n" + body) && !isOpen
    }

    /// What has been written by now.
    func receivedByNow() async throws -> String {
        await channel.testingEventLoop.run()
        var text = ""
        while let more = try await channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: more) }
        return text
    }

    var isOpen: Bool { channel.isActive }
    /// How often the connection asked its socket for more.
    var reads: Int { counter.reads }

    /// Leaves in the server what it writes, as a client does that reads nothing, until ``readOn()``.
    func readNothing() async throws { try await channel.testingEventLoop.executeInContext { socket.value.isFull = true } }
    func readOn() async throws {
        try await channel.testingEventLoop.executeInContext { socket.value.empty() }
        await channel.testingEventLoop.run()
    }

    func answerWaits() async { await waits.wait() }

    /// Lets the connection finish what it is about.
    func settle() async { await channel.testingEventLoop.run() }
    func hangUp() async throws { try await channel.close() }
    /// What the socket does after each read.
    func read() async throws { try await channel.testingEventLoop.executeInContext { channel.read() } }

    func wait(_ time: TimeAmount) async { await channel.testingEventLoop.advanceTime(by: time) }

    func fire(_ event: some Sendable) async throws {
        try await channel.testingEventLoop.executeInContext { channel.pipeline.fireUserInboundEventTriggered(event) }
        await channel.testingEventLoop.run()
    }
}

private final class ReadCounter: ChannelOutboundHandler, Sendable {
    typealias OutboundIn = NIOAny
    private let count = Atomic(0)

    var reads: Int { count.load(ordering: .relaxed) }

    func read(context: ChannelHandlerContext) {
        count.add(1, ordering: .relaxed)
        context.read()
    }
}

/// A socket whose buffer may be full: what is written then waits, and a close takes it back.
private final class SlowSocket: ChannelOutboundHandler {
    typealias OutboundIn = NIOAny
    var isFull = false
    private let waits: Gate
    private var waiting: [() -> Void] = []
    private var promises: [EventLoopPromise<Void>] = []

    init(_ waits: Gate) { self.waits = waits }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard isFull else { return context.write(data, promise: promise) }
        waiting.append { context.writeAndFlush(data, promise: promise) }
        if let promise { promises.append(promise) }
        waits.open()
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        waiting = []
        let refused = promises
        promises = []
        for promise in refused { promise.fail(ChannelError.ioOnClosedChannel) }
        context.close(mode: mode, promise: promise)
    }

    func empty() {
        isFull = false
        promises = []
        let written = waiting
        waiting = []
        for write in written { write() }
    }
}
