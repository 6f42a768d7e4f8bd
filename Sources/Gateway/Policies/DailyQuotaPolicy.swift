import Applications
import Metering
import Primitives
import Web

/// A unit of the organisation's UTC day. It is reserved after every other rule has passed, and returned when the bank refuses the call as malformed or not
/// allowed, or when the bank or we fail.
struct DailyQuotaPolicy: Policy {
    let name = "daily_quota"
    let quotas: Quotas

    func checkAtOnce(_ call: inout Call) -> Verdict? {
        guard let app = call.app else { return .skipped(.noApp) }
        guard app.plan.dailyCalls == nil else { return nil }
        call.unit = quotas.count(organisation: app.organisationID, at: call.now)
        return .passed(.noLimit)
    }

    func check(_ call: inout Call) async throws -> Verdict {
        guard let app = call.app else { return .skipped(.noApp) }
        switch try await quotas.reserve(organisation: app.organisationID, limit: app.plan.dailyCalls, at: call.now) {
        case .granted(let unit):
            call.unit = unit
            return unit.remaining.map { .found("\($0) of \(unit.limit ?? 0) left today") } ?? .passed(.noLimit)
        case .exhausted(let limit):
            call.exhaustedLimit = limit
            return refused(
                .dailyQuotaExceeded, "All \(limit) calls of today are used. The count starts again at 00:00 UTC.", at: "",
                expected: "at most \(limit) calls a day", got: "one more", retryAfter: 86400 - call.now.secondOfDay)
        }
    }
}
