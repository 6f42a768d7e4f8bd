public import Primitives
public import Storage

/// The decisions as they are kept: one row per API call.
public struct DecisionRecords: Sendable {
    public init() {}

    // MARK: Reading

    public func find(_ id: RequestID, in tx: any ReadTransaction) throws -> DecisionRecord? {
        try tx.first("SELECT \(columnsOf: DecisionRecord.self) FROM decision_record WHERE request_id = \(id)").map(DecisionRecord.init)
    }

    // MARK: Writing

    /// Writes a group. Those that somebody may list wait to be put on their shelves.
    /// - Parameter isRepetition: whether an earlier attempt, whose answer was lost, may have written some of them. They stay as they are.
    /// - Returns: how many wait in addition, by slice.
    /// - Throws: storage failures; for a record that is there too, unless it may be.
    @discardableResult
    public func append(_ records: [DecisionRecord], isRepetition: Bool = false, in tx: any WriteTransaction) throws -> [Int] {
        let records = isRepetition ? try missing(among: records, in: tx) : records
        try tx.insert(records.map(\.values), by: Self.insertion)
        let bundles = UnshelvedBundle.bundles(of: records)
        try tx.insert(bundles.map(\.values), by: UnshelvedBundle.insertion)
        return bundles.reduce(into: [Int](repeating: 0, count: Self.slices.count)) { waiting, bundle in waiting[bundle.slice] += bundle.calls.count }
    }

    private func missing(among records: [DecisionRecord], in tx: any WriteTransaction) throws -> [DecisionRecord] {
        let rows = try tx.all("SELECT request_id FROM decision_record WHERE request_id IN \(list: records.map(\.requestID))")
        var known = Set(try rows.map { try $0["request_id"] as RequestID })
        return records.filter { known.insert($0.requestID).inserted }
    }

    /// Removes the oldest records, with their places on the shelves.
    /// - Returns: how many went, at most `limit`.
    public func purge(before moment: Timestamp, limit: Int = 1000, in tx: any WriteTransaction) throws -> Int {
        try takeTurn(in: tx)
        let oldest = try tx.all(
            "SELECT request_id FROM decision_record WHERE received_ms < \(moment.milliseconds) ORDER BY received_ms LIMIT \(limit)")
        let ids: [RequestID] = try oldest.map { try $0["request_id"] }
        // Its place on the shelves goes with it, and it stays counted.
        if try hasUnshelved(before: moment, in: tx) { _ = try UnshelvedBundle.move(.before(moment), in: tx) }
        let gone = try tx.all(
            """
            DELETE FROM decision_record
            WHERE request_id IN \(list: ids)
            RETURNING received_ms, outcome, organisation_id, app_id, person_id, consent_id
            """)
        let latest = try gone.map { (try UnshelvedBundle.Kind($0), Timestamp(milliseconds: try $0["received_ms"])) }
        try unshelve(Dictionary(latest, uniquingKeysWith: max), in: tx)
        return gone.count
    }

    private static let insertion = SQL.Insertion(into: "decision_record", columns: columns)

    /// In the order of `DecisionRecord.values`.
    fileprivate static let columns = [
        "request_id", "received_ms", "duration_us", "organisation_id", "app_id", "client_id", "consent_id", "person_id", "account_id", "method", "path",
        "operation", "status", "outcome", "rule", "expected", "got", "checks", "cost", "records", "client_address", "problem",
    ]
    fileprivate static let columnList = columns.joined(separator: ", ")
}

extension SQL.StringInterpolation {
    mutating func appendInterpolation(columnsOf: DecisionRecord.Type) { appendLiteral(DecisionRecords.columnList) }
}

extension DecisionRecord {
    fileprivate var values: [SQLValue] {
        [
            requestID.sqlValue, receivedAt.milliseconds.sqlValue, durationMicroseconds.sqlValue, .text(organisationID?.rawValue), .text(appID?.rawValue),
            .text(clientID), .text(consentID?.rawValue), .text(personID?.rawValue), .text(accountID?.rawValue), method.sqlValue, path.sqlValue,
            .text(operation), status.sqlValue, outcome.sqlValue, .text(rule), .text(expected), .text(got), CheckLines.text(checks).sqlValue, cost.sqlValue,
            .integer(records.map(Int64.init)), clientAddress.sqlValue, .text(problem),
        ]
    }

    init(_ row: Row) throws {
        let checks: String = try row["checks"]
        self.init(
            requestID: try row["request_id"], receivedAt: Timestamp(milliseconds: try row["received_ms"]), durationMicroseconds: try row["duration_us"],
            organisationID: try row["organisation_id"], appID: try row["app_id"], clientID: try row["client_id"], consentID: try row["consent_id"],
            personID: try row["person_id"], accountID: try row["account_id"], method: try row["method"], path: try row["path"],
            operation: try row["operation"], status: try row["status"], outcome: try row["outcome"], rule: try row["rule"], expected: try row["expected"],
            got: try row["got"], checks: CheckLines.checks(checks), cost: try row["cost"], records: try row["records"],
            clientAddress: try row["client_address"],
            problem: try row["problem"])
    }
}
