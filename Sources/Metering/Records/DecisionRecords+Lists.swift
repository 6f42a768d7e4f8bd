public import Primitives
public import Storage

/// Records as people read them, the newest first: an organisation its own, a customer those about them.
///
/// Records stand on shelves, one for each app or consent and outcome, so that a few refused calls among a million allowed ones are found at once; a list that
/// spans several shelves is put together from the newest of each. The newest of all wait for their shelves, and are looked through: what came in ten seconds.
/// A row holds the calls of a second, so a list looks for the seconds that it reaches back to, reads what is in them, and then the records of one page.
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
        /// Since the moment asked about, to the second, counted up to the bound asked for.
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
                sql.appendLiteral(") AS last_ms, (SELECT CAST(SUM(calls) AS BIGINT) FROM (SELECT calls FROM ")
                sql.appendInterpolation(shelf)
                sql.appendLiteral(" AND received_ms > ")
                sql.appendInterpolation(moment.milliseconds)
                sql.appendLiteral(" LIMIT ")
                sql.appendInterpolation(bound)
                sql.appendLiteral(") AS since) AS uses")
            }
            for row in try tx.all(SQL(stringInterpolation: sql)) {
                guard let last: Int64 = try row["last_ms"] else { continue }
                let shelved = Use(last: Timestamp(milliseconds: last), count: try row["uses"] ?? 0)
                let id: ConsentID = try row["consent_id"]
                uses[id] = uses[id].map { Use(last: max($0.last, shelved.last), count: $0.count + shelved.count) } ?? shelved
            }
        }
        return uses.mapValues { Use(last: $0.last, count: min($0.count, bound)) }
    }

    private func unshelvedUses(of personID: PersonID, since moment: Timestamp, in tx: any ReadTransaction) throws -> [ConsentID: Use] {
        let rows = try tx.all(
            """
            SELECT consent_id, MAX(received_ms) AS last_ms,
                CAST(SUM(CASE WHEN received_ms > \(moment.milliseconds) THEN calls ELSE 0 END) AS BIGINT) AS uses
            FROM unshelved_bundle
            WHERE person_id = \(personID) AND consent_id IS NOT NULL AND outcome = \(DecisionOutcome.allowed)
            GROUP BY consent_id
            """)
        return try Dictionary(
            uniqueKeysWithValues: rows.map { (try $0["consent_id"], Use(last: Timestamp(milliseconds: try $0["last_ms"]), count: try $0["uses"])) })
    }

    // MARK: Shelves

    /// So many parts of one statement at most: SQLite takes 500, and each number of them is a statement to prepare.
    static let longestUnion = 60

    private func list(_ wanted: Wanted, before: Position?, limit: Int, in tx: any ReadTransaction) throws -> [DecisionRecord] {
        let parts = try wanted.part.map { [$0] } ?? parts(wanted.reader, of: wanted.owner, in: tx)
        let outcomes = wanted.outcome.map { [$0] } ?? DecisionOutcome.allCases
        let shelves = parts.flatMap { part in
            outcomes.map { Place.shelf(DecisionShelf(reader: wanted.reader, owner: wanted.owner, part: part, outcome: $0)) }
        }
        let places = [.unshelved(wanted)] + shelves
        let first = try firstSecond(of: places, before: before, limit: limit, in: tx)
        let calls = try calls(in: places, from: first, before: before, in: tx).sorted(by: >).prefix(limit)
        let found = try find(calls.map(\.requestID), in: tx)
        return calls.compactMap { found[$0.requestID] }
    }

    /// The start of the second that a list reaches back to. The second of the position itself may hold none that is before it.
    private func firstSecond(of places: [Place], before: Position?, limit: Int, in tx: any ReadTransaction) throws -> Timestamp {
        let end = before.map { CallBundle.start(ofSecond: CallBundle.second(of: $0.receivedAt)) }
        let bundles = try union(of: places, newest: limit, in: tx) { sql, place in
            sql.appendLiteral("SELECT received_ms, calls FROM ")
            sql.append(place)
            sql.append(receivedBefore: end)
            sql.appendLiteral(" ORDER BY received_ms DESC LIMIT ")
            sql.appendInterpolation(limit)
        }
        var missing = limit
        for (moment, calls) in try bundles.map({ (try $0["received_ms"] as Int64, try $0["calls"] as Int) }).sorted(by: { $0.0 > $1.0 }) {
            missing -= calls
            if missing <= 0 { return CallBundle.start(ofSecond: CallBundle.second(of: Timestamp(milliseconds: moment))) }
        }
        return Timestamp(milliseconds: 0)
    }

    private func calls(in places: [Place], from first: Timestamp, before: Position?, in tx: any ReadTransaction) throws -> [CallBundle.Call] {
        let end = before.map { CallBundle.start(ofSecond: CallBundle.second(of: $0.receivedAt) + 1) }
        let bundles = try union(of: places, in: tx) { sql, place in
            sql.appendLiteral("SELECT received_ms, request_id, places FROM ")
            sql.append(place)
            sql.appendLiteral(" AND received_ms >= ")
            sql.appendInterpolation(first.milliseconds)
            sql.append(receivedBefore: end)
        }
        let calls = try bundles.flatMap(CallBundle.calls)
        guard let before else { return calls }
        let position = CallBundle.Call(receivedAt: before.receivedAt, requestID: before.requestID)
        return calls.filter { $0 < position }
    }

    /// What a query finds in each place, in few statements.
    /// - Parameter limit: so many rows of each statement at most, the newest.
    private func union(
        of places: [Place], newest limit: Int? = nil, in tx: any ReadTransaction, _ query: (inout SQL.StringInterpolation, Place) -> Void
    ) throws -> [Row] {
        try places.chunks(of: Self.longestUnion).flatMap { places in
            var sql = SQL.StringInterpolation(literalCapacity: 300 * places.count, interpolationCount: 6 * places.count)
            sql.appendLiteral("SELECT * FROM (")
            for (index, place) in places.enumerated() {
                sql.appendLiteral("\(index > 0 ? " UNION ALL " : "")SELECT * FROM (")
                query(&sql, place)
                sql.appendLiteral(") AS place\(index)")
            }
            sql.appendLiteral(") AS found")
            if let limit {
                sql.appendLiteral(" ORDER BY received_ms DESC LIMIT ")
                sql.appendInterpolation(limit)
            }
            return try tx.all(SQL(stringInterpolation: sql))
        }
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

    /// Where calls of a list are found.
    fileprivate enum Place {
        case shelf(DecisionShelf)
        case unshelved(Wanted)
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
    /// `FROM` it.
    fileprivate mutating func append(_ place: DecisionRecords.Place) {
        switch place {
        case .shelf(let shelf): appendInterpolation(shelf)
        case .unshelved(let wanted):
            appendLiteral("unshelved_bundle WHERE ")
            append(wanted)
        }
    }

    private mutating func append(_ wanted: DecisionRecords.Wanted) {
        // An app's wait in one slice.
        if wanted.reader == .developer, let part = wanted.part {
            appendLiteral("slice = ")
            appendInterpolation(UnshelvedBundle.slice(ofApp: AppID(trusted: part)))
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

    fileprivate mutating func append(receivedBefore end: Timestamp?) {
        guard let end else { return }
        appendLiteral(" AND received_ms < ")
        appendInterpolation(end.milliseconds)
    }
}

extension Array {
    /// Slices of at most so many elements.
    func chunks(of size: Int) -> [ArraySlice<Element>] {
        stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
    }
}
