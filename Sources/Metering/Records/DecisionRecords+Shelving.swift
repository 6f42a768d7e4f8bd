internal import Primitives
public import Storage

/// Puts records on their shelves, apart from writing them.
///
/// Records of many shelves come mixed, and each place on a shelf lies in a page of its own; of some thousand records of few apps many share one, and those of a
/// second share a row. Until then a record waits in `unshelved_bundle`, where lists and days find it too, in the slice of its app. What takes it out of there
/// commits together with its places: every snapshot holds it once, whenever it was committed, whichever node shelves it and whatever its clock says
/// (docs/decisions/0012-shelves.md).
extension DecisionRecords {
    public static var slices: Range<Int> { UnshelvedBundle.slices }

    /// How many calls wait, counted up to a bound or some more.
    public func unshelvedCount(atMost bound: Int, in tx: any ReadTransaction) throws -> Int {
        try tx.first("SELECT CAST(SUM(calls) AS BIGINT) AS count FROM (SELECT calls FROM unshelved_bundle LIMIT \(bound)) AS waiting")?["count"] ?? 0
    }

    func hasUnshelved(before moment: Timestamp, in tx: any ReadTransaction) throws -> Bool {
        try tx.first("SELECT request_id FROM unshelved_bundle WHERE received_ms < \(moment.milliseconds) LIMIT 1") != nil
    }

    /// Puts every record that waits on its shelves, and counts it into its day.
    /// - Returns: how many.
    public func shelveAll(in tx: any WriteTransaction) throws -> Int {
        try takeTurn(in: tx)
        return try UnshelvedBundle.move(.all, in: tx)
    }

    /// The same with the oldest of one slice.
    /// - Parameter limit: how many calls, up to the end of the bundle that it falls into: what a statement moves is bounded by them, however few rows they are.
    /// - Returns: how many; fewer than the limit when no more wait.
    public func shelve(slice: Int, limit: Int, in tx: any WriteTransaction) throws -> Int {
        try takeTurn(in: tx)
        let last = try tx.first(
            """
            SELECT MAX(request_id) AS request_id
            FROM (
                SELECT request_id, SUM(calls) OVER (ORDER BY request_id) - calls AS ahead
                FROM (SELECT request_id, calls FROM unshelved_bundle WHERE slice = \(slice) ORDER BY request_id LIMIT \(limit)) AS oldest
            ) AS counted
            WHERE ahead < \(limit)
            """)
        guard let last: RequestID = try last?["request_id"] else { return 0 }
        return try UnshelvedBundle.move(.slice(slice, upTo: last), in: tx)
    }

    /// Whether a node of the version before, which knows no bundles, has left something for the shelves.
    func hasOlder(in tx: any ReadTransaction) throws -> Bool { try tx.first("SELECT request_id FROM unshelved_decision LIMIT 1") != nil }

    /// Takes what such nodes have left, to be shelved with the rest: those that go on during an upgrade, or one that ran after it.
    /// - Returns: how many rows, at most `limit`.
    func takeOver(limit: Int, in tx: any WriteTransaction) throws -> Int {
        // They shelve in turns too.
        try takeTurn(in: tx)
        try tx.execute(
            """
            INSERT INTO unshelved_bundle (slice, request_id, received_ms, outcome, cost, organisation_id, app_id, person_id, consent_id)
            SELECT slice, request_id, received_ms, outcome, cost, organisation_id, app_id, person_id, consent_id FROM unshelved_decision LIMIT \(limit)
            """)
        // What was committed meanwhile is not among them, and stays.
        return try tx.execute("DELETE FROM unshelved_decision WHERE (slice, request_id) IN (SELECT slice, request_id FROM unshelved_bundle)")
    }

    /// Takes records that are gone off their shelves. They were the oldest, so that a row whose latest call is gone holds no other, unless of that very
    /// millisecond: those go next. A place whose record is gone is in no list.
    /// - Parameter gone: by what they have in common, when the latest of them came.
    func unshelve(_ gone: [UnshelvedBundle.Kind: Timestamp], in tx: any WriteTransaction) throws {
        for reader in DecisionShelf.Reader.allCases {
            var moments: [DecisionShelf: ClosedRange<Timestamp>] = [:]
            for (kind, latest) in gone {
                guard let shelf = DecisionShelf(of: reader, kind) else { continue }
                let known = moments[shelf] ?? latest...latest
                moments[shelf] = min(known.lowerBound, CallBundle.start(ofSecond: kind.second))...max(known.upperBound, latest)
            }
            for (shelf, moments) in moments {
                try tx.execute(
                    """
                    DELETE FROM \(shelf)
                    AND received_ms >= \(moments.lowerBound.milliseconds) AND received_ms <= \(moments.upperBound.milliseconds)
                    """)
            }
        }
    }

