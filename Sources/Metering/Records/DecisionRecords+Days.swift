package import Primitives
package import Storage

/// Calls counted by UTC day, as their records are put on their shelves: what the usage page and the meter read, however many records there are and however
/// long they are kept. Those that wait for their shelves are added at reading.
extension DecisionRecords {
    /// The calls of one UTC day.
    package struct DayCount: Hashable, Sendable {
        package let day: CivilDate
        package let allowed: Int
        package let refused: Int
        package let failed: Int
        /// Units of the quota.
        package let cost: Int

        package var total: Int { allowed + refused + failed }
    }

    /// The calls of each UTC day from one to another, both included; a day without calls has no entry.
    package func dayCounts(
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
                    CASE WHEN outcome = 'allowed' THEN 1 ELSE 0 END, CASE WHEN outcome = 'refused' THEN 1 ELSE 0 END,
                    CASE WHEN outcome = 'failed' THEN 1 ELSE 0 END, cost
                FROM unshelved_decision
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

    /// In one order, so that two nodes that count the same apps wait for each other instead of in a circle.
    func add(_ tally: DayTally, in tx: any WriteTransaction) throws {
        let rows = tally.counts.sorted { $0.key < $1.key }.map { key, count in
            [
                key.organisationID.sqlValue, key.day.sqlValue, key.appID.sqlValue, count.allowed.sqlValue, count.refused.sqlValue,
                count.failed.sqlValue, count.cost.sqlValue,
            ]
        }
        try tx.insert(rows, by: Self.counting)
    }

    private static let counting = SQL.Insertion(
        into: "usage_day", columns: ["organisation_id", "day", "app_id", "allowed", "refused", "failed", "cost"],
        ending: """
            ON CONFLICT (organisation_id, day, app_id) DO UPDATE
            SET allowed = usage_day.allowed + excluded.allowed, refused = usage_day.refused + excluded.refused,
                failed = usage_day.failed + excluded.failed, cost = usage_day.cost + excluded.cost
            """)
}

/// A group of records, counted by organisation, day and app.
struct DayTally {
    struct Key: Hashable, Comparable {
        let organisationID: OrganisationID
        let day: Int64
        let appID: AppID

        static func < (lhs: Key, rhs: Key) -> Bool { (lhs.organisationID, lhs.day, lhs.appID) < (rhs.organisationID, rhs.day, rhs.appID) }
    }

    struct Count {
        var allowed = 0, refused = 0, failed = 0, cost = 0
    }

    private(set) var counts: [Key: Count] = [:]

    /// A call of nobody we know counts for nobody.
    mutating func add(_ record: UnshelvedDecision) {
        guard let organisationID = record.organisationID, let appID = record.appID else { return }
        let key = Key(organisationID: organisationID, day: record.receivedAt.date.daysSinceEpoch, appID: appID)
        var count = counts[key] ?? Count()
        switch record.outcome {
        case .allowed: count.allowed += 1
        case .refused: count.refused += 1
        case .failed: count.failed += 1
        }
        count.cost += record.cost
        counts[key] = count
    }
}
