@testable import Metering
import Primitives
import Testing
import TestSupport

@Suite("What a node holds of the daily quota")
struct QuotaStateTests {
    private let day = QuotaDay(organisation: acme, date: Timestamp.epoch.date)

    @Test func `a unit that comes back before it is known how much of the day is used is not handed out as the first of all`() {
        var state = QuotaState()
        // The call that asks for the day's first block.
        _ = state.answer(day, limit: 1000)

        state.giveBack(day)

        let isAnswered = state.answer(day, limit: 1000) != nil
        #expect(!isAnswered)
        #expect(state.ready(of: day) == 1)
        #expect(state.takeIdle(before: .now).map(\.ready) == [1])
    }
}
