public import Primitives

/// How people read times: Nairobi's clock (UTC+3, no daylight saving), the day before the month, no seconds.
extension Timestamp {
    /// `21 November 2026`
    public var day: String {
        let date = local.date
        return "\(date.day) \(Self.months[date.month - 1]) \(date.year)"
    }

    /// `09:14`
    public var clock: String {
        let second = local.secondOfDay
        return "\(twoDigits(second / 3600)):\(twoDigits(second / 60 % 60))"
    }

    /// `21 November 2026, 09:14`
    public var dayAndClock: String { "\(day), \(clock)" }

    /// `Today, 09:14`, `Yesterday, 18:02`, `2 October, 11:47`, `2 October 2025, 11:47`.
    public func moment(seenAt now: Timestamp) -> String {
        let date = local.date
        let today = now.local.date
        switch today.daysSinceEpoch - date.daysSinceEpoch {
        case 0: return "Today, \(clock)"
        case 1: return "Yesterday, \(clock)"
        default: return date.year == today.year ? "\(date.day) \(Self.months[date.month - 1]), \(clock)" : dayAndClock
        }
    }

    /// `2 minutes ago`; from a day on, the moment.
    public func ago(seenAt now: Timestamp) -> String {
        let seconds = (now - self).milliseconds / 1000
        switch seconds {
        case ..<60: return "Just now"
        case ..<3600: return Self.count(seconds / 60, "minute") + " ago"
        case ..<86400: return Self.count(seconds / 3600, "hour") + " ago"
        default: return moment(seenAt: now)
        }
    }

    /// `90 days left`, `6 hours left`.
    public func left(seenAt now: Timestamp) -> String {
        let seconds = max(0, (self - now).milliseconds / 1000)
        if seconds >= 2 * 86400 { return Self.count((seconds + 43200) / 86400, "day") + " left" }
        return seconds >= 3600 ? Self.count(seconds / 3600, "hour") + " left" : Self.count(seconds / 60, "minute") + " left"
    }

    private var local: Timestamp { self + .hours(3) }

    public static let months = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]

    private static func count(_ number: Int64, _ noun: String) -> String { Int(number).of(noun) }
}

extension Int {
    /// `1,000`
    public var grouped: String {
        var text = ""
        let digits = String(magnitude)
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return self < 0 ? "−\(text)" : text
    }

    /// `1 app`, `3 apps`.
    public func of(_ noun: String, plural: String? = nil) -> String { "\(grouped) \(self == 1 ? noun : plural ?? noun + "s")" }

    /// `one app`, `two apps`, up to ten in words: for sentences.
    public func inWords(_ noun: String, plural: String? = nil) -> String {
        let words = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
        return "\(words.indices.contains(self) ? words[self] : grouped) \(self == 1 ? noun : plural ?? noun + "s")"
    }
}

/// How long somebody is asked to wait: in words, and in seconds for `Retry-After`.
public struct Wait: Hashable, Sendable {
    public let seconds: Int64

    public init(seconds: Int) { self.seconds = Int64(seconds) }

    public init(until: Timestamp, seenAt now: Timestamp) { seconds = max(1, (until - now).milliseconds / 1000 + 1) }

    /// `31 seconds`, `11 minutes`
    public var words: String { seconds < 90 ? Int(seconds).of("second") : Int((seconds + 59) / 60).of("minute") }
}

/// `a`, `a and b`, `a, b and c`.
public func sentence(_ parts: [String]) -> String {
    guard let last = parts.last else { return "" }
    return parts.count == 1 ? last : parts.dropLast().joined(separator: ", ") + " and " + last
}

/// The letters on the tile that stands for an app or a firm: `Acme Budget` is `AB`.
public func initials(of name: String) -> String {
    let words = name.split { !$0.isLetter && !$0.isNumber }.prefix(2)
    return words.compactMap(\.first).map { $0.uppercased() }.joined()
}

private func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : String(value) }