    /// Lets one transaction at a time change the shelves: two that took the same records would wait for each other in the middle.
    func takeTurn(in tx: any WriteTransaction) throws { try tx.execute("UPDATE shelving_turn SET turn = turn + 1") }
}

extension UnshelvedBundle {
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
        static func onShelf(of reader: DecisionShelf.Reader, on engine: Engine) -> Placing {
            let shelf = "\(reader.owner), \(reader.part), outcome"
            return Placing(
                text: """
                    INTO \(reader.table) (\(shelf), received_ms, request_id, calls, places)
                    SELECT \(shelf), MAX(received_ms) AS latest, MAX(request_id) AS greatest, SUM(calls), \(CallBundle.placesTogether(on: engine))
                    FROM taken
                    WHERE \(reader.owner) IS NOT NULL AND \(reader.part) IS NOT NULL
                    GROUP BY \(shelf), \(CallBundle.second)
                    ORDER BY \(shelf), latest, greatest
                    """)
        }

        /// A call of nobody we know counts for nobody.
        static let intoDays = Placing(
            text: """
                INTO usage_day (organisation_id, day, app_id, allowed, refused, failed, cost)
                SELECT organisation_id, received_ms / 86400000 AS day, app_id, SUM(CASE outcome WHEN 'allowed' THEN calls ELSE 0 END),
                    SUM(CASE outcome WHEN 'refused' THEN calls ELSE 0 END), SUM(CASE outcome WHEN 'failed' THEN calls ELSE 0 END), SUM(cost)
                FROM taken
                WHERE organisation_id IS NOT NULL AND app_id IS NOT NULL
                GROUP BY organisation_id, received_ms / 86400000, app_id
                ORDER BY organisation_id, day, app_id
                ON CONFLICT (organisation_id, day, app_id) DO UPDATE
                SET allowed = usage_day.allowed + excluded.allowed, refused = usage_day.refused + excluded.refused,
                    failed = usage_day.failed + excluded.failed, cost = usage_day.cost + excluded.cost
                """)

        static func all(on engine: Engine) -> [Placing] { DecisionShelf.Reader.allCases.map { onShelf(of: $0, on: engine) } + [intoDays] }
    }

    /// Takes some out of waiting, puts them on their shelves and counts them into their days.
    /// - Returns: how many calls they were.
    static func move(_ selection: Selection, in tx: any WriteTransaction) throws -> Int {
        switch tx.engine {
        case .sqlite:
            // Nobody else writes meanwhile, so that each statement finds the same. One that may be undone by itself keeps each page that it changes in memory:
            // `OR FAIL` leaves that to the transaction, which a failure ends anyway.
            let count: Int? = try tx.first("SELECT SUM(calls) AS count FROM unshelved_bundle WHERE \(selection)")?["count"]
            for placing in Placing.all(on: .sqlite) {
                try tx.execute(
                    """
                    WITH taken AS (SELECT \(columnsOf: UnshelvedBundle.self) FROM unshelved_bundle WHERE \(selection))
                    INSERT OR FAIL \(placing)
                    """)
            }
            try tx.execute("DELETE FROM unshelved_bundle WHERE \(selection)")
            return count ?? 0
        case .postgres:
            // A second statement would find what others committed after the first: the one that takes them places them.
            let row = try tx.first(
                """
                WITH taken AS (DELETE FROM unshelved_bundle WHERE \(selection) RETURNING \(columnsOf: UnshelvedBundle.self)),
                    \(named: Placing.all(on: .postgres))
                SELECT CAST(SUM(calls) AS BIGINT) AS count FROM taken
                """)
            return try row?["count"] ?? 0
        }
    }
}

extension SQL.StringInterpolation {
    fileprivate mutating func appendInterpolation(_ selection: UnshelvedBundle.Selection) {
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

    fileprivate mutating func appendInterpolation(_ placing: UnshelvedBundle.Placing) { appendLiteral(placing.text) }

    fileprivate mutating func appendInterpolation(named placings: [UnshelvedBundle.Placing]) {
        appendLiteral(placings.enumerated().map { "placing\($0) AS (INSERT \($1.text))" }.joined(separator: ", "))
    }
}
