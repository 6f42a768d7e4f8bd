import Primitives

extension Rhythm {
    /// How often a habit falls on a day.
    func count(on day: CivilDate, season: Season, _ chance: inout SeededGenerator) -> Int {
        switch self {
        case .payday(let due): day == day.dayOfMonth(due).workingDayBefore ? 1 : 0
        case .monthly(let due):
            // A due day on a weekend may run into the next month.
            [day, day.adding(days: -2)].contains { day == $0.dayOfMonth(due).workingDayAfter } ? 1 : 0
        case .dayOfMonth(let due): day == day.dayOfMonth(due) ? 1 : 0
        case .months(let months, let due): months.contains(day.month) && day == day.dayOfMonth(due) ? 1 : 0
        case .cycle(let cycle): cycle.contains(day) && !cycle.contains(day.adding(days: -1)) ? 1 : 0
        case .weekly(let times, let weekdays):
            // In millionths of an occasion.
            expected(Int(times * 1000), weekdays.weights[day.weekday - 1], season.factor(month: day.month), &chance)
        }
    }

    private func expected(_ perWeek: Int, _ weight: Int, _ factor: Int, _ chance: inout SeededGenerator) -> Int {
        let millionths = perWeek * weight / 7 * factor / 1000
        return millionths / 1_000_000 + (chance.below(1_000_000) < millionths % 1_000_000 ? 1 : 0)
    }
}

extension Habit.Place {
    func allows(isAway: Bool) -> Bool {
        switch self {
        case .anywhere: true
        case .home: !isAway
        case .away: isAway
        }
    }
}

extension Habit {
    /// In minor units of the account; 0 when there is nothing to move.
    func amount(on day: CivilDate, today: CivilDate, state: AccountState, interestBasisPoints: Int, _ chance: inout SeededGenerator) -> Int64 {
        let units = state.currency.units
        switch amount {
        case .exact(let whole): return risen(whole, years: today.year - day.year) * units
        case .oneOf(let choices): return (chance.pick(choices) ?? 0) * units
        case .about(let middle, let step):
            // People spend a little more on the same things in a busy month.
            let busy = (1000 + season.factor(month: day.month)) / 2
            let minor = middle * units * Int64(chance.spread()) / 1000 * Int64(busy) / 1000
            return max(minor / step * step, step)
        case .surplus(let above):
            let thousand = 1000 * units
            return max(0, (state.booked - state.held - above * units) / thousand * thousand)
        case .interest(let months): return state.booked * Int64(interestBasisPoints) * months / 120_000
        }
    }

    /// What the statement says.
    func narrative(on day: CivilDate, _ counterparty: Counterparty? = nil) -> Narrative {
        var description = self.description
        if description.contains("{") {
            description = description.replacing("{month}", with: day.monthName).replacing("{year}", with: "\(day.year)")
        }
        return Narrative(description, counterparty: counterparty, category: category, channel: channel)
    }

    /// What it was some years ago, in whole fifties.
    private func risen(_ whole: Int64, years: Int) -> Int64 {
        guard rise > 0, years > 0 else { return whole }
        let then = (0..<years).reduce(whole) { amount, _ in amount * 1000 / Int64(1000 + rise) }
        return then / 50 * 50
    }
}

extension Currency {
    /// Minor units in one whole unit.
    var units: Int64 { (0..<minorUnitDigits).reduce(1) { units, _ in units * 10 } }
}

extension CivilDate {
    /// This month's day of that number, or the last one.
    func dayOfMonth(_ day: Int) -> CivilDate {
        adding(days: min(day, CivilDate.daysIn(month: month, year: year)) - self.day)
    }

    var isWorkingDay: Bool { weekday <= 5 }
    var workingDayBefore: CivilDate { weekday == 6 ? adding(days: -1) : weekday == 7 ? adding(days: -2) : self }
    var workingDayAfter: CivilDate { weekday == 6 ? adding(days: 2) : weekday == 7 ? adding(days: 1) : self }

    func workingDay(after days: Int) -> CivilDate {
        var day = self
        var left = days
        while left > 0 {
            day = day.adding(days: 1)
            if day.isWorkingDay { left -= 1 }
        }
        return day
    }

    /// The last day of this name until today.
    func latest(month: Int, day: Int) -> CivilDate {
        guard let this = CivilDate(year: year, month: month, day: day) else { return self }
        return this <= self ? this : CivilDate(year: year - 1, month: month, day: day) ?? self
    }

    var monthName: String {
        ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"][month - 1]
    }

    /// `14 January 2027`
    var words: String { "\(day) \(monthName) \(year)" }

    /// Cents of a shilling for a dollar: a slow wave around 129.50.
    var shillingsPerDollar: Int64 {
        let place = (daysSinceEpoch % 200 + 200) % 200
        return 12_950 + (place < 100 ? place : 200 - place) * 2 - 100
    }
}
