internal import Applications
internal import HTTPTypes
internal import Metering
internal import Primitives
internal import Web

/// `RateLimit-Policy` and `RateLimit` (the IETF httpapi draft's two structured fields): the limits, and what is left of them.
struct RateLimitFields {
    private var policies: [UInt8] = []
    private var standings: [UInt8] = []

    func add(to headers: inout HTTPFields) {
        guard !policies.isEmpty else { return }
        headers.set(String(decoding: policies, as: UTF8.self), for: .rateLimitPolicy)
        headers.set(String(decoding: standings, as: UTF8.self), for: .rateLimit)
    }

    fileprivate mutating func add(_ name: String, limit: Int, window: Int, remaining: Int, reset: Int) {
        policies.appendMember(name, ("q", limit), ("w", window))
        standings.appendMember(name, ("r", remaining), ("t", reset))
    }
}

extension Call {
    var rateLimitFields: RateLimitFields {
        var fields = RateLimitFields()
        if let burst {
            let window = max(1, (burst.limit.size + burst.limit.perSecond - 1) / max(1, burst.limit.perSecond))
            fields.add("burst", limit: burst.limit.size, window: window, remaining: burst.remaining, reset: burst.reset)
        }
        if let limit = unit?.limit ?? exhaustedLimit {
            fields.add("daily", limit: limit, window: 86400, remaining: unit?.remaining ?? 0, reset: 86400 - now.secondOfDay)
        }
        return fields
    }
}

extension [UInt8] {
    /// A member of a structured list with two parameters (RFC 9651 §3.1): `"burst";q=1500;w=15`.
    fileprivate mutating func appendMember(_ name: String, _ first: (Unicode.Scalar, Int), _ second: (Unicode.Scalar, Int)) {
        if isEmpty { reserveCapacity(60) } else { append(text: ", ") }
        append(UInt8(ascii: "\""))
        append(text: name)
        append(UInt8(ascii: "\""))
        append(parameter: first)
        append(parameter: second)
    }

    private mutating func append(parameter: (name: Unicode.Scalar, value: Int)) {
        append(UInt8(ascii: ";"))
        append(UInt8(ascii: parameter.name))
        append(UInt8(ascii: "="))
        append(decimal: Int64(parameter.value))
    }
}
