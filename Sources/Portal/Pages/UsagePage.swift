import Applications
import Hummingbird
import Metering
import Pages
import Primitives
import Storage
import Web

/// `/portal/usage`: the plan, today's calls against it, and the last two weeks.
struct UsagePage: PortalPage {
    let site: PortalSite

    func add(to routes: Routes) {
        routes.get("/portal/usage") { request, context in
            try await site.page(request, context) { (developer: Developer) in try await show(developer, context) }
        }
    }

    struct Day: Encodable {
        let day, total, allowed, refused, failed: String
    }

    struct Bar: Encodable {
        let x, middle, y, height, label: String
        let isToday: Bool
    }

    struct Model: Encodable {
        let organisation, plan, dailyCalls, burst: String
        let resetsIn, resetDay, resetMachineTime: String
        let quota: QuotaModel
        let days: [Day]
        let bars: [Bar]
        let hasCalls: Bool
        let chartLabel: String
    }

    private func show(_ developer: Developer, _ context: AppContext) async throws -> Response {
        let organisation = developer.organisation
        let now = context.receivedAt
        // Looks through what waits for its day: too long to go with others.
        let counts = try await site.database.read { [site] tx in
            try site.records.dayCounts(ofOrganisation: organisation.id, from: now.date.adding(days: -13), to: now.date, in: tx)
        }
        let days = (0..<14).map { back -> DayTally in
            let day = now.date.adding(days: back - 13)
            return DayTally(day: day, counts.first { $0.day == day })
        }
        let largest = max(1, days.map(\.total).max() ?? 1)
        let bars = days.enumerated().map { index, day in
            let height = day.total * 120 / largest
            return Bar(
                x: String(index * 44 + 4), middle: String(index * 44 + 22), y: String(124 - height), height: String(height), label: String(day.day.day),
                isToday: index == 13)
        }
        let reset = now.date.adding(days: 1).start
        let total = days.reduce(0) { $0 + $1.total }
        let model = Model(
            organisation: organisation.name, plan: organisation.plan.title,
            dailyCalls: organisation.plan.dailyCalls.map { "\($0.grouped) calls a day" } ?? "No daily limit",
            burst: "\(organisation.plan.burst.size.grouped) calls at once, then \(organisation.plan.burst.perSecond.grouped) a second for each app",
            resetsIn: reset.left(seenAt: now), resetDay: reset.dayAndClock, resetMachineTime: reset.rfc3339,
            quota: try await site.quota(of: organisation, at: now),
            days: days.reversed().map { day in
                Day(
                    day: day.day.start.day, total: day.total.grouped, allowed: day.allowed.grouped, refused: day.refused.grouped, failed: day.failed.grouped)
            },
            bars: bars, hasCalls: total > 0,
            chartLabel: "\(total.of("call")) in the last 14 days, at most \(largest.grouped) a day, \((days.last?.total ?? 0).grouped) today")
        return site.pages.page("portal/usage", model, shell: developer.shell("Usage and plan", current: "usage"))
    }
}

/// The calls of one day, none included.
private struct DayTally {
    let day: CivilDate
    let allowed, refused, failed: Int

    init(day: CivilDate, _ count: DecisionRecords.DayCount?) {
        self.day = day
        allowed = count?.allowed ?? 0
        refused = count?.refused ?? 0
        failed = count?.failed ?? 0
    }

    var total: Int { allowed + refused + failed }
}
