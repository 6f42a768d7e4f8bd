import OpenBanking
import Primitives
import Testing

private func limit(_ period: LimitPeriod, _ alignment: LimitAlignment) -> PeriodicLimit {
    PeriodicLimit(period: period, alignment: alignment, amount: Money(minorUnits: 300_00, currency: .kes))
}

@Suite("Recurring terms")
struct RecurringTermsTests {
    private func faults(_ limits: [PeriodicLimit], validFrom: Timestamp? = nil) -> [String] {
        do throws(RecurringTermsRefusal) {
            _ = try RecurringTerms(
                creditor: nil, maximum: Money(minorUnits: 100, currency: .kes), limits: limits, validFrom: validFrom, expiresAt: Timestamp(seconds: 1_000))
            return []
        } catch {
            return error.faults.map { "\($0.member) \($0.rule)" }
        }
    }

    @Test func `sound terms pass`() {
        #expect(faults([limit(.month, .calendar), limit(.month, .consent), limit(.day, .consent)], validFrom: Timestamp(seconds: 999)).isEmpty)
    }

    @Test func `each fault is named with its member`() {
        let dollars = PeriodicLimit(period: .day, alignment: .consent, amount: Money(minorUnits: 1, currency: .usd))
        #expect(
            faults([limit(.fortnight, .calendar), dollars, limit(.week, .consent), limit(.week, .consent)], validFrom: Timestamp(seconds: 1_000))
                == ["limits/0/alignment alignment", "limits/1/amount/currency currency", "limits/3 limit.once", "valid_from term"])
    }
}
