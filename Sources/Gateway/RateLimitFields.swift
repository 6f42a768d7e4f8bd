internal import Applications
internal import HTTPTypes
internal import Metering
internal import Primitives
internal import Web

/// `RateLimit-Policy` and `RateLimit` (the IETF httpapi draft's two structured fields): the limits, and what is left of them.
struct RateLimitFields {
    private let policies: [String]
    private let standings: [String]

    init(_ call: Call) {
        var policies: [String] = []
        var standings: [String] = []
        if let burst = call.burst {
            let window = max(1, (burst.limit.size + burst.limit.perSecond - 1) / max(1, burst.limit.perSecond))
            policies.append("\"burst\";q=\(burst.limit.size);w=\(window)")
            standings.append("\"burst\";r=\(burst.remaining);t=\(burst.reset)")
        }
        if let limit = call.unit?.limit ?? call.exhaustedLimit {
            policies.append("\"daily\";q=\(limit);w=86400")
            standings.append("\"daily\";r=\(call.unit?.remaining ?? 0);t=\(86400 - call.now.secondOfDay)")
        }
        self.policies = policies
        self.standings = standings
    }

    func add(to headers: inout HTTPFields) {
        guard !policies.isEmpty else { return }
        headers[.rateLimitPolicy] = policies.joined(separator: ", ")
        headers[.rateLimit] = standings.joined(separator: ", ")
    }
}
