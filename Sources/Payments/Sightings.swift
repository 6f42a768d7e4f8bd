internal import Synchronization

/// How long what one process sees has been so, by a clock that nobody sets: those of two nodes may be hours apart, so the time that a row bears does not tell how
/// long it has been there.
public final class Sightings<ID: Hashable & Sendable>: Sendable {
    private let first = Mutex<[ID: ContinuousClock.Instant]>([:])
    private let duration: Duration
    private let now: @Sendable () -> ContinuousClock.Instant

    /// - Parameter duration: for which something has to be seen to be believed.
    public init(lasting duration: Duration, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.duration = duration
        self.now = now
    }

    /// - Parameter seen: all that is seen now. What is not among it is forgotten.
    /// - Returns: whether something was seen so long ago as well.
    func look(at seen: [ID]) -> (ID) -> Bool {
        let moment = now()
        let first = first.withLock { first in
            first = Dictionary(seen.map { ($0, first[$0] ?? moment) }) { earlier, _ in earlier }
            return first
        }
        return { [duration] id in first[id].map { moment - $0 >= duration } ?? false }
    }
}
