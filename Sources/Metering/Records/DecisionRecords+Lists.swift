package import Primitives
package import Storage

/// Records as people read them, the newest first: an organisation its own, a customer those about them.
///
/// Two indexes serve every list, one for each reader. Each begins with the reader, then the app or the consent, then the outcome, so that a few refused calls
/// among a million allowed ones are found at once; a list that spans several of these is put together from the newest of each.
extension DecisionRecords {
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

        package init(appID: AppID? = nil, outcome: DecisionOutcome? = nil) {
            self.appID = appID
            self.outcome = outcome
        }
    }

    /// How often an app used a consent with success.
    package struct Use: Hashable, Sendable {
        package let last: Timestamp
        /// Since the moment asked about, counted up to the bound asked for.
        package let count: Int
    }

    /// An organisation's calls.
    package func list(
        ofOrganisation organisationID: OrganisationID, filter: Filter = Filter(), before: Position? = nil, limit: Int, in tx: any ReadTransaction
    ) throws -> [DecisionRecord] {
        let apps = try filter.appID.map { [$0.rawValue] } ?? parts(.developer, of: organisationID.rawValue, in: tx)
        let outcomes = filter.outcome.map { [$0] } ?? DecisionOutcome.allCases
        return try list(.developer, of: organisationID.rawValue, parts: apps, outcomes: outcomes, before: before, limit: limit, in: tx)
    }

    /// The calls about a customer, under one consent or under all.
    package func list(
        ofPerson personID: PersonID, consent: ConsentID? = nil, before: Position? = nil, limit: Int, in tx: any ReadTransaction
    ) throws -> [DecisionRecord] {
        let consents = try consent.map { [$0.rawValue] } ?? parts(.customer, of: personID.rawValue, in: tx)
        return try list(
            .customer, of: personID.rawValue, parts: consents, outcomes: DecisionOutcome.allCases, before: before, limit: limit, in: tx)
    }

    /// Which of a customer's consents were used with success: when last, and how often since a moment, counted up to a bound.
    package func uses(
        ofConsents ids: [ConsentID], of personID: PersonID, since moment: Timestamp, atMost bound: Int, in tx: any ReadTransaction
    ) throws -> [ConsentID: Use] {
        var uses: [ConsentID: Use] = [:]
        for chunk in ids.chunks(of: Self.longestUnion) {
            var sql = SQL.StringInterpolation(literalCapacity: 400 * chunk.count, interpolationCount: 9 * chunk.count)
            for (index, id) in chunk.enumerated() {
                let shelf = Shelf(reader: .customer, owner: personID.rawValue, part: id.rawValue, outcome: .allowed)
                sql.appendLiteral(index == 0 ? "SELECT " : " UNION ALL SELECT ")
                sql.appendInterpolation(id)
                sql.appendLiteral(" AS consent_id, (SELECT MAX(received_ms) FROM decision_record WHERE ")
                sql.append(shelf)
                sql.appendLiteral(") AS last_ms, (SELECT COUNT(*) FROM (SELECT 1 FROM decision_record WHERE ")
                sql.append(shelf)
                sql.appendLiteral(" AND received_ms > ")
                sql.appendInterpolation(moment.milliseconds)
                sql.appendLiteral(" LIMIT ")
                sql.appendInterpolation(bound)
                sql.appendLiteral(") AS since) AS uses")
            }
            for row in try tx.all(SQL(stringInterpolation: sql)) {
                guard let last: Int64 = try row["last_ms"] else { continue }
                uses[try row["consent_id"]] = Use(last: Timestamp(milliseconds: last), count: try row["uses"])
            }
        }
        return uses
    }

    // MARK: Shelves

    /// So many parts of one statement at most: SQLite takes 500, and each number of them is a statement to prepare.
    private static let longestUnion = 60

    private func list(
        _ reader: Reader, of owner: String, parts: [String], outcomes: [DecisionOutcome], before: Position?, limit: Int, in tx: any ReadTransaction
    ) throws -> [DecisionRecord] {
        let shelves = parts.flatMap { part in outcomes.map { Shelf(reader: reader, owner: owner, part: part, outcome: $0) } }
        let found = try shelves.chunks(of: Self.longestUnion).flatMap { try newest(of: $0, before: before, limit: limit, in: tx) }
        guard shelves.count > Self.longestUnion else { return found }
        return Array(found.sorted { ($0.receivedAt, $0.requestID) > ($1.receivedAt, $1.requestID) }.prefix(limit))
    }

    /// Looks for the newest of each shelf in the index alone, and reads the records of those that are the newest of all.
    private func newest(of shelves: ArraySlice<Shelf>, before: Position?, limit: Int, in tx: any ReadTransaction) throws -> [DecisionRecord] {
        let milliseconds = before?.receivedAt.milliseconds ?? .max
        var sql = SQL.StringInterpolation(literalCapacity: 300 * shelves.count + 400, interpolationCount: 7 * shelves.count + 1)
        sql.appendLiteral("SELECT ")
        sql.appendInterpolation(columnsOf: DecisionRecord.self)
        sql.appendLiteral(" FROM decision_record WHERE request_id IN (SELECT request_id FROM (")
        for (index, shelf) in shelves.enumerated() {
            sql.appendLiteral(index == 0 ? "SELECT * FROM (" : " UNION ALL SELECT * FROM (")
            sql.appendLiteral("SELECT request_id, received_ms FROM decision_record WHERE ")
            sql.append(shelf)
            sql.appendLiteral(" AND received_ms <= ")
            sql.appendInterpolation(milliseconds)
            sql.appendLiteral(" AND (received_ms < ")
            sql.appendInterpolation(milliseconds)
            sql.appendLiteral(" OR request_id < ")
            sql.appendInterpolation(before?.requestID.rawValue ?? "")
            sql.appendLiteral(") ORDER BY received_ms DESC, request_id DESC LIMIT ")
            sql.appendInterpolation(limit)
            sql.appendLiteral(") AS shelf\(index)")
        }
        sql.appendLiteral(") AS found ORDER BY received_ms DESC, request_id DESC LIMIT ")
        sql.appendInterpolation(limit)
        sql.appendLiteral(") ORDER BY received_ms DESC, request_id DESC")
        return try tx.all(SQL(stringInterpolation: sql)).map(DecisionRecord.init)
    }

    /// The apps of an organisation, or the consents of a customer, that have records: each found by a step in the index, however many records it has.
    private func parts(_ reader: Reader, of owner: String, in tx: any ReadTransaction) throws -> [String] {
        var sql = SQL.StringInterpolation(literalCapacity: 400, interpolationCount: 2)
        sql.appendLiteral("WITH RECURSIVE part (id) AS (SELECT MIN(\(reader.part)) FROM decision_record WHERE \(reader.owner) = ")
        sql.appendInterpolation(owner)
        sql.appendLiteral(" UNION ALL SELECT (SELECT MIN(\(reader.part)) FROM decision_record WHERE \(reader.owner) = ")
        sql.appendInterpolation(owner)
        sql.appendLiteral(" AND \(reader.part) > part.id) FROM part WHERE part.id IS NOT NULL) SELECT id FROM part WHERE id IS NOT NULL")
        return try tx.all(SQL(stringInterpolation: sql)).map { try $0["id"] }
    }

    /// Who reads, by the first two columns of their index.
    fileprivate struct Reader {
        let owner: String
        let part: String

        static let developer = Reader(owner: "organisation_id", part: "app_id")
        static let customer = Reader(owner: "person_id", part: "consent_id")
    }

    /// The records of one reader under one app or consent that ended in one way: a stretch of the reader's index, in the order of time.
    fileprivate struct Shelf {
        let reader: Reader
        let owner: String
        let part: String
        let outcome: DecisionOutcome
    }
}

extension SQL.StringInterpolation {
    fileprivate mutating func append(_ shelf: DecisionRecords.Shelf) {
        appendLiteral("\(shelf.reader.owner) = ")
        appendInterpolation(shelf.owner)
        appendLiteral(" AND \(shelf.reader.part) = ")
        appendInterpolation(shelf.part)
        appendLiteral(" AND outcome = ")
        appendInterpolation(shelf.outcome)
    }
}

extension Array {
    /// Slices of at most so many elements.
    fileprivate func chunks(of size: Int) -> [ArraySlice<Element>] {
        stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
    }
}
