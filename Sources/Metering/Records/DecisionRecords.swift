public import Primitives
public import Storage

/// The decisions as they are kept: many API calls in a row of `decision_pack`. What a version before wrote stays in `decision_record`, a row for each call.
public struct DecisionRecords: Sendable {
    public init() {}

    // MARK: Reading

    public func find(_ id: RequestID, in tx: any ReadTransaction) throws -> DecisionRecord? { try find([id], in: tx)[id] }

    /// - Returns: those that are there.
    func find(_ ids: [RequestID], in tx: any ReadTransaction) throws -> [RequestID: DecisionRecord] {
        var found = try DecisionPack.records(ids, in: tx)
        let older = ids.filter { found[$0] == nil }
        guard !older.isEmpty else { return found }
        for row in try tx.all("SELECT \(columnsOf: DecisionRecord.self) FROM decision_record WHERE request_id IN \(list: Self.padded(older))") {
            let record = try DecisionRecord(row)
            found[record.requestID] = record
        }
        return found
    }

    /// With the last one repeated up to one of few lengths: each length is a statement to prepare, and to keep.
    private static func padded(_ ids: [RequestID]) -> [RequestID] {
        guard let last = ids.last, let length = [1, 8, 32, 128, 512].first(where: { $0 >= ids.count }) else { return ids }
        return ids + Array(repeating: last, count: length - ids.count)
    }

    // MARK: Writing

    /// Writes a group. Those that somebody may list wait to be put on their shelves.
    /// - Returns: how many wait in addition, by slice.
    /// - Throws: storage failures; for a group that is there, unless it may be.
    @discardableResult
    public func append(_ group: DecisionGroup, in tx: any WriteTransaction) throws -> [Int] {
        let bundles = group.bundlesBySlice
        // Its transaction wrote all of it or nothing.
        if try !group.mayBeThere || group.packs.first?.isThere(in: tx) != true {
            try tx.insert(group.packs.map(\.values), by: DecisionPack.insertion)
            try tx.insert(bundles.joined().map(\.values), by: UnshelvedBundle.insertion)
        }
        return bundles.map { $0.reduce(0) { $0 + $1.calls.count } }
    }

    /// Removes the oldest records, with their places on the shelves.
    /// - Parameter limit: how many rows at most, each of some records.
    /// - Returns: whether more may be left.
    public func purge(before moment: Timestamp, limit: Int = 100, in tx: any WriteTransaction) throws -> Bool {
        try takeTurn(in: tx)
        // Its place on the shelves goes with it, and it stays counted.
        if try hasUnshelved(before: moment, in: tx) { _ = try UnshelvedBundle.move(.before(moment), in: tx) }
        let packs = try removeOldest(of: "decision_pack", before: moment, limit, returning: "records", in: tx)
        let older = try removeOldest(of: "decision_record", before: moment, limit, returning: DecisionRecords.columnList, in: tx)
        // What cannot be read is in no list, and keeps nothing else from going.
        let gone = try packs.flatMap { (try? DecisionFields.records(try $0["records"])) ?? [] } + older.map(DecisionRecord.init)
        try unshelve(Dictionary(gone.map { (UnshelvedBundle.Kind($0), $0.receivedAt) }, uniquingKeysWith: max), in: tx)
        return packs.count == limit || older.count == limit
    }

    private func removeOldest(
        of table: String, before moment: Timestamp, _ limit: Int, returning columns: String, in tx: any WriteTransaction
    ) throws -> [Row] {
        var sql = SQL.StringInterpolation(literalCapacity: 400, interpolationCount: 2)
        sql.appendLiteral("DELETE FROM \(table) WHERE request_id IN (SELECT request_id FROM \(table) WHERE received_ms < ")
        sql.appendInterpolation(moment.milliseconds)
        sql.appendLiteral(" ORDER BY received_ms LIMIT ")
        sql.appendInterpolation(limit)
        sql.appendLiteral(") RETURNING \(columns)")
        return try tx.all(SQL(stringInterpolation: sql))
    }

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
    fileprivate init(_ row: Row) throws {
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
