import Applications
import Primitives
import TestSupport
import Testing

@testable import Gateway

@Suite("Burst · generic cell rate algorithm")
struct BurstLimiterTests {
    private let app = AppID(trusted: "app_budget")
    /// 20 at once, then 10 a second.
    private let limit = Plan.Burst(size: 20, perSecond: 10)
    private let start = ManualClock().now

    private func passes(_ limiter: BurstLimiter, _ count: Int, at now: Timestamp) -> Int {
        (0..<count).count { _ in limiter.take(app, limit: limit, at: now).retryAfter == nil }
    }

    @Test func `a full burst passes, one more does not`() {
        let limiter = BurstLimiter()

        #expect(passes(limiter, 20, at: start) == 20)
        let refused = limiter.take(app, limit: limit, at: start)
        #expect(refused.retryAfter == 1 && refused.remaining == 0 && refused.reset == 2)
    }

    @Test func `it fills again evenly, without an edge that doubles it`() {
        let limiter = BurstLimiter()
        _ = passes(limiter, 20, at: start)

        #expect(passes(limiter, 5, at: start + .milliseconds(99)) == 0)
        #expect(passes(limiter, 5, at: start + .milliseconds(100)) == 1)
        #expect(passes(limiter, 50, at: start + .milliseconds(1100)) == 10)
        #expect(passes(limiter, 50, at: start + .minutes(1)) == 20)
    }

    @Test func `who keeps asking while refused is let in on time`() {
        let limiter = BurstLimiter()
        _ = passes(limiter, 20, at: start)

        let letIn = (1...100).count { limiter.take(app, limit: limit, at: start + .milliseconds(Int64($0) * 10)).retryAfter == nil }

        #expect(letIn == 10)
    }

    @Test func `a clock set back locks nobody out: each begins anew`() {
        let limiter = BurstLimiter()
        let burst = passes(limiter, 20, at: start + .days(1))

        #expect(passes(limiter, 20, at: start) == burst)
        #expect(passes(limiter, 1, at: start) == 0)
        #expect(passes(limiter, 1, at: start + .seconds(2)) == 1)
    }

    @Test func `calls that reach it out of order are no flood`() {
        let limiter = BurstLimiter()
        // 1000 at once, one more every 10 µs: its whole burst lasts 10 ms.
        let unlimited = Plan.unlimited.burst

        let refused = (0..<200).count { index in
            let delay = Int64(index % 2 == 0 ? 0 : 50)
            return limiter.take(app, limit: unlimited, at: start + .milliseconds(Int64(index) - delay)).retryAfter != nil
        }

        #expect(refused == 0)
    }

    @Test func `a call that is not to count is had again`() {
        let limiter = BurstLimiter()
        #expect(passes(limiter, 20, at: start) == 20)

        limiter.giveBack(app, limit: limit)

        #expect(passes(limiter, 2, at: start) == 1)
    }

    @Test func `absurd times do not trap`() {
        let limiter = BurstLimiter()

        for moment in [Timestamp(milliseconds: .min), .epoch, .distantFuture] { _ = limiter.take(app, limit: limit, at: moment) }
    }

    @Test func `apps that are idle are forgotten when it is full, and lose nothing`() {
        let limiter = BurstLimiter(capacity: 2)
        for name in ["app_a", "app_b", "app_c"] {
            _ = limiter.take(AppID(trusted: name), limit: limit, at: start)
        }

        let standing = limiter.take(AppID(trusted: "app_d"), limit: limit, at: start + .minutes(1))

        #expect(standing.remaining == 19)
    }
}
