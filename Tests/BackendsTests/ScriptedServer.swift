import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A server that answers each request, on each connection in turn, with the bytes that a test gives it.
final class ScriptedServer: Sendable {
    enum Step: Sendable {
        case answer(String)
        /// Closes behind the answer.
        case answerAndClose(String)
        /// Closes without a word.
        case close
        /// Answers nothing.
        case silence
    }

    private struct State {
        var connections = 0
        var requests: [String] = []
        var channels: [any Channel] = []
    }

    private let state = Mutex(State())
    private let listener: any Channel
    let port: Int

    /// - Parameter step: what the connection does, both counted from 0, at its next request.
    init(tls: NIOSSLContext? = nil, _ step: @escaping @Sendable (_ connection: Int, _ request: Int) -> Step) async throws {
        let reference = Mutex<ScriptedServer?>(nil)
        listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let server = reference.withLock({ $0 }) else { return }
                    if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                    try channel.pipeline.syncOperations.addHandler(Handler(server, connection: server.took(channel), step))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = listener.localAddress?.port ?? 0
        reference.withLock { $0 = self }
    }

    var connections: Int { state.withLock(\.connections) }
    var requests: [String] { state.withLock(\.requests) }

    /// Closes what is open, and tells when it is closed.
    func closeConnections() async throws {
        for channel in state.withLock({ $0.channels }) { try? await channel.close() }  // fails when it is closed already
    }

    func stop() async throws {
        try await listener.close()
        try await closeConnections()
    }

    private func took(_ channel: any Channel) -> Int {
        state.withLock { state in
            state.connections += 1
            state.channels.append(channel)
            return state.connections - 1
        }
    }

    private func got(_ request: String) { state.withLock { $0.requests.append(request) } }

    /// Takes requests whose bodies have a length.
    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let server: ScriptedServer
        private let connection: Int
        private let step: @Sendable (Int, Int) -> Step
        private var text = ""
        private var count = 0

        init(_ server: ScriptedServer, connection: Int, _ step: @escaping @Sendable (Int, Int) -> Step) {
            self.server = server
            self.connection = connection
            self.step = step
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            text += String(buffer: unwrapInboundIn(data))
            guard let head = text.firstRange(of: "\r\n\r\n") else { return }
            let length = text[..<head.lowerBound].split(separator: "\r\n").compactMap { line in
                line.lowercased().hasPrefix("content-length: ") ? Int(line.dropFirst(16)) : nil
            }.first
            guard text[head.upperBound...].utf8.count >= length ?? 0 else { return }
            server.got(text)
            text = ""
            defer { count += 1 }
            switch step(connection, count) {
            case .answer(let answer): context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
            case .answerAndClose(let answer):
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
                context.close(promise: nil)
            case .close: context.close(promise: nil)
            case .silence: break
            }
        }
    }
}
