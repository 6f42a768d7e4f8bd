internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL

/// The connections of one event loop to one backend. Touched on that loop alone.
final class LoopConnections {
    private let loop: any EventLoop
    let largestAnswer: Int
    private let address: BackendAddress
    private let limit: Int
    private let tls: NIOSSLContext?

    /// Those that are open or being opened; and of them those that carry nothing, the one that was used last at the end.
    private var open: [ObjectIdentifier: Connection] = [:]
    private var idle: [Connection] = []
    private var waiting: CircularBuffer<Exchange> = []
    private var watch: Scheduled<Void>?

    private static let connectTime = TimeAmount.seconds(2)
    /// Servers close what is idle, many after a minute; what we close first fails nobody.
    private static let idleTime = TimeAmount.seconds(30)
    /// How often deadlines are looked at: a timer for each request would cost more than the look.
    private static let watchInterval = TimeAmount.milliseconds(100)

    init(to address: BackendAddress, on loop: any EventLoop, limit: Int, largestAnswer: Int, tls: NIOSSLContext?) {
        self.address = address
        self.loop = loop
        self.limit = limit
        self.largestAnswer = largestAnswer
        self.tls = tls
    }

    /// Sends it over a connection that is idle or new, or keeps it until there is one.
    /// - Returns: the answer, or a `BackendFailure`.
    func carry(_ request: BackendRequest, until deadline: NIODeadline) -> EventLoopFuture<BackendAnswer> {
        let exchange = Exchange(request, deadline: deadline, on: loop)
        if watch == nil { watchLater() }
        if let connection = idle.popLast() {
            connection.send(exchange)
        } else if open.count < limit {
            connect(for: exchange)
        } else {
            waiting.append(exchange)
        }
        return exchange.answer
    }

    /// The connection has brought a whole answer and takes another request.
    func becameIdle(_ connection: Connection) {
        if let next = nextWaiting() {
            connection.send(next)
        } else {
            connection.idleSince = .now()
            idle.append(connection)
        }
    }

    /// - Parameter repeating: what the connection was to carry and did not, to be sent over a new one.
    func ended(_ connection: Connection, repeating exchange: Exchange? = nil) {
        guard open.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        idle.removeAll { $0 === connection }
        if let next = exchange ?? nextWaiting() { connect(for: next) }
    }

    private func nextWaiting() -> Exchange? {
        while let exchange = waiting.popFirst() {
            if !exchange.isOver { return exchange }
        }
        return nil
    }

    private func connect(for exchange: Exchange) {
        let connection = Connection(of: self)
        open[ObjectIdentifier(connection)] = connection
        connection.carry(exchange)
        ClientBootstrap(group: loop)
            .connectTimeout(Self.connectTime)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { [tls, host = address.host] channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls { try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: Self.isName(host) ? host : nil)) }
                    try pipeline.addHTTPClientHandlers()
                }
            }
            .connect(host: address.host, port: address.port)
            .assumeIsolated()
            // Not before: a host of two addresses is tried at both, and both may answer.
            .flatMapThrowing { try $0.pipeline.syncOperations.addHandler(connection) }
            .whenFailure { _ in connection.failedToOpen() }
    }

    /// An address is not sent as a server's name, and is looked for among the certificate's addresses (RFC 6066 §3).
    private static func isName(_ host: String) -> Bool { (try? SocketAddress(ipAddress: host, port: 0)) == nil }

    // MARK: Time

    private func watchLater() {
        watch = loop.assumeIsolated().scheduleTask(in: Self.watchInterval) { [weak self] in self?.look(at: .now()) }
    }

    /// Fails what is late, closes what is idle, and looks again while anything is left to look at.
    private func look(at now: NIODeadline) {
        for exchange in waiting where exchange.deadline <= now { exchange.fail(.late) }
        for connection in Array(open.values) { connection.look(at: now, idleTime: Self.idleTime) }
        waiting.removeAll { $0.isOver }
        watch = nil
        if !open.isEmpty || !waiting.isEmpty { watchLater() }
    }
}
