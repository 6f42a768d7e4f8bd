import Bank
import OpenBanking
package import Primitives
package import Risk
package import Storage

/// Reads what the risk rules look at. A real bank's signals would come in here.
package struct RiskReading: Sendable {
    package init() {}

    /// How far back an account's own behaviour is looked at.
    static let history = Duration.days(90)

    package func inputs(for payment: Payment, at now: Timestamp, in tx: any ReadTransaction) throws -> RiskInputs {
        let account = payment.debtorAccount
        let amount = payment.instruction.amount
        let before = try tx.first(
            """
            SELECT CAST(COALESCE(MAX(-amount), 0) AS BIGINT) AS largest, COUNT(*) AS count,
                   CAST(COALESCE(SUM(CASE WHEN counterparty_account = \(payment.instruction.creditor.account) THEN 1 ELSE 0 END), 0) AS BIGINT) AS known
            FROM posting
            WHERE account_id = \(account) AND booked_at >= \(now - Self.history) AND amount < 0
            """)
        let recent = try tx.first(
            "SELECT COUNT(*) AS count FROM payment WHERE debtor_account_id = \(account) AND created_at >= \(now - .hours(1)) AND id <> \(payment.id)")
        // Its own amount is set aside already.
        let available = try Accounts().balance(of: account, at: now, in: tx)?.available.minorUnits ?? 0
        return RiskInputs(
            amount: amount, available: available.addingReportingOverflow(amount.minorUnits).partialValue, knowsCreditor: try before?["known"] ?? 0 > 0,
            largestBefore: try before?["largest"] ?? 0, countBefore: try before?["count"] ?? 0, paymentsLastHour: try recent?["count"] ?? 0,
            hour: BankCalendar.hour(of: now))
    }
}
