public import Applications
internal import Primitives
internal import Synchronization

/// What is left of an app's burst on this node.
public struct BurstStanding: Hashable, Sendable {
    public let limit: Plan.Burst
    public let remaining: Int
    /// Seconds until the burst is full again.
    public let reset: Int
    /// Seconds until the next call is let through; `nil` when this one was.
    public let retryAfter: Int?
}

/// The generic cell rate algorithm (ITU-T I.371): one number per app, no windows whose edges double the limit, and an exact time to come back.
final class BurstLimiter: Sendable {
    /// Microseconds since the epoch.
    private struct Pace {
        /// The theoretical arrival time of the next call.
        var arrival: Int64
        /// The latest call's own time.
        var latest: Int64
    }

    private let paces = Mutex<[AppID: Pace]>([:])
    private let capacity: Int

    /// A call that is older than the latest by more than this did not lose its way inside the server: the clock was set back.
    private static let longestDelay: Int64 = 60_000_000

    /// - Parameter capacity: how many apps are remembered. Beyond it those whose burst is full again are forgotten, which changes nothing for them.
    init(capacity: Int = 50_000) { self.capacity = capacity }

    func take(_ app: AppID, limit: Plan.Burst, at moment: Timestamp) -> BurstStanding {
        let interval = max(1, 1_000_000 / Int64(max(1, limit.perSecond)))
        let size = Int64(max(1, limit.size))
        // Times of this century: the product stays far within 64 bits; another is held at its edge.
        let asked = min(max(moment.milliseconds, 0), .max / 4000) * 1000
        return paces.withLock { paces in
            let fresh = Pace(arrival: asked, latest: asked)
            // A clock that was set back tells nothing of how many calls came since: the app begins anew.
            let known = paces[app].flatMap { $0.latest - asked > Self.longestDelay ? nil : $0 } ?? fresh
            // Calls get here in another order than they came: one that was held up counts with the latest, or a short burst would refuse it.
            let now = max(known.latest, asked)
            let full = now + interval * size
            // A larger burst of before, of a plan that was changed, must not lock an app out.
            let arrival = min(max(known.arrival, now), full)
            guard arrival + interval <= full else {
                paces[app] = Pace(arrival: arrival, latest: now)
                return BurstStanding(
                    limit: limit, remaining: 0, reset: Self.seconds(arrival - now), retryAfter: max(1, Self.seconds(arrival + interval - full)))
            }
            if paces[app] == nil, paces.count >= capacity { paces = paces.filter { $0.value.arrival > now } }
            paces[app] = Pace(arrival: arrival + interval, latest: now)
            return BurstStanding(
                limit: limit, remaining: Int((full - arrival - interval) / interval), reset: Self.seconds(arrival + interval - now), retryAfter: nil)
        }
    }

    private static func seconds(_ microseconds: Int64) -> Int { Int((microseconds + 999_999) / 1_000_000) }
}
