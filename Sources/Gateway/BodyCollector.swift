internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import Synchronization

/// Collects what a response body writes.
final class BodyCollector: ResponseBodyWriter, Sendable {
    private let collected = Mutex("")

    var text: String { collected.withLock { $0 } }

    func write(_ buffer: ByteBuffer) async throws { collected.withLock { $0 += String(buffer: buffer) } }

    func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
