import Bank
import OpenBanking
public import Primitives
public import Risk
public import Storage

/// Reads what the risk rules look at. A real bank's signals would come in here.
public struct RiskReading: Sendable {
    public init() {}

    /// How far back an account's own behaviour is looked at.
    static let history = Duration.days(90)

    public func inputs(for payment: Payment, at now: Timestamp, in tx: any ReadTransaction) throws -> RiskInputs {
        let account = payment.debtorAccount
        let amount = payment.instruction.amount
        // One statement, so that it needs no snapshot of its own.
        let row = try tx.first(
            """
            SELECT past.largest, past.count, past.known, hour.payments, account.currency, account.status, account.overdraft_limit, account.booked,
                   account.held, account.sequence
            FROM (
                SELECT CAST(COALESCE(MAX(-amount), 0) AS BIGINT) AS largest, COUNT(*) AS count,
                       CAST(COALESCE(SUM(CASE WHEN counterparty_account = \(payment.instruction.creditor.account) THEN 1 ELSE 0 END), 0) AS BIGINT) AS known
                FROM posting
                WHERE account_id = \(account) AND booked_at >= \(now - Self.history) AND amount < 0
            ) past, (
                SELECT COUNT(*) AS payments
                FROM payment
                WHERE debtor_account_id = \(account) AND created_at >= \(now - .hours(1)) AND id <> \(payment.id)
            ) hour, account
            WHERE account.id = \(account)
            """)
        guard let row else { throw StorageError.unexpectedValue(column: "account.id") }
        // Its own amount is set aside already.
        let available = try AccountState(row).available
        let known: Int = try row["known"]
        return RiskInputs(
            amount: amount, available: available.addingReportingOverflow(amount.minorUnits).partialValue, knowsCreditor: known > 0,
            largestBefore: try row["largest"], countBefore: try row["count"], paymentsLastHour: try row["payments"], hour: BankCalendar.hour(of: now))
    }
}
