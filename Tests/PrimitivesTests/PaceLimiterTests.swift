import Primitives
import Testing

@Suite("A pace · generic cell rate algorithm")
struct PaceLimiterTests {
    private let start = Timestamp(seconds: 1_800_000_000)

    /// Three at once, then one each ten seconds.
    private func take(_ limiter: PaceLimiter<String>, _ key: String = "a", after: Duration = .zero) -> PaceStanding {
        limiter.take(key, everyMicroseconds: 10_000_000, burst: 3, at: start + after)
    }

    @Test func `so many at once, then one for each interval, and the time to come back is exact`() {
        let limiter = PaceLimiter<String>()

        let burst = (0..<3).map { _ in take(limiter) }
        let refused = take(limiter, after: .milliseconds(2500))

        #expect(burst.map(\.remaining) == [2, 1, 0])
        #expect(burst.map(\.secondsUntilFull) == [10, 20, 30])
        #expect(burst.allSatisfy { $0.secondsToWait == nil })
        #expect(refused.secondsToWait == 8)
        #expect(refused.remaining == 0 && refused.secondsUntilFull == 28)
        let early = take(limiter, after: .milliseconds(9999))
        let punctual = take(limiter, after: .seconds(10))
        #expect(early.secondsToWait == 1)
        #expect(punctual.secondsToWait == nil)
    }

    @Test func `each key has its own`() {
        let limiter = PaceLimiter<String>()
        for _ in 0..<4 { _ = take(limiter) }

        #expect(take(limiter).secondsToWait != nil)
        #expect(take(limiter, "b").remaining == 2)
    }

    @Test func `one that comes back is had again`() {
        let limiter = PaceLimiter<String>()
        for _ in 0..<3 { _ = take(limiter) }
        limiter.giveBack("a", everyMicroseconds: 10_000_000)

        #expect(take(limiter).secondsToWait == nil)
        #expect(take(limiter).secondsToWait == 10)
    }

    @Test func `of many that come at once none is forgotten, however small the memory`() {
        let limiter = PaceLimiter<Int>(capacity: 2)
        func asked(_ key: Int, after: Duration) -> PaceStanding { limiter.take(key, everyMicroseconds: 10_000_000, burst: 1, at: start + after) }
        let first = (0..<1000).filter { asked($0, after: .zero).secondsToWait == nil }
        let second = (0..<1000).filter { asked($0, after: .seconds(9)).secondsToWait == nil }

        #expect(first.count == 1000 && second.isEmpty)
    }

    @Test func `a burst and an interval of nothing are the least there is, and do not trap`() {
        let limiter = PaceLimiter<String>()

        let first = limiter.take("a", everyMicroseconds: 0, burst: 0, at: start)
        let second = limiter.take("a", everyMicroseconds: 0, burst: 0, at: start)

        #expect(first.secondsToWait == nil)
        #expect(second.secondsToWait == 1)
    }

    @Test func `absurd times do not trap`() {
        let limiter = PaceLimiter<String>()

        for moment in [Timestamp(milliseconds: .min), .epoch, .distantFuture] {
            _ = limiter.take("a", everyMicroseconds: 86_400_000_000, burst: 1000, at: moment)
        }
    }
}
