public import Primitives

/// The days of the bank, which is in Nairobi: East Africa Time, three hours ahead of UTC all year.
public enum BankCalendar {
    private static let offset = Duration.hours(3)

    public static func day(of moment: Timestamp) -> CivilDate { (moment + offset).date }

    /// Midnight in Nairobi at the start of a day.
    public static func start(of day: CivilDate) -> Timestamp { day.start - offset }

    /// The hour of the clock on the wall, 0 to 23.
    public static func hour(of moment: Timestamp) -> Int { (moment + offset).secondOfDay / 3600 }
}
