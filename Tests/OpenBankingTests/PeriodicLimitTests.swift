import OpenBanking
import Primitives
import Testing

private func day(_ text: String) throws -> CivilDate { try #require(CivilDate(text)) }

private func limit(_ period: LimitPeriod, _ alignment: LimitAlignment, _ minorUnits: Int64 = 300_00) -> PeriodicLimit {
    PeriodicLimit(period: period, alignment: alignment, amount: Money(minorUnits: minorUnits, currency: .kes))
}

private func window(_ limit: PeriodicLimit, on text: String, from start: String) throws -> String {
    let window = limit.window(at: BankCalendar.start(of: try day(text)) + .hours(13), from: BankCalendar.start(of: try day(start)) + .hours(10))
    return "\(BankCalendar.day(of: window.from)) \(BankCalendar.day(of: window.until)) \(window.amount.decimal)"
}

@Suite("Limits in a period")
struct PeriodicLimitTests {
    /// OBIE Read/Write v4, PeriodAlignment: 300 a month from 6 June are 250, for 25 of 30 days.
    @Test func `a first period that the calendar cuts short is worth its share of days`() throws {
        #expect(try window(limit(.month, .calendar), on: "2026-06-20", from: "2026-06-06") == "2026-06-06 2026-07-01 250.00")
        #expect(try window(limit(.month, .calendar), on: "2026-07-20", from: "2026-06-06") == "2026-07-01 2026-08-01 300.00")
        #expect(try window(limit(.month, .calendar), on: "2026-06-01", from: "2026-06-01") == "2026-06-01 2026-07-01 300.00")
        #expect(try window(limit(.year, .calendar), on: "2026-12-31", from: "2026-12-31") == "2026-12-31 2027-01-01 0.82")
    }

    @Test(arguments: [
        (LimitPeriod.day, "2026-06-17 2026-06-18"), (.week, "2026-06-15 2026-06-22"), (.month, "2026-06-01 2026-07-01"),
        (.halfYear, "2026-01-01 2026-07-01"), (.year, "2026-01-01 2027-01-01"),
    ])
    func `the calendar's periods begin with the day, on Monday, and on the first`(period: LimitPeriod, expected: String) throws {
        #expect(try window(limit(period, .calendar), on: "2026-06-17", from: "2024-03-05") == "\(expected) 300.00")
    }

    @Test(arguments: [
        (LimitPeriod.day, "2026-06-17 2026-06-18"), (.week, "2026-06-16 2026-06-23"), (.fortnight, "2026-06-09 2026-06-23"),
        (.month, "2026-05-31 2026-06-30"), (.halfYear, "2026-03-31 2026-09-30"), (.year, "2026-03-31 2027-03-31"),
    ])
    func `the consent's periods begin with its first day`(period: LimitPeriod, expected: String) throws {
        #expect(try window(limit(period, .consent), on: "2026-06-17", from: "2026-03-31") == "\(expected) 300.00")
    }

    @Test func `one that begins on the 31st ends with shorter months, and begins on the 31st again`() throws {
        let monthly = limit(.month, .consent)
        #expect(try window(monthly, on: "2026-02-10", from: "2026-01-31") == "2026-01-31 2026-02-28 300.00")
        #expect(try window(monthly, on: "2026-02-28", from: "2026-01-31") == "2026-02-28 2026-03-31 300.00")
        #expect(try window(monthly, on: "2026-03-31", from: "2026-01-31") == "2026-03-31 2026-04-30 300.00")
    }

    @Test func `a period that has not begun counts from its first day`() throws {
        #expect(try window(limit(.month, .calendar), on: "2026-05-01", from: "2026-06-06") == "2026-06-06 2026-07-01 250.00")
    }

    @Test func `the share of the largest amount does not overflow`() throws {
        let largest = limit(.year, .calendar, 9_999_999_999_999_99)
        let shared = largest.window(at: BankCalendar.start(of: try day("2026-01-02")), from: BankCalendar.start(of: try day("2026-01-02")))
        #expect(shared.amount.minorUnits == 9_999_999_999_999_99 / 365 * 364 + (9_999_999_999_999_99 % 365) * 364 / 365)
    }

    @Test(arguments: LimitPeriod.allCases, LimitAlignment.allCases)
    func `periods follow each other without a gap, and each holds its days`(period: LimitPeriod, alignment: LimitAlignment) throws {
        let start = BankCalendar.start(of: try day("2025-08-31"))
        var moment = start
        for _ in 0..<60 {
            let window = limit(period, alignment).window(at: moment, from: start)
            #expect(window.from <= moment && moment < window.until)
            let last = limit(period, alignment).window(at: window.until - .milliseconds(1), from: start)
            #expect(last == window)
            #expect(limit(period, alignment).window(at: window.until, from: start).from == window.until)
            moment = window.until
        }
    }

    @Test func `the bank's day begins at midnight in Nairobi`() throws {
        let midnight = Timestamp(iso8601: "2026-06-16T21:00:00Z")!
        #expect(BankCalendar.day(of: midnight - .milliseconds(1)).description == "2026-06-16")
        #expect(BankCalendar.day(of: midnight).description == "2026-06-17")
        #expect(BankCalendar.start(of: try day("2026-06-17")) == midnight)
        #expect(BankCalendar.hour(of: midnight) == 0 && BankCalendar.hour(of: midnight - .seconds(1)) == 23)
    }
}
