public import Primitives
internal import Synchronization

/// A clock that moves when a test moves it.
public final class ManualClock: WallClock {
    private let time: Mutex<Timestamp>

    /// - Parameter start: 2026-11-21T06:00:00Z unless told otherwise.
    public init(_ start: Timestamp = Timestamp(seconds: 1_795_240_800)) { time = Mutex(start) }

    public var now: Timestamp { time.withLock { $0 } }

    public func advance(by duration: Duration) { time.withLock { $0 = $0 + duration } }
}
