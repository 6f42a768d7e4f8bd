import OpenBanking
import Primitives
import Testing

private func day(_ text: String) throws -> CivilDate { try #require(CivilDate(text)) }

@Suite("Plans of standing orders")
struct StandingOrderPlanTests {
    private func dates(_ frequency: StandingOrderFrequency, _ first: String, _ last: String? = nil, count: Int) throws -> [String?] {
        let plan = try #require(StandingOrderPlan(frequency: frequency, firstDate: try day(first), lastDate: try last.map { try day($0) }))
        return (0..<count).map { plan.date($0)?.description }
    }

    @Test func `each frequency has its days`() throws {
        #expect(try dates(.daily, "2026-02-27", count: 3) == ["2026-02-27", "2026-02-28", "2026-03-01"])
        #expect(try dates(.weekly, "2026-12-28", count: 2) == ["2026-12-28", "2027-01-04"])
        #expect(try dates(.monthly, "2026-01-31", count: 4) == ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"])
        #expect(try dates(.quarterly, "2026-11-30", count: 3) == ["2026-11-30", "2027-02-28", "2027-05-30"])
        #expect(try dates(.yearly, "2024-02-29", count: 3) == ["2024-02-29", "2025-02-28", "2026-02-28"])
    }

    @Test func `the last day is paid, and nothing after it`() throws {
        #expect(try dates(.weekly, "2026-06-01", "2026-06-08", count: 3) == ["2026-06-01", "2026-06-08", nil])
    }

    @Test func `a plan that ends before it begins is none`() throws {
        #expect(StandingOrderPlan(frequency: .daily, firstDate: try day("2026-06-02"), lastDate: try day("2026-06-01")) == nil)
    }
}
