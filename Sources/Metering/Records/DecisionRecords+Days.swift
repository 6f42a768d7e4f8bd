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

        /// Of the same day.
        static func + (lhs: DayCount, rhs: DayCount) -> DayCount {
            DayCount(
                day: lhs.day, allowed: lhs.allowed + rhs.allowed, refused: lhs.refused + rhs.refused, failed: lhs.failed + rhs.failed, cost: lhs.cost + rhs.cost
            )
        }
    }

    /// The calls of each UTC day from one to another, both included; a day without calls has no entry.
    public func dayCounts(
        ofOrganisation organisationID: OrganisationID, from first: CivilDate, to last: CivilDate, in tx: any ReadTransaction
    ) throws -> [DayCount] {
        let counts = try dayCountsByApp(ofOrganisation: organisationID, from: first, to: last, in: tx).values.joined()
        return Dictionary(counts.map { ($0.day, $0) }, uniquingKeysWith: +).values.sorted { $0.day < $1.day }
    }

    /// The same of each app that called.
    public func dayCountsByApp(
        ofOrganisation organisationID: OrganisationID, from first: CivilDate, to last: CivilDate, in tx: any ReadTransaction
    ) throws -> [AppID: [DayCount]] {
        let rows = try tx.all(
            """
            SELECT app_id, day, CAST(SUM(allowed) AS BIGINT) AS allowed, CAST(SUM(refused) AS BIGINT) AS refused, CAST(SUM(failed) AS BIGINT) AS failed,
                CAST(SUM(cost) AS BIGINT) AS cost
            FROM (
                SELECT app_id, day, allowed, refused, failed, cost
                FROM usage_day
                WHERE organisation_id = \(organisationID) AND day >= \(first.daysSinceEpoch) AND day <= \(last.daysSinceEpoch)
                UNION ALL
                SELECT app_id, received_ms / 86400000,
                    CASE outcome WHEN 'allowed' THEN calls ELSE 0 END, CASE outcome WHEN 'refused' THEN calls ELSE 0 END,
                    CASE outcome WHEN 'failed' THEN calls ELSE 0 END, cost
                FROM unshelved_bundle
                WHERE organisation_id = \(organisationID) AND app_id IS NOT NULL
                    AND received_ms >= \(first.start.milliseconds) AND received_ms < \(last.adding(days: 1).start.milliseconds)
            ) AS counted
            GROUP BY app_id, day
            ORDER BY day
            """)
        return try Dictionary(grouping: rows) { try $0["app_id"] as AppID }.mapValues { days in
            try days.map {
                DayCount(
                    day: CivilDate(daysSinceEpoch: try $0["day"]), allowed: try $0["allowed"], refused: try $0["refused"], failed: try $0["failed"],
                    cost: try $0["cost"])
            }
        }
    }
}
