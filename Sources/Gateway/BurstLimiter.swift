public import Applications
internal import Primitives

/// What is left of an app's burst on this node.
public struct BurstStanding: Hashable, Sendable {
    public let limit: Plan.Burst
    public let remaining: Int
    /// Seconds until the burst is full again.
    public let reset: Int
    /// Seconds until the next call is let through; `nil` when this one was.
    public let retryAfter: Int?
}

/// A plan's burst as each app's pace.
final class BurstLimiter: Sendable {
    private let paces: PaceLimiter<AppID>

    /// - Parameter capacity: how many apps are remembered.
    init(capacity: Int = 50_000) { paces = PaceLimiter(capacity: capacity) }

    func take(_ app: AppID, limit: Plan.Burst, at moment: Timestamp) -> BurstStanding {
        BurstStanding(limit, paces.take(app, everyMicroseconds: limit.interval, burst: limit.size, at: moment))
    }

    /// A call that was let through is not to count.
    func giveBack(_ app: AppID, limit: Plan.Burst) { paces.giveBack(app, everyMicroseconds: limit.interval) }
}

extension BurstStanding {
    fileprivate init(_ limit: Plan.Burst, _ standing: PaceStanding) {
        self.init(limit: limit, remaining: standing.remaining, reset: standing.secondsUntilFull, retryAfter: standing.secondsToWait)
    }
}

extension Plan.Burst {
    /// Microseconds between calls of an app that has used its burst up.
    fileprivate var interval: Int64 { 1_000_000 / Int64(max(1, perSecond)) }
}
