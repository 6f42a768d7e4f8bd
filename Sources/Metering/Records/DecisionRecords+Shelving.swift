internal import Primitives
public import Storage

/// Puts records on their shelves, apart from writing them.
///
/// Records of many shelves come mixed, and each place on a shelf lies in a page of its own; of some thousand records of few apps many share one. Until then a
/// record waits in `unshelved_decision`, where lists and days find it too, in the slice of its app. What takes it out of there commits together with its places: every snapshot holds it once,
/// whenever it was committed, whichever node shelves it and whatever its clock says (docs/decisions/0012-shelves.md).
extension DecisionRecords {
    public static var slices: Range<Int> { UnshelvedDecision.slices }

    /// How many records wait, counted up to a bound.
    public func unshelvedCount(atMost bound: Int, in tx: any ReadTransaction) throws -> Int {
        try tx.first("SELECT COUNT(*) AS count FROM (SELECT 1 FROM unshelved_decision LIMIT \(bound)) AS waiting")?["count"] ?? 0
    }

    func hasUnshelved(before moment: Timestamp, in tx: any ReadTransaction) throws -> Bool {
        try tx.first("SELECT request_id FROM unshelved_decision WHERE received_ms < \(moment.milliseconds) LIMIT 1") != nil
    }

    /// Puts every record that waits on its shelves, and counts it into its day.
    /// - Returns: how many.
    public func shelveAll(in tx: any WriteTransaction) throws -> Int {
        try takeTurn(in: tx)
        return try UnshelvedDecision.move(.all, in: tx)
    }

    /// The same with the oldest of one slice.
    /// - Returns: how many, `limit` or fewer, or a few more that were committed meanwhile.
    public func shelve(slice: Int, limit: Int, in tx: any WriteTransaction) throws -> Int {
        try takeTurn(in: tx)
        let last = try tx.first(
            """
            SELECT MAX(request_id) AS request_id
            FROM (SELECT request_id FROM unshelved_decision WHERE slice = \(slice) ORDER BY request_id LIMIT \(limit)) AS oldest
            """)
        guard let last: RequestID = try last?["request_id"] else { return 0 }
        return try UnshelvedDecision.move(.slice(slice, upTo: last), in: tx)
    }

    /// Takes records that are gone off their shelves.
    func unshelve(_ decisions: [UnshelvedDecision], in tx: any WriteTransaction) throws {
        let places = DecisionShelf.Reader.allCases.flatMap { reader in decisions.compactMap { $0.place(for: reader) } }
        for (shelf, places) in Dictionary(grouping: places, by: \.shelf) {
            let milliseconds = places.map(\.milliseconds)
            try tx.execute(
                """
                DELETE FROM \(shelf) AND received_ms >= \(milliseconds.min()) AND received_ms <= \(milliseconds.max())
                    AND request_id IN \(list: places.map(\.requestID))
                """)
        }
    }

    /// Lets one transaction at a time change the shelves: two that took the same records would wait for each other in the middle.
    func takeTurn(in tx: any WriteTransaction) throws { try tx.execute("UPDATE shelving_turn SET turn = turn + 1") }
}

extension UnshelvedDecision {
    /// Some of those that wait.
    enum Selection {
        case all
        case slice(Int, upTo: RequestID)
        case before(Timestamp)
    }

    /// What follows `INSERT` in a statement that puts what `taken` holds in its place. The thousands never come here: they move within the database.
    fileprivate struct Placing {
        let text: String

        /// In the order of the shelves, so that what lies together is written together.
        static let onShelves = DecisionShelf.Reader.allCases.map { reader in
            let columns = "\(reader.owner), \(reader.part), outcome, received_ms, request_id"
            return Placing(
                text: """
                    INTO \(reader.table) (\(columns))
                    SELECT \(columns) FROM taken WHERE \(reader.owner) IS NOT NULL AND \(reader.part) IS NOT NULL ORDER BY \(columns)
                    """)
        }

        /// A call of nobody we know counts for nobody.
        static let intoDays = Placing(
            text: """
                INTO usage_day (organisation_id, day, app_id, allowed, refused, failed, cost)
                SELECT organisation_id, received_ms / 86400000 AS day, app_id, COUNT(CASE WHEN outcome = 'allowed' THEN 1 END),
                    COUNT(CASE WHEN outcome = 'refused' THEN 1 END), COUNT(CASE WHEN outcome = 'failed' THEN 1 END), SUM(cost)
                FROM taken
                WHERE organisation_id IS NOT NULL AND app_id IS NOT NULL
                GROUP BY organisation_id, received_ms / 86400000, app_id
                ORDER BY organisation_id, day, app_id
                ON CONFLICT (organisation_id, day, app_id) DO UPDATE
                SET allowed = usage_day.allowed + excluded.allowed, refused = usage_day.refused + excluded.refused,
                    failed = usage_day.failed + excluded.failed, cost = usage_day.cost + excluded.cost
                """)

        static let all = onShelves + [intoDays]
    }

    /// Takes some out of waiting, puts them on their shelves and counts them into their days.
    /// - Returns: how many.
    static func move(_ selection: Selection, in tx: any WriteTransaction) throws -> Int {
        switch tx.engine {
        case .sqlite:
            // Nobody else writes meanwhile, so that each statement finds the same. One that may be undone by itself keeps each page that it changes in memory:
            // `OR FAIL` leaves that to the transaction, which a failure ends anyway.
            for placing in Placing.all {
                try tx.execute(
                    """
                    WITH taken AS (SELECT \(columnsOf: UnshelvedDecision.self) FROM unshelved_decision WHERE \(selection))
                    INSERT OR FAIL \(placing)
                    """)
            }
            return try tx.execute("DELETE FROM unshelved_decision WHERE \(selection)")
        case .postgres:
            // A second statement would find what others committed after the first: the one that takes them places them.
            let row = try tx.first(
                """
                WITH taken AS (DELETE FROM unshelved_decision WHERE \(selection) RETURNING \(columnsOf: UnshelvedDecision.self)),
                    \(named: Placing.all)
                SELECT COUNT(*) AS count FROM taken
                """)
            return try row?["count"] ?? 0
        }
    }
}

extension SQL.StringInterpolation {
    fileprivate mutating func appendInterpolation(_ selection: UnshelvedDecision.Selection) {
        switch selection {
        case .all:
            appendLiteral("TRUE")
        case .slice(let slice, let last):
            appendLiteral("slice = ")
            appendInterpolation(slice)
            appendLiteral(" AND request_id <= ")
            appendInterpolation(last)
        case .before(let moment):
            appendLiteral("received_ms < ")
            appendInterpolation(moment.milliseconds)
        }
    }

    fileprivate mutating func appendInterpolation(_ placing: UnshelvedDecision.Placing) { appendLiteral(placing.text) }

    fileprivate mutating func appendInterpolation(named placings: [UnshelvedDecision.Placing]) {
        appendLiteral(placings.enumerated().map { "placing\($0) AS (INSERT \($1.text))" }.joined(separator: ", "))
    }
}
