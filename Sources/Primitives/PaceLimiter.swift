internal import Synchronization

/// What is left of somebody's pace.
public struct PaceStanding: Hashable, Sendable {
    /// How many more are let through at once.
    public let remaining: Int
    /// Microseconds until as many as ever are let through at once.
    let filling: Int64
    /// Microseconds until the next one is let through.
    let waiting: Int64?

    /// Until as many as ever are let through at once, in whole seconds, rounded up.
    public var secondsUntilFull: Int { Self.seconds(filling) }

    /// Until the next one is let through, in whole seconds, rounded up, as `Retry-After` has it: at least 1. `nil` when this one was.
    public var secondsToWait: Int? { waiting.map(Self.seconds) }

    private static func seconds(_ microseconds: Int64) -> Int { Int((microseconds + 999_999) / 1_000_000) }
}

/// So many at once, then one for each interval, for each key, in the memory of one node.
///
/// The generic cell rate algorithm (ITU-T I.371): one number per key, no windows whose edges double the limit, and an exact time to come back.
public final class PaceLimiter<Key: Hashable & Sendable>: Sendable {
    private struct Paces {
        var known: [Key: Pace] = [:]
        /// At how many it is looked who can be forgotten.
        var room: Int
    }

    private let paces: Mutex<Paces>
    private let capacity: Int

    /// - Parameter capacity: how many keys are remembered. Beyond it those whose burst is full again are forgotten, which changes nothing for them.
    public init(capacity: Int = 50_000) {
        self.capacity = capacity
        paces = Mutex(Paces(room: capacity))
    }

    /// - Parameters:
    ///   - interval: after what time each comes back; at least 1. A burst of them stays below 100,000 years.
    ///   - burst: at least 1.
    public func take(_ key: Key, everyMicroseconds interval: Int64, burst: Int, at moment: Timestamp) -> PaceStanding {
        let asked = Self.microseconds(moment)
        return paces.withLock { paces in
            let known = paces.known[key]
            var pace = known ?? Pace(arrival: asked, latest: asked)
            let standing = pace.take(every: max(1, interval), burst: Int64(max(1, burst)), at: asked)
            if known == nil, paces.known.count >= paces.room {
                paces.known = paces.known.filter { $0.value.arrival > asked }
                // Many strangers at once make the memory larger for a while, not each of their requests a search through all of it.
                paces.room = max(capacity, paces.known.count * 2)
            }
            paces.known[key] = pace
            return standing
        }
    }

    /// One that was taken and let through comes back.
    public func giveBack(_ key: Key, everyMicroseconds interval: Int64) { paces.withLock { $0.known[key]?.arrival -= max(1, interval) } }

    /// Times of this century, of which the product stays far within 64 bits; another is held at its edge.
    private static func microseconds(_ moment: Timestamp) -> Int64 { min(max(moment.milliseconds, 0), .max / 4000) * 1000 }
}

/// Microseconds since the epoch.
private struct Pace {
    /// The theoretical arrival time of the next one.
    var arrival: Int64
    /// The latest one's own time.
    var latest: Int64

    /// What is older than the latest by more than this did not lose its way inside the server: the clock was set back.
    private static let longestDelay: Int64 = 60_000_000

    mutating func take(every interval: Int64, burst: Int64, at asked: Int64) -> PaceStanding {
        // A clock that was set back tells nothing of how many came since: the key begins anew.
        if latest - asked > Self.longestDelay { self = Pace(arrival: asked, latest: asked) }
        // Calls get here in another order than they came: one that was held up counts with the latest, or a short burst would refuse it.
        let now = max(latest, asked)
        let full = now + interval * burst
        // A larger burst of before, of a plan that was changed, must not lock anybody out.
        arrival = min(max(arrival, now), full)
        latest = now
        guard arrival + interval <= full else { return PaceStanding(remaining: 0, filling: arrival - now, waiting: arrival + interval - full) }
        arrival += interval
        return PaceStanding(remaining: Int((full - arrival) / interval), filling: arrival - now, waiting: nil)
    }
}
