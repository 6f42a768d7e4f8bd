import Primitives
import Risk

extension PaymentScenario {
    /// What the risk rules see under a scenario instead of the account's own past: an account at peace, in the middle of the day, but for what is said here.
    ///
    /// So a scenario turns out the same after many payments, at night, and for an account without a history.
    public struct Signals: Hashable, Sendable {
        var knowsCreditor = true
        var paymentsLastHour = 0
        /// The hour in Nairobi.
        var hour = 12

        static let calm = Signals()

        func inputs(for amount: Money) -> RiskInputs {
            let (hundredfold, overflows) = amount.minorUnits.multipliedReportingOverflow(by: 100)
            return RiskInputs(
                amount: amount, available: overflows ? .max : hundredfold, knowsCreditor: knowsCreditor, largestBefore: amount.minorUnits, countBefore: 100,
                paymentsLastHour: paymentsLastHour, hour: hour)
        }
    }
}
