public import Primitives
public import Storage

/// Records as people read them, the newest first: an organisation its own, a customer those about them.
///
/// Records stand on shelves, one for each app or consent and outcome, so that a few refused calls among a million allowed ones are found at once; a list that
/// spans several shelves is put together from the newest of each. The newest of all wait for their shelves, and are looked through: what came in ten seconds.
extension DecisionRecords {
    /// A place in a list, newest first: the list goes on behind it.
    public struct Position: Hashable, Sendable {
        public let receivedAt: Timestamp
        public let requestID: RequestID

        public init(receivedAt: Timestamp, requestID: RequestID) {
            self.receivedAt = receivedAt
            self.requestID = requestID
        }

        public init(after record: DecisionRecord) { self.init(receivedAt: record.receivedAt, requestID: record.requestID) }
    }

    /// Narrows an organisation's list; what is `nil` does not.
    public struct Filter: Hashable, Sendable {
        public var appID: AppID?
        public var outcome: DecisionOutcome?

        public init(appID: AppID? = nil, outcome: DecisionOutcome? = nil) {
            self.appID = appID
            self.outcome = outcome
        }
    }

    /// How often an app used a consent with success.
    public struct Use: Hashable, Sendable {
        public let last: Timestamp
        /// Since the moment asked about, counted up to the bound asked for.
        public let count: Int
    }

    /// An organisation's calls.
    public func list(
        ofOrganisation organisationID: OrganisationID, filter: Filter = Filter(), before: Position? = nil, limit: Int, in tx: any ReadTransaction
    ) throws -> [DecisionRecord] {
        let wanted = Wanted(reader: .developer, owner: organisationID.rawValue, part: filter.appID?.rawValue, outcome: filter.outcome)
        return try list(wanted, before: before, limit: limit, in: tx)
    }

    /// The calls about a customer, under one consent or under all.
    public func list(
        ofPerson personID: PersonID, consent: ConsentID? = nil, before: Position? = nil, limit: Int, in tx: any ReadTransaction
    ) throws -> [DecisionRecord] {
        let wanted = Wanted(reader: .customer, owner: personID.rawValue, part: consent?.rawValue, outcome: nil)
        return try list(wanted, before: before, limit: limit, in: tx)
    }

    /// Which of a customer's consents were used with success: when last, and how often since a moment, counted up to a bound.
    public func uses(
        ofConsents ids: [ConsentID], of personID: PersonID, since moment: Timestamp, atMost bound: Int, in tx: any ReadTransaction
    ) throws -> [ConsentID: Use] {
        var uses = try unshelvedUses(of: personID, since: moment, in: tx).filter { ids.contains($0.key) }
        for chunk in ids.chunks(of: Self.longestUnion) {
            var sql = SQL.StringInterpolation(literalCapacity: 400 * chunk.count, interpolationCount: 9 * chunk.count)
            for (index, id) in chunk.enumerated() {
                let shelf = DecisionShelf(reader: .customer, owner: personID.rawValue, part: id.rawValue, outcome: .allowed)
                sql.appendLiteral(index == 0 ? "SELECT " : " UNION ALL SELECT ")
                sql.appendInterpolation(id)
                sql.appendLiteral(" AS consent_id, (SELECT MAX(received_ms) FROM ")
                sql.appendInterpolation(shelf)
                sql.appendLiteral(") AS last_ms, (SELECT COUNT(*) FROM (SELECT 1 FROM ")
                sql.appendInterpolation(shelf)
                sql.appendLiteral(" AND received_ms > ")
                sql.appendInterpolation(moment.milliseconds)
                sql.appendLiteral(" LIMIT ")
                sql.appendInterpolation(bound)
                sql.appendLiteral(") AS since) AS uses")
            }
            for row in try tx.all(SQL(stringInterpolation: sql)) {
                guard let last: Int64 = try row["last_ms"] else { continue }
                let shelved = Use(last: Timestamp(milliseconds: last), count: try row["uses"])
                let id: ConsentID = try row["consent_id"]
                uses[id] = uses[id].map { Use(last: max($0.last, shelved.last), count: $0.count + shelved.count) } ?? shelved
            }
        }
        return uses.mapValues { Use(last: $0.last, count: min($0.count, bound)) }
    }

    private func unshelvedUses(of personID: PersonID, since moment: Timestamp, in tx: any ReadTransaction) throws -> [ConsentID: Use] {
        let rows = try tx.all(
            """
            SELECT consent_id, MAX(received_ms) AS last_ms, COUNT(CASE WHEN received_ms > \(moment.milliseconds) THEN 1 END) AS uses
            FROM unshelved_decision
            WHERE person_id = \(personID) AND consent_id IS NOT NULL AND outcome = \(DecisionOutcome.allowed)
            GROUP BY consent_id
            """)
        return try Dictionary(
            uniqueKeysWithValues: rows.map { (try $0["consent_id"], Use(last: Timestamp(milliseconds: try $0["last_ms"]), count: try $0["uses"])) })
    }

    // MARK: Shelves

    /// So many parts of one statement at most: SQLite takes 500, and each number of them is a statement to prepare.
    private static let longestUnion = 60

