@testable import StoragePostgres
import Testing

@Suite("How long an event loop waits for its reads")
struct LoopPatienceTests {
    private let start = ContinuousClock.now
    private func after(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

    @Test func `half of each window at most`() {
        var patience = LoopPatience()
        #expect(patience.left(at: start) == .milliseconds(5))
        patience.noteAnswer(from: start, to: after(4))
        #expect(patience.left(at: after(4)) == .milliseconds(5))
        patience.noteAnswer(from: after(4), to: after(8))
        #expect(patience.left(at: after(8)) == .milliseconds(2))
        patience.noteAnswer(from: after(8), to: after(10))
        #expect(patience.left(at: after(10)) == nil)
        #expect(patience.left(at: after(19)) == nil)
        #expect(patience.left(at: after(20)) == .milliseconds(5))
    }

    @Test func `what is left is not enough to begin with`() {
        var patience = LoopPatience()
        _ = patience.left(at: start)
        patience.noteAnswer(from: start, to: after(10) - .microseconds(999))
        #expect(patience.left(at: after(10)) == nil)
    }

    @Test func `it rests twice as long each time that it waited in vain, a second at most`() {
        var patience = LoopPatience()
        var now = start
        for rest in [5, 10, 20, 40, 80, 160, 320, 640, 1_000, 1_000] {
            #expect(patience.left(at: now) == .milliseconds(5))
            let ended = now + .milliseconds(5)
            patience.noteInVain(from: now, to: ended)
            now = ended + .milliseconds(rest)
            #expect(patience.left(at: now - .nanoseconds(1)) == nil)
            now = max(now, ended + LoopPatience.window)
        }
    }

    @Test func `each answer halves the next rest`() {
        var patience = LoopPatience()
        var now = start
        for _ in 0..<4 {
            _ = patience.left(at: now)
            patience.noteInVain(from: now, to: now)
            now += .seconds(1)
        }
        for _ in 0..<2 {
            _ = patience.left(at: now)
            patience.noteAnswer(from: now, to: now)
        }
        // It would have been 80 ms.
        patience.noteInVain(from: now, to: now)
        #expect(patience.left(at: now + .milliseconds(20) - .nanoseconds(1)) == nil)
        #expect(patience.left(at: now + .milliseconds(20)) == .milliseconds(5))
    }
}
