package import Primitives
package import Storage

/// How an app has used a consent: the calls that were answered.
package struct ConsentUse: Hashable, Sendable {
    package let last: Timestamp
    /// Of the newest calls, those since the moment that was asked for.
    package let lately: Int

    package init(last: Timestamp, lately: Int) {
        self.last = last
        self.lately = lately
    }
}

extension DecisionRecords {
    /// Looks at a consent's newest calls only: a busy one has a hundred thousand.
    /// - Parameter limit: how many calls are looked at.
    /// - Returns: `nil` when it was never used.
    package func use(ofConsent id: ConsentID, since moment: Timestamp, limit: Int, in tx: any ReadTransaction) throws -> ConsentUse? {
        let row = try tx.first(
            """
            SELECT MAX(received_ms) AS last_ms, COUNT(CASE WHEN received_ms > \(moment.milliseconds) THEN 1 END) AS lately
            FROM (SELECT received_ms
                  FROM decision_record
                  WHERE consent_id = \(id) AND outcome = \(DecisionOutcome.allowed)
                  ORDER BY received_ms DESC, request_id DESC
                  LIMIT \(limit)) AS newest
            """)
        guard let row, let last = try row["last_ms"] as Int64? else { return nil }
        return ConsentUse(last: Timestamp(milliseconds: last), lately: try row["lately"])
    }
}
