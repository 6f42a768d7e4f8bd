internal import NIOCore
internal import Synchronization

/// Read-only connections on which single statements run on the thread that asks: a point read takes microseconds, less than handing it to another thread. When
/// all are busy, the pool's readers take over.
final class PointReaders: Sendable {
    /// `nil` once closed.
    private let free: Mutex<[PointReader]?>

    /// One for each event loop, and some for threads that are none.
    static let count = System.coreCount + 2

    init(path: String, patience: Double) throws {
        free = Mutex(try (0..<Self.count).map { _ in try PointReader(path: path, patience: patience) })
    }

    /// - Returns: `nil` when none is free.
    func read<Result>(_ body: (PointReader) throws -> Result) rethrows -> Result? {
        guard let reader = free.withLock({ $0?.popLast() }) else { return nil }
        // One whose transaction did not end would read the past for ever: it is closed.
        defer { if reader.isFree { free.withLock { $0?.append(reader) } } }
        return try body(reader)
    }

    /// Closes those that are free; one that is read from closes when its reader is done.
    func close() {
        _ = free.withLock { free in
            let closing = free
            free = nil
            return closing
        }
    }
}
