internal import Foundation
internal import Synchronization

/// Opens once; both asynchronous and blocking code can wait for it.
public final class Gate: Sendable {
    private let stream: (stream: AsyncStream<Void>, continuation: AsyncStream<Void>.Continuation) = AsyncStream.makeStream()
    private let isOpen = Mutex(false)

    public init() {}

    public func open() {
        isOpen.withLock { $0 = true }
        stream.continuation.finish()
    }

    public func wait() async { for await _ in stream.stream {} }

    /// For a transaction's body, which runs on a driver's own thread.
    public func waitBlocking() { while !isOpen.withLock({ $0 }) { usleep(500) } }
}
