public import Primitives
public import Storage

extension DecisionRecords {
    /// When apps called last; one that never called has no entry.
    public func lastCalls(ofApps ids: [AppID], of organisationID: OrganisationID, in tx: any ReadTransaction) throws -> [AppID: Timestamp] {
        let unshelved = try tx.all(
            """
            SELECT app_id, MAX(received_ms) AS last_ms
            FROM unshelved_bundle
            WHERE organisation_id = \(organisationID) AND app_id IS NOT NULL
            GROUP BY app_id
            """)
        let shelved = try ids.chunks(of: Self.longestUnion / DecisionOutcome.allCases.count).flatMap { chunk in
            try tx.all(newest(ofApps: chunk, of: organisationID))
        }
        let wanted = Set(ids)
        var last: [AppID: Timestamp] = [:]
        for row in unshelved + shelved {
            let id: AppID = try row["app_id"]
            guard wanted.contains(id), let milliseconds: Int64 = try row["last_ms"] else { continue }
            last[id] = max(last[id] ?? .epoch, Timestamp(milliseconds: milliseconds))
        }
        return last
    }

    /// The newest of each app's shelves: each the end of its index.
    private func newest(ofApps ids: ArraySlice<AppID>, of organisation: OrganisationID) -> SQL {
        let shelves = ids.flatMap { id in DecisionOutcome.allCases.map { (id: id, outcome: $0) } }
        var sql = SQL.StringInterpolation(literalCapacity: 200 * shelves.count, interpolationCount: 4 * shelves.count)
        for (index, shelf) in shelves.enumerated() {
            sql.appendLiteral(index == 0 ? "SELECT " : " UNION ALL SELECT ")
            sql.appendInterpolation(shelf.id)
            sql.appendLiteral(" AS app_id, (SELECT MAX(received_ms) FROM ")
            sql.appendInterpolation(DecisionShelf(reader: .developer, owner: organisation.rawValue, part: shelf.id.rawValue, outcome: shelf.outcome))
            sql.appendLiteral(") AS last_ms")
        }
        return SQL(stringInterpolation: sql)
    }
}
