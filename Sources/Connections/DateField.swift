internal import Primitives
internal import Synchronization

/// The value of `Date` (RFC 9110 §6.6.1), worded once a second.
final class DateField: Sendable {
    private let clock: any WallClock
    private let last = Mutex<(second: Int64, text: String)>((.min, ""))

    init(clock: any WallClock) { self.clock = clock }

    var text: String {
        let now = clock.now
        return last.withLock { last in
            if last.second != now.seconds { last = (now.seconds, now.httpDate) }
            return last.text
        }
    }
}
