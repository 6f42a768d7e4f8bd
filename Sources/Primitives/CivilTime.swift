/// A day of the proleptic Gregorian calendar, without a time zone.
public struct CivilDate: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let year: Int
    public let month: Int
    public let day: Int

    /// - Returns: `nil` unless the day exists.
    public init?(year: Int, month: Int, day: Int) {
        guard (-9999...9999).contains(year), (1...12).contains(month), day >= 1,
            day <= CivilDate.daysIn(month: month, year: year)
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
    }

    /// The day that lies this many days after 1970-01-01; days beyond year 9999 are held there.
    public init(daysSinceEpoch: Int64) {
        // Days to civil, by eras of 400 years that begin on 1 March.
        let shifted = min(max(daysSinceEpoch, -4_371_587), 2_932_896) + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = Int(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
        month = Int(shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9)
        year = Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0)
    }

    public var daysSinceEpoch: Int64 {
        let shiftedYear = Int64(month <= 2 ? year - 1 : year)
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = Int64((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1)
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// 1 is Monday, 7 is Sunday (ISO 8601).
    public var weekday: Int { Int(((daysSinceEpoch + 3) % 7 + 7) % 7) + 1 }

    public func adding(days: Int) -> CivilDate { CivilDate(daysSinceEpoch: daysSinceEpoch + Int64(days)) }

    /// The same day of a later or earlier month, or that month's last day where it is shorter.
    public func adding(months: Int) -> CivilDate {
        let count = year * 12 + month - 1 + months
        let (year, month) = count.quotientAndRemainder(dividingBy: 12)
        let target = month < 0 ? (year: year - 1, month: month + 13) : (year: year, month: month + 1)
        let day = min(day, CivilDate.daysIn(month: target.month, year: target.year))
        // Years that no calendar of ours knows end where days do.
        return CivilDate(year: target.year, month: target.month, day: day) ?? CivilDate(daysSinceEpoch: months < 0 ? .min : .max)
    }

    /// `2026-11-21`, and no other spelling.
    public init?(_ text: String) {
        guard text.utf8.count == 10, let date = Timestamp(iso8601: text)?.date, date.description == text else { return nil }
        self = date
    }

    /// Midnight UTC at the start of this day.
    public var start: Timestamp { Timestamp(seconds: daysSinceEpoch * 86400) }

    public static func daysIn(month: Int, year: Int) -> Int {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    public static func < (lhs: CivilDate, rhs: CivilDate) -> Bool {
        (lhs.year, lhs.month, lhs.day) < (rhs.year, rhs.month, rhs.day)
    }

    /// `2026-11-21`
    public var description: String {
        var bytes: [UInt8] = []
        bytes.append(self)
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension Timestamp {
    /// The UTC day that holds this moment.
    public var date: CivilDate {
        let seconds = seconds
        return CivilDate(daysSinceEpoch: seconds >= 0 ? seconds / 86400 : (seconds - 86399) / 86400)
    }

    /// Seconds since midnight UTC, 0 to 86399.
    public var secondOfDay: Int { Int(((seconds % 86400) + 86400) % 86400) }
}

func padded(_ value: Int, _ width: Int) -> String {
    let digits = String(abs(value))
    return (value < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.count)) + digits
}
