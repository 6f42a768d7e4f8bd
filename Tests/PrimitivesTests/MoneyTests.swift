import Primitives
import Testing

@Suite("Money")
struct MoneyTests {
    @Test(arguments: [
        ("1250.00", Currency.kes, Int64(125_000)), ("1250", .kes, 125_000), ("0.5", .usd, 50), ("-0.01", .kes, -1), ("0", .tzs, 0), ("007.10", .usd, 710),
        ("1250", .jpy, 1_250), ("1250", .ugx, 1_250), ("1.234", .kwd, 1_234), ("1.2", .kwd, 1_200), ("9999999999999.99", .kes, 999_999_999_999_999),
        ("9999999999999.999", .kwd, 9_999_999_999_999_999),
    ])
    func `decimals are read in the currency's minor units`(text: String, currency: Currency, minorUnits: Int64) {
        #expect(Money(decimal: text, currency: currency)?.minorUnits == minorUnits)
    }

    @Test(arguments: [
        ("", Currency.kes), ("-", .kes), (".5", .kes), ("5.", .kes), ("1.234", .kes), ("1.0", .jpy), ("1.", .jpy), ("1.2345", .kwd), ("1,250.00", .kes),
        ("+1.00", .kes), ("1e3", .kes), ("--1", .kes), ("1.0.0", .kes), (" 1.00", .kes), ("12345678901234", .kes), ("１.00", .kes), ("0x10", .kes),
        ("NaN", .kes),
        ("99999999999999999999999999", .kes),
    ])
    func `what is no amount of the currency is refused`(text: String, currency: Currency) {
        #expect(Money(decimal: text, currency: currency) == nil)
    }

    @Test(arguments: [
        (Int64(125_000), Currency.kes, "1250.00", "KES 1,250.00"), (5, .kes, "0.05", "KES 0.05"), (-8_421_055, .kes, "-84210.55", "KES −84,210.55"),
        (1_000_000, .jpy, "1000000", "JPY 1,000,000"), (7, .kwd, "0.007", "KWD 0.007"), (0, .usd, "0.00", "USD 0.00"), (99_999, .usd, "999.99", "USD 999.99"),
    ])
    func `amounts print for programs and for people`(minorUnits: Int64, currency: Currency, decimal: String, text: String) {
        let money = Money(minorUnits: minorUnits, currency: currency)

        #expect(money.decimal == decimal)
        #expect(money.text == text)
        #expect(Money(decimal: decimal, currency: currency) == money)
    }

    @Test(arguments: Currency.allCases)
    func `the extremes print without ending the process`(currency: Currency) {
        #expect(Money(minorUnits: .min, currency: currency).text.hasPrefix("\(currency.rawValue) −"))
        #expect(Money(minorUnits: .max, currency: currency).decimal.count >= 19)
    }
}
