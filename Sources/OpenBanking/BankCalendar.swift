package import Primitives

/// The days of the bank, which is in Nairobi: East Africa Time, three hours ahead of UTC all year.
package enum BankCalendar {
    private static let offset = Duration.hours(3)

    package static func day(of moment: Timestamp) -> CivilDate { (moment + offset).date }

    /// Midnight in Nairobi at the start of a day.
    package static func start(of day: CivilDate) -> Timestamp { day.start - offset }

    /// The hour of the clock on the wall, 0 to 23.
    package static func hour(of moment: Timestamp) -> Int { (moment + offset).secondOfDay / 3600 }
}