    private func list(_ wanted: Wanted, before: Position?, limit: Int, in tx: any ReadTransaction) throws -> [DecisionRecord] {
        let parts = try wanted.part.map { [$0] } ?? parts(wanted.reader, of: wanted.owner, in: tx)
        let outcomes = wanted.outcome.map { [$0] } ?? DecisionOutcome.allCases
        let shelves = parts.flatMap { part in
            outcomes.map { DecisionShelf(reader: wanted.reader, owner: wanted.owner, part: part, outcome: $0) }
        }
        guard shelves.count > Self.longestUnion else { return try newest(of: shelves[...], and: wanted, before: before, limit: limit, in: tx) }
        let found = try shelves.chunks(of: Self.longestUnion).enumerated().flatMap { index, shelves in
            try newest(of: shelves, and: index == 0 ? wanted : nil, before: before, limit: limit, in: tx)
        }
        return Array(found.sorted { ($0.receivedAt, $0.requestID) > ($1.receivedAt, $1.requestID) }.prefix(limit))
    }

    /// Looks for the newest of each shelf, and of what waits for shelves, and reads the records of those that are the newest of all.
    private func newest(
        of shelves: ArraySlice<DecisionShelf>, and unshelved: Wanted?, before: Position?, limit: Int, in tx: any ReadTransaction
    ) throws -> [DecisionRecord] {
        var sql = SQL.StringInterpolation(literalCapacity: 300 * shelves.count + 800, interpolationCount: 7 * shelves.count + 8)
        sql.appendLiteral("SELECT ")
        sql.appendInterpolation(columnsOf: DecisionRecord.self)
        sql.appendLiteral(" FROM decision_record WHERE request_id IN (SELECT request_id FROM (")
        var separator = ""
        for (index, shelf) in shelves.enumerated() {
            sql.appendLiteral("\(separator)SELECT * FROM (SELECT request_id, received_ms FROM ")
            sql.appendInterpolation(shelf)
            sql.append(newestBefore: before, limit: limit)
            sql.appendLiteral(") AS shelf\(index)")
            separator = " UNION ALL "
        }
        if let unshelved {
            sql.appendLiteral("\(separator)SELECT * FROM (SELECT request_id, received_ms FROM unshelved_decision WHERE ")
            sql.append(unshelved)
            sql.append(newestBefore: before, limit: limit)
            sql.appendLiteral(") AS unshelved")
        }
        sql.appendLiteral(") AS found ORDER BY received_ms DESC, request_id DESC LIMIT ")
        sql.appendInterpolation(limit)
        sql.appendLiteral(") ORDER BY received_ms DESC, request_id DESC")
        return try tx.all(SQL(stringInterpolation: sql)).map(DecisionRecord.init)
    }

    /// The apps of an organisation, or the consents of a customer, that have shelves: each found by a step, however many records stand there.
    private func parts(_ reader: DecisionShelf.Reader, of owner: String, in tx: any ReadTransaction) throws -> [String] {
        var sql = SQL.StringInterpolation(literalCapacity: 400, interpolationCount: 2)
        sql.appendLiteral("WITH RECURSIVE part (id) AS (SELECT MIN(\(reader.part)) FROM \(reader.table) WHERE \(reader.owner) = ")
        sql.appendInterpolation(owner)
        sql.appendLiteral(" UNION ALL SELECT (SELECT MIN(\(reader.part)) FROM \(reader.table) WHERE \(reader.owner) = ")
        sql.appendInterpolation(owner)
        sql.appendLiteral(" AND \(reader.part) > part.id) FROM part WHERE part.id IS NOT NULL) SELECT id FROM part WHERE id IS NOT NULL")
        return try tx.all(SQL(stringInterpolation: sql)).map { try $0["id"] }
    }

    /// Whose records a list is to hold; what is `nil` does not narrow it.
    fileprivate struct Wanted {
        let reader: DecisionShelf.Reader
        let owner: String
        let part: String?
        let outcome: DecisionOutcome?
    }
}

extension SQL.StringInterpolation {
    fileprivate mutating func append(_ wanted: DecisionRecords.Wanted) {
        // An app's wait in one slice.
        if wanted.reader == .developer, let part = wanted.part {
            appendLiteral("slice = ")
            appendInterpolation(UnshelvedDecision.slice(ofApp: AppID(trusted: part)))
            appendLiteral(" AND ")
        }
        appendLiteral("\(wanted.reader.owner) = ")
        appendInterpolation(wanted.owner)
        if let part = wanted.part {
            appendLiteral(" AND \(wanted.reader.part) = ")
            appendInterpolation(part)
        } else {
            appendLiteral(" AND \(wanted.reader.part) IS NOT NULL")
        }
        if let outcome = wanted.outcome {
            appendLiteral(" AND outcome = ")
            appendInterpolation(outcome)
        }
    }

    fileprivate mutating func append(newestBefore position: DecisionRecords.Position?, limit: Int) {
        let milliseconds = position?.receivedAt.milliseconds ?? .max
        appendLiteral(" AND received_ms <= ")
        appendInterpolation(milliseconds)
        appendLiteral(" AND (received_ms < ")
        appendInterpolation(milliseconds)
        appendLiteral(" OR request_id < ")
        appendInterpolation(position?.requestID.rawValue ?? "")
        appendLiteral(") ORDER BY received_ms DESC, request_id DESC LIMIT ")
        appendInterpolation(limit)
    }
}

extension Array {
    /// Slices of at most so many elements.
    fileprivate func chunks(of size: Int) -> [ArraySlice<Element>] {
        stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
    }
}
