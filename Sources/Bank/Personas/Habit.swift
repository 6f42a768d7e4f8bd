import Primitives

/// Something a persona does with money again and again. Amounts are in whole units of the account's currency.
public struct Habit: Sendable {
    /// Unique within the persona: it seeds the habit's own sequence of chance.
    let name: String
    /// The key of the account.
    let account: String
    let flow: Flow
    let rhythm: Rhythm
    let amount: Amount
    let category: TransactionCategory
    let channel: TransactionChannel
    /// `{month}` and `{year}` are filled in.
    let description: String
    var hours = Hours.day
    var season = Season.steady
    var place = Place.anywhere
    /// What has to be left on the account afterwards: people keep the rent.
    var leaves: Int64 = 0
    /// How much less it was each year before, in thousandths: wages and rents rise each January.
    var rise = 0

    enum Flow: Sendable {
        case pays([Payee])
        case receives([Payee])
        /// To another account of the same person.
        case moves(to: String)
        /// The same, into another currency, at the day's rate.
        case exchanges(to: String)
        case withdrawsCash
        case paysFee
        case earnsInterest
    }

    enum Place: Sendable {
        case anywhere, home, away
    }
}

/// Whom a habit pays, or by whom it is paid.
struct Payee: Sendable {
    let name: String
    let account: String?

    init(_ name: String, _ account: String? = nil) {
        self.name = name
        self.account = account
    }
}

/// How often a habit comes round.
enum Rhythm: Sendable {
    /// On this day, or the last working day before it: wages.
    case payday(Int)
    /// On this day, or the first working day after it: standing orders.
    case monthly(Int)
    /// On this day of the month, whatever weekday: card subscriptions.
    case dayOfMonth(Int)
    /// On this day of some months.
    case months([Int], day: Int)
    /// By chance, so many times a week.
    case weekly(Double, Weekdays = .all)
    /// On the first day of each cycle.
    case cycle(Cycle)

    /// How much likelier each weekday is, Monday first, in thousandths.
    enum Weekdays: Sendable {
        case all, working, weekend, sunday

        var weights: [Int] {
            switch self {
            case .all: [850, 850, 900, 950, 1200, 1350, 900]
            case .working: [1400, 1400, 1400, 1400, 1400, 0, 0]
            case .weekend: [400, 300, 400, 500, 1600, 2400, 1400]
            case .sunday: [0, 0, 0, 0, 0, 0, 7000]
            }
        }
    }
}

/// How much.
enum Amount: Sendable {
    case exact(Int64)
    /// Spread around the middle as people's spending is, rounded to this many hundredths.
    case about(Int64, to: Int64 = 100)
    case oneOf([Int64])
    /// All that lies above this, in whole thousands.
    case surplus(above: Int64)
    /// The interest of these months on the booked balance.
    case interest(months: Int64)
}

/// When in the day, by the clock of Nairobi.
enum Hours: Sendable {
    case early, morning, commute, day, lunch, evening, night

    /// In seconds after midnight.
    func pick(_ generator: inout SeededGenerator) -> Int {
        let range: ClosedRange<Int> =
            switch self {
            case .early: 21_600...21_900
            case .morning: 23_400...34_200
            case .commute: generator.chance(perMille: 500) ? 22_500...30_600 : 60_300...70_200
            case .day: 32_400...64_800
            case .lunch: 43_200...50_400
            case .evening: 63_000...75_600
            case .night: 70_200...84_600
            }
        return generator.within(range)
    }
}

/// How much busier each month is, January first, in thousandths.
enum Season: Sendable {
    case steady
    /// December is for feasts and presents, January for counting what is left.
    case festive
    /// School holidays: April, August, December.
    case holidays
    /// Cold and rain: more light and hot water from June to August.
    case cold

    func factor(month: Int) -> Int {
        let factors =
            switch self {
            case .steady: [1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000]
            case .festive: [760, 880, 960, 1060, 980, 960, 980, 1020, 960, 980, 1040, 1480]
            case .holidays: [700, 800, 900, 1300, 900, 900, 1000, 1400, 900, 900, 1000, 1800]
            case .cold: [950, 940, 960, 1000, 1040, 1120, 1160, 1120, 1020, 980, 980, 1060]
            }
        return factors[month - 1]
    }
}
