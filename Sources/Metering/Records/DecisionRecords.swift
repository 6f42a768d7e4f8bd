package import Primitives
package import Storage

/// The decisions as they are kept: one row per API call.
package struct DecisionRecords: Sendable {
    package init() {}

    /// A place in a list, newest first: the list goes on behind it.
    package struct Position: Hashable, Sendable {
        package let receivedAt: Timestamp
        package let requestID: RequestID

        package init(receivedAt: Timestamp, requestID: RequestID) {
            self.receivedAt = receivedAt
            self.requestID = requestID
        }

        package init(after record: DecisionRecord) { self.init(receivedAt: record.receivedAt, requestID: record.requestID) }
    }

    /// Narrows an organisation's list; what is `nil` does not.
    package struct Filter: Hashable, Sendable {
        package var appID: AppID?
        package var outcome: DecisionOutcome?
        package var operation: String?

        package init(appID: AppID? = nil, outcome: DecisionOutcome? = nil, operation: String? = nil) {
            self.appID = appID
            self.outcome = outcome
            self.operation = operation
        }
    }

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

    // MARK: Reading

    package func find(_ id: RequestID, in tx: any ReadTransaction) throws -> DecisionRecord? {
        try tx.first("SELECT \(columnsOf: DecisionRecord.self) FROM decision_record WHERE request_id = \(id)").map(DecisionRecord.init)
    }

    /// An organisation's calls, the newest first.
    package func list(
        ofOrganisation organisationID: OrganisationID, filter: Filter = Filter(), before: Position? = nil, limit: Int, in tx: any ReadTransaction
    ) throws -> [DecisionRecord] {
        let last = Last(before)
        // An app's list has an index of its own.
        if let appID = filter.appID {
            return try tx.all(
                """
                SELECT \(columnsOf: DecisionRecord.self)
                FROM decision_record
                WHERE organisation_id = \(organisationID) AND app_id = \(appID) AND received_ms <= \(last.milliseconds)
                    AND (received_ms < \(last.milliseconds) OR request_id < \(last.id))
                    AND (\(filter.outcome) IS NULL OR outcome = \(filter.outcome))
                    AND (\(filter.operation) IS NULL OR operation = \(filter.operation))
                ORDER BY received_ms DESC, request_id DESC
                LIMIT \(limit)
                """).map(DecisionRecord.init)
        }
        return try tx.all(
            """
            SELECT \(columnsOf: DecisionRecord.self)
            FROM decision_record
            WHERE organisation_id = \(organisationID) AND received_ms <= \(last.milliseconds)
                AND (received_ms < \(last.milliseconds) OR request_id < \(last.id))
                AND (\(filter.outcome) IS NULL OR outcome = \(filter.outcome))
                AND (\(filter.operation) IS NULL OR operation = \(filter.operation))
            ORDER BY received_ms DESC, request_id DESC
            LIMIT \(limit)
            """).map(DecisionRecord.init)
    }

    /// The calls about a customer, the newest first.
    package func list(ofPerson personID: PersonID, before: Position? = nil, limit: Int, in tx: any ReadTransaction) throws -> [DecisionRecord] {
        let last = Last(before)
        return try tx.all(
            """
            SELECT \(columnsOf: DecisionRecord.self)
            FROM decision_record
            WHERE person_id = \(personID) AND received_ms <= \(last.milliseconds)
                AND (received_ms < \(last.milliseconds) OR request_id < \(last.id))
            ORDER BY received_ms DESC, request_id DESC
            LIMIT \(limit)
            """).map(DecisionRecord.init)
    }

    /// The calls under one consent, the newest first.
    package func list(ofConsent consentID: ConsentID, before: Position? = nil, limit: Int, in tx: any ReadTransaction) throws -> [DecisionRecord] {
        let last = Last(before)
        return try tx.all(
            """
            SELECT \(columnsOf: DecisionRecord.self)
            FROM decision_record
            WHERE consent_id = \(consentID) AND received_ms <= \(last.milliseconds)
                AND (received_ms < \(last.milliseconds) OR request_id < \(last.id))
            ORDER BY received_ms DESC, request_id DESC
            LIMIT \(limit)
            """).map(DecisionRecord.init)
    }

    /// The calls of each UTC day from one to another, both included; a day without calls has no entry.
    package func dayCounts(
        ofOrganisation organisationID: OrganisationID, appID: AppID? = nil, from first: CivilDate, to last: CivilDate, in tx: any ReadTransaction
    ) throws -> [DayCount] {
        let start = first.start.milliseconds
        let end = last.adding(days: 1).start.milliseconds
        let rows = try tx.all(
            """
            SELECT received_ms / 86400000 AS day,
                   COUNT(CASE WHEN outcome = 'allowed' THEN 1 END) AS allowed,
                   COUNT(CASE WHEN outcome = 'refused' THEN 1 END) AS refused,
                   COUNT(CASE WHEN outcome = 'failed' THEN 1 END) AS failed,
                   CAST(SUM(cost) AS BIGINT) AS cost
            FROM decision_record
            WHERE organisation_id = \(organisationID) AND received_ms >= \(start) AND received_ms < \(end) AND (\(appID) IS NULL OR app_id = \(appID))
            GROUP BY received_ms / 86400000
            ORDER BY received_ms / 86400000
            """)
        return try rows.map {
            let day: Int64 = try $0["day"]
            return DayCount(
                day: CivilDate(daysSinceEpoch: day), allowed: try $0["allowed"], refused: try $0["refused"], failed: try $0["failed"], cost: try $0["cost"])
        }
    }

    // MARK: Writing

    /// Writes a group; a record that is there already stays as it is.
    package func append(_ records: [DecisionRecord], in tx: any WriteTransaction) throws {
        var rest = records[...]
        // Few sizes, so that each engine prepares few statements.
        for size in [32, 8, 1] {
            while rest.count >= size {
                try tx.execute(Self.insert(rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
        }
    }

    /// Removes the oldest records.
    /// - Returns: how many went, at most `limit`.
    package func purge(before moment: Timestamp, limit: Int = 1000, in tx: any WriteTransaction) throws -> Int {
        try tx.execute(
            """
            DELETE FROM decision_record
            WHERE request_id IN (SELECT request_id FROM decision_record WHERE received_ms < \(moment.milliseconds) ORDER BY received_ms LIMIT \(limit))
            """)
    }

    private static func insert(_ records: ArraySlice<DecisionRecord>) -> SQL {
        var sql = SQL.StringInterpolation(literalCapacity: 60 * records.count, interpolationCount: 22 * records.count)
        sql.appendLiteral("INSERT INTO decision_record (")
        sql.appendInterpolation(columnsOf: DecisionRecord.self)
        sql.appendLiteral(") VALUES")
        for (index, record) in records.enumerated() {
            sql.appendLiteral(index == 0 ? " (" : ", (")
            sql.appendInterpolation(record.requestID)
            sql.appendItem(record.receivedAt.milliseconds)
            sql.appendItem(record.durationMicroseconds)
            sql.appendItem(record.organisationID)
            sql.appendItem(record.appID)
            sql.appendItem(record.clientID)
            sql.appendItem(record.consentID)
            sql.appendItem(record.personID)
            sql.appendItem(record.accountID)
            sql.appendItem(record.method)
            sql.appendItem(record.path)
            sql.appendItem(record.operation)
            sql.appendItem(record.status)
            sql.appendItem(record.outcome)
            sql.appendItem(record.rule)
            sql.appendItem(record.expected)
            sql.appendItem(record.got)
            sql.appendItem(record.checks.lines)
            sql.appendItem(record.cost)
            sql.appendItem(record.records)
            sql.appendItem(record.clientAddress)
            sql.appendItem(record.problem)
            sql.appendLiteral(")")
        }
        sql.appendLiteral(" ON CONFLICT (request_id) DO NOTHING")
        return SQL(stringInterpolation: sql)
    }

    /// Where a page begins: behind every record there can be, or behind the last of the page before.
    private struct Last {
        let milliseconds: Int64
        let id: String

        init(_ position: Position?) {
            milliseconds = position?.receivedAt.milliseconds ?? .max
            id = position?.requestID.rawValue ?? ""
        }
    }
}

extension SQL.StringInterpolation {
    /// The columns in the order that `insert` fills and `DecisionRecord(_:)` reads.
    fileprivate mutating func appendInterpolation(columnsOf: DecisionRecord.Type) {
        appendLiteral(
            """
            request_id, received_ms, duration_us, organisation_id, app_id, client_id, consent_id, person_id, account_id, method, path, operation,
            status, outcome, rule, expected, got, checks, cost, records, client_address, problem
            """)
    }

    /// The next value of a row.
    fileprivate mutating func appendItem<Value: SQLBindable>(_ value: Value?) {
        appendLiteral(", ")
        appendInterpolation(value)
    }
}

extension DecisionRecord {
    fileprivate init(_ row: Row) throws {
        let checks: String = try row["checks"]
        self.init(
            requestID: try row["request_id"], receivedAt: Timestamp(milliseconds: try row["received_ms"]), durationMicroseconds: try row["duration_us"],
            organisationID: try row["organisation_id"], appID: try row["app_id"], clientID: try row["client_id"], consentID: try row["consent_id"],
            personID: try row["person_id"], accountID: try row["account_id"], method: try row["method"], path: try row["path"],
            operation: try row["operation"], status: try row["status"], outcome: try row["outcome"], rule: try row["rule"], expected: try row["expected"],
            got: try row["got"], checks: [Check](lines: checks), cost: try row["cost"], records: try row["records"], clientAddress: try row["client_address"],
            problem: try row["problem"])
    }
}

/// The checks as they are kept: a line each, its parts between tabs. It is written on every call, and a JSON encoder costs more than the call's own work.
extension [DecisionRecord.Check] {
    fileprivate var lines: String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count * 50)
        for (index, check) in enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: "\n")) }
            bytes.append(text: check.rule)
            bytes.append(UInt8(ascii: "\t"))
            bytes.append(text: check.result.rawValue)
            bytes.append(UInt8(ascii: "\t"))
            bytes.append(text: check.detail)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    fileprivate init(lines: String) {
        self = lines.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 3, let result = DecisionRecord.Check.Result(rawValue: parts[1]) else { return nil }
            return DecisionRecord.Check(rule: parts[0], result: result, detail: parts[2])
        }
    }
}
