import Primitives
import TestSupport
import Testing

@Suite("Timestamps")
struct TimestampTests {
    @Test(arguments: [
        ("2016-01-01T10:40:12Z", "2016-01-01T10:40:12.000Z"),
        ("2016-01-01T10:40:12.345Z", "2016-01-01T10:40:12.345Z"),
        ("2016-01-01T10:40:12.345678901Z", "2016-01-01T10:40:12.345Z"),
        ("2016-01-01T10:40:12.3Z", "2016-01-01T10:40:12.300Z"),
        ("2016-01-01T10:40:12,34Z", "2016-01-01T10:40:12.340Z"),
        ("20160101T104012.345Z", "2016-01-01T10:40:12.345Z"),
        ("20160101T104012Z", "2016-01-01T10:40:12.000Z"),
        ("2016-01-01T10:40:12+01:00", "2016-01-01T09:40:12.000Z"),
        ("2016-01-01T10:40:12+01", "2016-01-01T09:40:12.000Z"),
        ("2016-01-01T10:40:12+0130", "2016-01-01T09:10:12.000Z"),
        ("2016-01-01T10:40:12-03:00", "2016-01-01T13:40:12.000Z"),
        ("2016-01-01T10:40:12", "2016-01-01T10:40:12.000Z"),
        ("2016-01-01t10:40:12z", "2016-01-01T10:40:12.000Z"),
        ("2016-01-01 10:40:12Z", "2016-01-01T10:40:12.000Z"),
        ("2016-01-01", "2016-01-01T00:00:00.000Z"),
        ("20160101", "2016-01-01T00:00:00.000Z"),
        ("2016-02-29", "2016-02-29T00:00:00.000Z"),
        ("1969-12-31T23:59:59.500Z", "1969-12-31T23:59:59.500Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"),
    ])
    func `spellings that banking clients send are read`(text: String, meant: String) {
        #expect(Timestamp(iso8601: text)?.rfc3339WithMilliseconds == meant)
    }

    @Test(arguments: [
        "", "now", "2016", "2016-01", "2016-13-01", "2016-00-10", "2016-01-32", "2015-02-29", "2016-01-01T", "2016-01-01T10", "2016-01-01T10:40",
        "2016-01-01T24:00:00Z", "2016-01-01T10:60:00Z", "2016-01-01T10:40:61Z", "2016-01-01T10:40:12.Z", "2016-01-01T10:40:12Zjunk",
        "2016-01-01T10:40:12+", "2016-01-01T10:40:12+1", "2016-01-01T10:40:12+25", "2016-01-01T10:40:12+01:60", "-2016-01-01", "+12016-01-01",
        "２０１６-01-01", "2016/01/01", "1451644812", "2016-01-01T10:40:12 01:00", "20160101T104012.345Z\n",
    ])
    func `what is no date is refused`(text: String) {
        #expect(Timestamp(iso8601: text) == nil)
    }

    @Test func `a very long text is refused in no time`() {
        #expect(Timestamp(iso8601: "2016-01-01T10:40:12." + String(repeating: "1", count: 1_000_000) + "Z") == nil)
    }

    @Test(arguments: [
        (Int64(0), "1970-01-01T00:00:00Z"), (951_782_400, "2000-02-29T00:00:00Z"), (1_795_240_800, "2026-11-21T06:00:00Z"), (-1, "1969-12-31T23:59:59Z"),
        (4_102_444_799, "2099-12-31T23:59:59Z"), (-2_208_988_800, "1900-01-01T00:00:00Z"),
    ])
    func `RFC 3339 text of known moments`(seconds: Int64, text: String) {
        #expect(Timestamp(seconds: seconds).rfc3339 == text)
        #expect(Timestamp(iso8601: text) == Timestamp(seconds: seconds))
    }

    @Test func `RFC 9110 §5.6.7 the HTTP date of its example`() {
        #expect(Timestamp(iso8601: "1994-11-06T08:49:37Z")?.httpDate == "Sun, 06 Nov 1994 08:49:37 GMT")
    }

    @Test func `arithmetic saturates`() {
        #expect(Timestamp.distantFuture + .seconds(1) == .distantFuture)
        #expect(Timestamp(milliseconds: .min) - .seconds(1) == Timestamp(milliseconds: .min))
        #expect(Timestamp(seconds: .max) == .distantFuture)
        #expect(Timestamp(seconds: .min) == Timestamp(milliseconds: .min))
        #expect(Timestamp.distantFuture + .seconds(Int64.max) == .distantFuture)
        #expect((Timestamp.distantFuture - Timestamp(milliseconds: .min)).milliseconds == .max)
    }

    @Test func `seconds round down on both sides of the epoch`() {
        #expect(Timestamp(milliseconds: 1_999).seconds == 1)
        #expect(Timestamp(milliseconds: -1).seconds == -1)
        #expect(Timestamp(milliseconds: -1_000).seconds == -1)
        #expect(Timestamp(milliseconds: -1_001).seconds == -2)
    }

    @Test func `the extremes print without ending the process`() {
        for time in [Timestamp.distantFuture, Timestamp(milliseconds: .min), .epoch] {
            #expect(!time.rfc3339.isEmpty)
            #expect(!time.rfc3339WithMilliseconds.isEmpty)
            #expect(!time.httpDate.isEmpty)
        }
    }
}

@Suite("Civil dates")
struct CivilDateTests {
    @Test func `every day of eight centuries is found again`() {
        var date = CivilDate(daysSinceEpoch: -146_097)
        for day in Int64(-146_097)...146_097 {
            #expect(date.daysSinceEpoch == day)
            #expect(CivilDate(year: date.year, month: date.month, day: date.day) == date)
            date = date.adding(days: 1)
        }
    }

    @Test func `weekdays are those of the calendar`() throws {
        #expect(try #require(CivilDate(year: 1970, month: 1, day: 1)).weekday == 4)
        #expect(try #require(CivilDate(year: 2026, month: 11, day: 21)).weekday == 6)
        #expect(try #require(CivilDate(year: 1969, month: 12, day: 28)).weekday == 7)
    }

    @Test(arguments: [(2015, 2, 29), (1900, 2, 29), (2026, 4, 31), (2026, 0, 1), (2026, 13, 1), (2026, 1, 0)])
    func `days that do not exist are refused`(year: Int, month: Int, day: Int) {
        #expect(CivilDate(year: year, month: month, day: day) == nil)
    }

    @Test func `the day of a moment begins at midnight UTC`() {
        let evening = Timestamp(seconds: 1_795_240_800)

        #expect(evening.date.description == "2026-11-21")
        #expect(evening.secondOfDay == 6 * 3600)
        #expect(evening.date.start == Timestamp(seconds: 1_795_219_200))
        #expect(Timestamp(seconds: -1).date.description == "1969-12-31")
    }
}
