public import Primitives

/// How often strangers, of whom only the address is known, may ask for what costs us much or leaves something behind: so many at once, then one for each
/// interval. The addresses of one subscriber count together. Each node counts by itself.
public struct NetworkPace: Sendable {
    private let burst: Int
    /// Microseconds.
    private let interval: Int64
    private let networks = PaceLimiter<String>()

    public init(burst: Int, every interval: Duration) {
        self.burst = burst
        self.interval = Int64(interval / .microseconds(1))
    }

    /// Counts a request.
    /// - Returns: how many seconds its client has to wait; `nil` when it is let through.
    public func wait(_ address: String, at now: Timestamp) -> Int? {
        networks.take(NetworkAddress.prefix(of: address), everyMicroseconds: interval, burst: burst, at: now).secondsToWait
    }
}
