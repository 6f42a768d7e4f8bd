public import Primitives

/// How much may be paid in a time.
public struct PeriodicLimit: Hashable, Sendable {
    public let period: LimitPeriod
    public let alignment: LimitAlignment
    public let amount: Money

    public init(period: LimitPeriod, alignment: LimitAlignment, amount: Money) {
        self.period = period
        self.alignment = alignment
        self.amount = amount
    }

    /// The period that holds a moment, and what may be paid in it.
    ///
    /// A first period that the calendar cuts short is worth its share of days, rounded down: 300 a month from 6 June are 250 until July.
    /// - Parameter start: when the consent begins; no period begins before it.
    public func window(at moment: Timestamp, from start: Timestamp) -> LimitWindow {
        let first = BankCalendar.day(of: start)
        let today = max(BankCalendar.day(of: moment), first)
        let days: Range<CivilDate> =
            switch alignment {
            case .consent: period.days(around: today, from: first)
            case .calendar: period.days(around: today)
            }
        let begin = max(days.lowerBound, first)
        let isCut = alignment == .calendar && begin > days.lowerBound
        return LimitWindow(
            from: BankCalendar.start(of: begin), until: BankCalendar.start(of: days.upperBound),
            amount: isCut ? share(of: days, from: begin) : amount)
    }

    private func share(of days: Range<CivilDate>, from begin: CivilDate) -> Money {
        let whole = days.upperBound.daysSinceEpoch - days.lowerBound.daysSinceEpoch
        let left = days.upperBound.daysSinceEpoch - begin.daysSinceEpoch
        // At most 16 digits and 366 days: the full width holds the product.
        let (share, _) = whole.dividingFullWidth(amount.minorUnits.multipliedFullWidth(by: left))
        return Money(minorUnits: share, currency: amount.currency)
    }
}

/// One period of a limit: from its start, up to and without its end.
public struct LimitWindow: Hashable, Sendable {
    public let from: Timestamp
    public let until: Timestamp
    public let amount: Money
}

/// Where periods begin.
public enum LimitAlignment: String, CaseIterable, Sendable, Codable {
    /// At the consent's first day.
    case consent
    /// With the day, on Monday, on the first of the month, of January or July, or of the year.
    case calendar
}

public enum LimitPeriod: String, CaseIterable, Sendable, Codable {
    case day
    case week
    case fortnight
    case month
    case halfYear = "half_year"
    case year

    /// `nil` where months count.
    private var dayCount: Int64? {
        switch self {
        case .day: 1
        case .week: 7
        case .fortnight: 14
        case .month, .halfYear, .year: nil
        }
    }

    private var monthCount: Int {
        switch self {
        case .halfYear: 6
        case .year: 12
        case .day, .week, .fortnight, .month: 1
        }
    }

    /// The days of the calendar's period around a day. A fortnight is two weeks from an even Monday since 1970.
    func days(around day: CivilDate) -> Range<CivilDate> {
        if let count = dayCount {
            // 5 January 1970 was a Monday.
            return Self.days(of: count, around: day, from: CivilDate(daysSinceEpoch: 4))
        }
        let month = (day.month - 1) / monthCount * monthCount + 1
        let begin = day.adding(days: 1 - day.day).adding(months: month - day.month)
        return begin..<begin.adding(months: monthCount)
    }

    /// The days of the period around a day, counted from a first day.
    func days(around day: CivilDate, from first: CivilDate) -> Range<CivilDate> {
        if let count = dayCount { return Self.days(of: count, around: day, from: first) }
        let months = (day.year - first.year) * 12 + day.month - first.month
        var index = months / monthCount
        // Each end is counted from the first day, so that a period that begins on the 31st does so again after February.
        while first.adding(months: index * monthCount) > day { index -= 1 }
        return first.adding(months: index * monthCount)..<first.adding(months: (index + 1) * monthCount)
    }

    private static func days(of count: Int64, around day: CivilDate, from first: CivilDate) -> Range<CivilDate> {
        let passed = day.daysSinceEpoch - first.daysSinceEpoch
        let index = passed >= 0 ? passed / count : (passed - count + 1) / count
        let begin = CivilDate(daysSinceEpoch: first.daysSinceEpoch + index * count)
        return begin..<begin.adding(days: Int(count))
    }
}
