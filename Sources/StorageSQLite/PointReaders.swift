internal import Synchronization

/// A few read-only connections on which a single statement runs at once, on the thread that asks: a point read takes microseconds, less than handing it to
/// another thread. When all are busy, the pool's readers take over.
final class PointReaders: Sendable {
    /// `nil` once closed.
    private let free: Mutex<[PointReader]?>

    /// As many as threads may ask at a time, roughly.
    private static let count = 4

    init(path: String, patience: Double) throws {
        free = Mutex(try (0..<Self.count).map { _ in try PointReader(path: path, patience: patience) })
    }

    /// - Returns: `nil` when none is free.
    func read<Result>(_ body: (PointReader) throws -> Result) throws -> Result? {
        guard let reader = free.withLock({ $0?.popLast() }) else { return nil }
        defer { free.withLock { $0?.append(reader) } }
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
