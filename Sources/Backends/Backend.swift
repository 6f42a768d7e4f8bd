public import NIOCore
internal import NIOHTTP1
public import NIOSSL

/// A server that is asked over HTTP/1.1, again and again: its connections are kept. A request goes over a connection of the event loop that it is made on, so
/// that neither it nor its answer changes threads.
public final class Backend: Sendable {
    private let address: BackendAddress
    private let group: any EventLoopGroup
    private let loops: [ObjectIdentifier: NIOLoopBoundBox<LoopConnections>]

    /// - Parameters:
    ///   - connections: how many are open at most; beyond them requests wait for one.
    ///   - largestAnswer: of a body, in bytes.
    ///   - tls: for an address of https; who is trusted, above all.
    /// - Throws: what NIOSSL refuses of `tls`.
    public init(
        _ address: BackendAddress, on group: any EventLoopGroup, connections: Int = 512, largestAnswer: Int = 4 << 20,
        tls: TLSConfiguration = .makeClientConfiguration()
    ) throws {
        self.address = address
        self.group = group
        let loops = Array(group.makeIterator())
        let context = address.isSecure ? try NIOSSLContext(configuration: tls) : nil
        let limit = max(1, connections / loops.count)
        self.loops = Dictionary(
            uniqueKeysWithValues: loops.map { loop in
                let connections = LoopConnections(to: address, on: loop, limit: limit, largestAnswer: largestAnswer, tls: context)
                return (ObjectIdentifier(loop), .makeBoxSendingValue(connections, eventLoop: loop))
            })
    }

    /// A safe request is sent once more where the server closed the connection, as it may with one that was idle, before it answered (RFC 9112 §9.3.1).
    /// - Throws: `BackendFailure`.
    public func send(_ request: BackendRequest, within time: TimeAmount) async throws -> BackendAnswer {
        // The one that this is called on, if it is one of them.
        let loop = group.any()
        guard let connections = loops[ObjectIdentifier(loop)] else { throw BackendFailure.unreachable }
        let complete = completed(request)
        let deadline = NIODeadline.now() + time
        let answer =
            loop.inEventLoop ? connections.value.carry(complete, until: deadline) : loop.flatSubmit { connections.value.carry(complete, until: deadline) }
        return try await answer.get()
    }

    /// With what the way to this server asks for; the host is the first field (RFC 9110 §7.2).
    private func completed(_ request: BackendRequest) -> BackendRequest {
        var completed = request
        completed.headers = HTTPHeaders()
        completed.headers.reserveCapacity(request.headers.count + 2)
        completed.headers.add(name: "host", value: address.authority)
        completed.headers.add(contentsOf: request.headers)
        if let body = request.body {
            completed.headers.add(name: "content-length", value: "\(body.readableBytes)")
        } else if !request.isSafe {
            completed.headers.add(name: "content-length", value: "0")
        }
        return completed
    }
}
