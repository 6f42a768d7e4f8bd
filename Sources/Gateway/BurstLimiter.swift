package import Applications
internal import Primitives
internal import Synchronization

/// What is left of an app's burst on this node.
package struct BurstStanding: Hashable, Sendable {
    package let limit: Plan.Burst
    package let remaining: Int
    /// Seconds until the burst is full again.
    package let reset: Int
    /// Seconds until the next call is let through; `nil` when this one was.
    package let retryAfter: Int?
}

/// The generic cell rate algorithm (ITU-T I.371): one number per app, no windows whose edges double the limit, and an exact time to come back.
final class BurstLimiter: Sendable {
    /// The theoretical arrival times, in microseconds since the epoch.
    private let arrivals = Mutex<[AppID: Int64]>([:])
    private let capacity: Int

    /// - Parameter capacity: how many apps are remembered. Beyond it those whose burst is full again are forgotten, which changes nothing for them.
    init(capacity: Int = 50_000) { self.capacity = capacity }

    func take(_ app: AppID, limit: Plan.Burst, at now: Timestamp) -> BurstStanding {
        let interval = max(1, 1_000_000 / Int64(max(1, limit.perSecond)))
        let size = Int64(max(1, limit.size))
        // Times of this century: the product stays far within 64 bits; another is held at its edge.
        let now = min(max(now.milliseconds, 0), .max / 4000) * 1000
        let full = now + interval * size
        return arrivals.withLock { arrivals in
            // A clock set back must not lock an app out: no arrival lies further ahead than a full burst.
            let arrival = min(max(arrivals[app] ?? now, now), full)
            guard arrival + interval <= full else {
                return BurstStanding(
                    limit: limit, remaining: 0, reset: Self.seconds(arrival - now), retryAfter: max(1, Self.seconds(arrival + interval - full)))
            }
            if arrivals.count >= capacity { arrivals = arrivals.filter { $0.value > now } }
            arrivals[app] = arrival + interval
            return BurstStanding(
                limit: limit, remaining: Int((full - arrival - interval) / interval), reset: Self.seconds(arrival + interval - now), retryAfter: nil)
        }
    }

    private static func seconds(_ microseconds: Int64) -> Int { Int((microseconds + 999_999) / 1_000_000) }
}
