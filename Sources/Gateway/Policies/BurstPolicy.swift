import Applications
import Metering
import Web

/// Not too many calls at once, per app and node: a protection, not a product limit. Calls refused later still count here, so that errors cannot flood us.
struct BurstPolicy: ImmediatePolicy {
    let name = "burst"
    let bursts: BurstLimiter

    func check(_ call: inout Call) -> Verdict {
        guard let app = call.app else { return .skipped(.noApp) }
        // With a proof it was counted when that was used.
        let standing = call.burst ?? bursts.take(app.id, limit: app.plan.burst, at: call.now)
        call.burst = standing
        guard let wait = standing.retryAfter else { return .passed(.slowEnough) }
        return refused(
            .burstExceeded, "More than \(standing.limit.size) calls came at once. Wait \(wait) s.", at: "",
            expected: "at most \(standing.limit.size) calls at once, then \(standing.limit.perSecond) a second", got: "one more", retryAfter: wait)
    }
}
