public import Primitives
public import Risk
public import Storage

extension RiskReading {
    /// A file is one payment of its total; its creditor is known when each of its creditors is.
    public func inputs(for bulk: BulkPayment, at now: Timestamp, in tx: any ReadTransaction) throws -> RiskInputs {
        guard let account = bulk.execution?.debtorAccount else { throw StorageError.failed(reason: "bulk payment \(bulk.id) was not begun") }
        var inputs = try inputs(for: bulk.total, from: account, to: nil, as: bulk.id.asPayment, at: now, in: tx)
        inputs.knowsCreditor = try !paysSomebodyNew(bulk, from: account, at: now, in: tx)
        return inputs
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
                AND creditor_account NOT IN (SELECT line.creditor_account FROM \(linesPaidFrom: account, since: now - Self.history))
            LIMIT 1
            """) != nil
    }
}
