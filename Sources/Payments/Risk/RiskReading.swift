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
        try inputs(
            for: payment.instruction.amount, from: payment.debtorAccount, to: payment.instruction.creditor.account, as: payment.id, at: now, in: tx)
    }

    /// - Parameters:
    ///   - creditor: `nil` for a file, which has many.
    ///   - id: of the payment itself, which does not count.
    func inputs(
        for amount: Money, from account: AccountID, to creditor: String?, as id: PaymentID, at now: Timestamp, in tx: any ReadTransaction
    ) throws -> RiskInputs {
        // One statement, so that it needs no snapshot of its own.
        let row = try tx.first(
            """
            SELECT past.largest, past.count,
                   past.known + CASE WHEN EXISTS (
                       SELECT line.number FROM \(linesPaidFrom: account, since: now - Self.history) AND line.creditor_account = \(creditor)
                   ) THEN 1 ELSE 0 END AS known,
                   (SELECT COUNT(*) FROM payment WHERE debtor_account_id = \(account) AND created_at >= \(now - .hours(1)) AND id <> \(id))
                   + (SELECT COUNT(*) FROM bulk_payment WHERE debtor_account_id = \(account) AND received_at >= \(now - .hours(1)) AND id <> \(id))
                   AS payments,
                   account.currency, account.status, account.overdraft_limit, account.booked, account.held, account.sequence
            FROM (
                SELECT CAST(COALESCE(MAX(-amount), 0) AS BIGINT) AS largest, COUNT(*) AS count,
                       CAST(COALESCE(SUM(CASE WHEN counterparty_account = \(creditor) THEN 1 ELSE 0 END), 0) AS BIGINT) AS known
                FROM posting
                WHERE account_id = \(account) AND booked_at >= \(now - Self.history) AND amount < 0
            ) past, account
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

extension SQL.StringInterpolation {
    /// `FROM` it: each `line` that was paid of the account's files received since a moment.
    mutating func appendInterpolation(linesPaidFrom account: AccountID, since moment: Timestamp) {
        appendLiteral("bulk_payment JOIN bulk_payment_line AS line ON line.bulk_payment_id = bulk_payment.id WHERE bulk_payment.debtor_account_id = ")
        appendInterpolation(account)
        appendLiteral(" AND bulk_payment.received_at >= ")
        appendInterpolation(moment)
        appendLiteral(" AND bulk_payment.status = ")
        appendInterpolation(PaymentStatus.settled)
        appendLiteral(" AND line.refused_because IS NULL")
    }
}
