public import JSON
public import Primitives

/// A date that is none: not a number, or beyond what a calendar holds.
public struct MalformedNumericDate: Error, Hashable, Sendable {
    public let name: String
}

extension JSONObject {
    /// A NumericDate (RFC 7519 §2): seconds since 1970, perhaps with a fraction, which is cut off.
    /// - Returns: `nil` when the member is not there.
    public func numericDate(_ name: String) throws(MalformedNumericDate) -> Timestamp? {
        guard let value = self[name] else { return nil }
        guard case .number(let number) = value, case let seconds = number.double, (0...Self.endOfCalendar).contains(seconds) else {
            throw MalformedNumericDate(name: name)
        }
        return Timestamp(seconds: number.integer ?? Int64(seconds))
    }

    /// 9999-12-31T23:59:59Z
    private static let endOfCalendar = 253_402_300_799.0
}
