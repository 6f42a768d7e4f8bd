internal import Foundation
internal import NIOCore
internal import NIOPosix

/// The event loops that read for themselves.
final class ReadingLoops: @unchecked Sendable {
    private let pool: ConnectionPool
    private let poolID: ObjectIdentifier
    private let lock = NSLock()
    // Guarded by `lock`.
    private var all: [ReadingLoop] = []
    private var limit = 0

    /// Those of a thread, which is an event loop's: one for each database that it reads.
    private final class Here: @unchecked Sendable {
        var loops: [ReadingLoop] = []
    }

    /// Each thread sees its own.
    private nonisolated(unsafe) static let here = ThreadSpecificVariable<Here>()

    init(_ pool: ConnectionPool) {
        self.pool = pool
        poolID = ObjectIdentifier(pool)
    }

    /// - Parameter count: loops that may have a connection, those that ask first.
    func serve(_ count: Int) { lock.withLock { limit = count } }

    /// The event loop whose thread this is, if it is one.
    var current: ReadingLoop? {
        if let here = Self.here.currentValue, let known = here.loops.first(where: { [poolID] in $0.poolID == poolID }) { return known }
        guard let loop = MultiThreadedEventLoopGroup.currentEventLoop else { return nil }
        return begin(loop)
    }

    private func begin(_ loop: any EventLoop) -> ReadingLoop? {
        lock.lock()
        defer { lock.unlock() }
        guard all.count < limit else { return nil }
        let new = ReadingLoop(loop, pool)
        all.append(new)
        let here = Self.here.currentValue ?? Here()
        here.loops = here.loops.filter { !$0.isOver } + [new]
        Self.here.currentValue = here
        return new
    }

    /// Returns when their connections are closed, but for those on which a loop reads at this moment.
    func close() async {
        for loop in end() { await loop.close() }
    }

    private func end() -> [ReadingLoop] {
        lock.lock()
        defer { lock.unlock() }
        limit = 0
        return all
    }
}
