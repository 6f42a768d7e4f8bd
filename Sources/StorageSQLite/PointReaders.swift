internal import GRDB
internal import Storage
internal import Synchronization

/// A few read-only connections on which a single statement runs at once, on the thread that asks: a point read takes microseconds, less than handing it to
/// another thread. When all are busy, the pool's readers take over.
final class PointReaders: Sendable {
    private let free: Mutex<[DatabaseQueue]>
    private let all: [DatabaseQueue]

    /// As many as threads may ask at a time, roughly.
    private static let count = 4

    /// - Parameter configuration: that of the pool.
    init(path: String, configuration: Configuration) throws {
        var configuration = configuration
        configuration.readonly = true
        all = try (0..<Self.count).map { _ in try DatabaseQueue(path: path, configuration: configuration) }
        free = Mutex(all)
    }

    /// - Returns: `nil` when none is free.
    func read<Result>(_ body: (GRDB.Database) throws -> Result) throws -> Result? {
        guard let reader = free.withLock({ $0.popLast() }) else { return nil }
        defer { free.withLock { $0.append(reader) } }
        // One statement is its own snapshot.
        return try reader.unsafeRead(body)
    }

    /// - Throws: when a read is still under way.
    func close() throws {
        free.withLock { $0.removeAll() }
        for reader in all { try reader.close() }
    }
}
