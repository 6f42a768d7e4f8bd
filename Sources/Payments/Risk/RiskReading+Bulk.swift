import Bank
import OpenBanking
public import Primitives
public import Risk
public import Storage

extension RiskReading {
    /// A file is one payment of its total; its creditor is known when each of its creditors is.
    public func inputs(for bulk: BulkPayment, at now: Timestamp, in tx: any ReadTransaction) throws -> RiskInputs {
        guard let account = bulk.execution?.debtorAccount else { throw StorageError.failed(reason: "bulk payment \(bulk.id) was not begun") }
        let before = try tx.first(
            """
            SELECT CAST(COALESCE(MAX(-amount), 0) AS BIGINT) AS largest, COUNT(*) AS count
            FROM posting
            WHERE account_id = \(account) AND booked_at >= \(now - Self.history) AND amount < 0
            """)
        let recent = try tx.first(
            """
            SELECT (SELECT COUNT(*) FROM payment WHERE debtor_account_id = \(account) AND created_at >= \(now - .hours(1)))
                + (SELECT COUNT(*) FROM bulk_payment WHERE debtor_account_id = \(account) AND received_at >= \(now - .hours(1)) AND id <> \(bulk.id))
                AS count
            """)
        // Its own total is set aside already.
        let available = try Accounts().balance(of: account, at: now, in: tx)?.available.minorUnits ?? 0
        return RiskInputs(
            amount: bulk.total, available: available.addingReportingOverflow(bulk.total.minorUnits).partialValue,
            knowsCreditor: try !paysSomebodyNew(bulk, from: account, at: now, in: tx),
            largestBefore: try before?["largest"] ?? 0, countBefore: try before?["count"] ?? 0, paymentsLastHour: try recent?["count"] ?? 0,
            hour: BankCalendar.hour(of: now))
    }

    /// Whether somebody in the file was never paid from the account, one by one or by a file.
    private func paysSomebodyNew(_ bulk: BulkPayment, from account: AccountID, at now: Timestamp, in tx: any ReadTransaction) throws -> Bool {
        try tx.first(
            """
            SELECT number
            FROM bulk_payment_line
            WHERE bulk_payment_id = \(bulk.id)
                AND creditor_account NOT IN (
                    SELECT counterparty_account
                    FROM posting
                    WHERE account_id = \(account) AND booked_at >= \(now - Self.history) AND amount < 0 AND counterparty_account IS NOT NULL)
                AND creditor_account NOT IN (
                    SELECT line.creditor_account
                    FROM bulk_payment
                    JOIN bulk_payment_line AS line ON line.bulk_payment_id = bulk_payment.id
                    WHERE bulk_payment.debtor_account_id = \(account) AND bulk_payment.received_at >= \(now - Self.history)
                        AND bulk_payment.status = \(PaymentStatus.settled) AND line.refused_because IS NULL)
            LIMIT 1
            """) != nil
    }
}
