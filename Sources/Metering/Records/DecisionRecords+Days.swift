public import Primitives
public import Storage

/// Calls counted by UTC day, as their records are put on their shelves: what the usage page and the meter read, however many records there are and however
/// long they are kept. Those that wait for their shelves are added at reading.
extension DecisionRecords {
    /// The calls of one UTC day.
    public struct DayCount: Hashable, Sendable {
        public let day: CivilDate
        public let allowed: Int
        public let refused: Int
        public let failed: Int
        /// Units of the quota.
        public let cost: Int

        public var total: Int { allowed + refused + failed }
    }

    /// The calls of each UTC day from one to another, both included; a day without calls has no entry.
    public func dayCounts(
        ofOrganisation organisationID: OrganisationID, appID: AppID? = nil, from first: CivilDate, to last: CivilDate, in tx: any ReadTransaction
    ) throws -> [DayCount] {
        let rows = try tx.all(
            """
            SELECT day, CAST(SUM(allowed) AS BIGINT) AS allowed, CAST(SUM(refused) AS BIGINT) AS refused, CAST(SUM(failed) AS BIGINT) AS failed,
                CAST(SUM(cost) AS BIGINT) AS cost
            FROM (
                SELECT day, app_id, allowed, refused, failed, cost
                FROM usage_day
                WHERE organisation_id = \(organisationID) AND day >= \(first.daysSinceEpoch) AND day <= \(last.daysSinceEpoch)
                UNION ALL
                SELECT received_ms / 86400000, app_id,
                    CASE outcome WHEN 'allowed' THEN calls ELSE 0 END, CASE outcome WHEN 'refused' THEN calls ELSE 0 END,
                    CASE outcome WHEN 'failed' THEN calls ELSE 0 END, cost
                FROM unshelved_bundle
                WHERE organisation_id = \(organisationID) AND app_id IS NOT NULL
                    AND received_ms >= \(first.start.milliseconds) AND received_ms < \(last.adding(days: 1).start.milliseconds)
            ) AS counted
            WHERE (\(appID) IS NULL OR app_id = \(appID))
            GROUP BY day
            ORDER BY day
            """)
        return try rows.map {
            DayCount(
                day: CivilDate(daysSinceEpoch: try $0["day"]), allowed: try $0["allowed"], refused: try $0["refused"], failed: try $0["failed"],
                cost: try $0["cost"])
        }
    }
}
