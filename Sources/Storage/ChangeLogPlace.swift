/// How far a feed has read the change log, and which ids below that it has not seen.
struct ChangeLogPlace: Sendable {
    /// The largest id seen.
    private(set) var last: Int64
    /// Its row, where it was seen. While that is in the log, nothing behind it was purged, for the smallest ids go first; and the database is the one that was
    /// read, not a state of before, which hands out the same ids again.
    private var lastRow: (topic: String, key: String)?
    /// Ids below `last` that were not there, each with the time until which it is looked for.
    private(set) var missing: [Int64: ContinuousClock.Instant]
    /// Until then what more was missing than is looked for may still be committed.
    private var isIncompleteUntil: ContinuousClock.Instant?

    /// How long an id may stay uncommitted: longer than any transaction of the program runs. What stays away was rolled back.
    static let patience = Duration.seconds(60)
    /// How far below the first id seen a transaction may still be open when the feed starts.
    private static let reach: Int64 = 500
    /// More missing ids than this are not looked for one by one. A purge leaves as many of the newest: at 300 changes a second of all nodes together, what
    /// commits as late as `patience` allows is still among them.
    static let missingLimit: Int64 = 20_000
    /// Rows per statement.
    fileprivate static let page = 2_000

    struct Found: Sendable {
        var place: ChangeLogPlace
        var changes: [Change] = []
        /// Too much was or is missing to look for: some changes may never be told.
        var hasLostTrack = false
    }

    /// - Parameter place: `nil` for the first look, which begins a little before the end of the log.
    static func look(from place: ChangeLogPlace?, at now: ContinuousClock.Instant, in tx: any ReadTransaction) throws -> Found {
        var found = Found(place: try place ?? beginning(in: tx))
        try found.lookForMissing(at: now, in: tx)
        while try found.lookFurther(at: now, in: tx) {}
        if found.place.isIncomplete(at: now) { found.hasLostTrack = true }
        return found
    }

    private static func beginning(in tx: any ReadTransaction) throws -> ChangeLogPlace {
        let last: Int64? = try tx.first("SELECT MAX(id) AS last FROM change_log")?["last"]
        return ChangeLogPlace(last: max(0, (last ?? 0) - reach))
    }

    private init(last: Int64) { (self.last, missing) = (last, [:]) }

    /// - Parameter first: the first row from `last` on that the log has.
    /// - Returns: `false` when the row that was seen last is gone, or is another one.
    fileprivate func isReached(by first: Row?) throws -> Bool {
        guard let lastRow else { return true }
        guard let first, try first["id"] == last else { return false }
        return try first["topic"] == lastRow.topic && first["key"] == lastRow.key
    }

    /// Begins again where the log ends, or where it was read to when it goes on from there.
    fileprivate mutating func goBack(in tx: any ReadTransaction) throws {
        last = min(last, try Self.beginning(in: tx).last)
        lastRow = nil
    }

    private func isIncomplete(at now: ContinuousClock.Instant) -> Bool { isIncompleteUntil.map { now < $0 } ?? false }

    /// Moves on to a row further up, or stays at the last one.
    fileprivate mutating func pass(_ row: Row, at now: ContinuousClock.Instant, rememberingGaps: Bool) throws {
        let id: Int64 = try row["id"]
        if rememberingGaps, id > last + 1 {
            // Of a log that was empty so far, ids far below were purged, not skipped.
            let first = max(last + 1, id - (last == 0 ? Self.reach : Self.missingLimit))
            let isComplete = Int64(missing.count) + (id - first) <= Self.missingLimit && (last == 0 || first == last + 1)
            if !isComplete { isIncompleteUntil = now + Self.patience }
            for skipped in first..<id { missing[skipped] = now + Self.patience }
        }
        last = id
        lastRow = (try row["topic"], try row["key"])
    }

    fileprivate mutating func found(_ id: Int64) { missing[id] = nil }

    fileprivate mutating func giveUp(at now: ContinuousClock.Instant) { missing = missing.filter { $0.value > now } }
}

extension ChangeLogPlace.Found {
    fileprivate mutating func lookForMissing(at now: ContinuousClock.Instant, in tx: any ReadTransaction) throws {
        let wanted = place.missing.keys.sorted()
        for start in stride(from: 0, to: wanted.count, by: 500) {
            let some = Array(wanted[start..<min(start + 500, wanted.count)])
            for row in try tx.all("SELECT id, topic, key FROM change_log WHERE id IN \(list: some) ORDER BY id") {
                place.found(try row["id"])
                try append(row)
            }
        }
        place.giveUp(at: now)
    }

    /// - Returns: whether there may be more.
    fileprivate mutating func lookFurther(at now: ContinuousClock.Instant, in tx: any ReadTransaction) throws -> Bool {
        let page = ChangeLogPlace.page
        let rows = try tx.all("SELECT id, topic, key FROM change_log WHERE id >= \(place.last) ORDER BY id LIMIT \(page)")
        guard try place.isReached(by: rows.first) else {
            hasLostTrack = true
            try place.goBack(in: tx)
            return true
        }
        // SQLite has one writer, so its ids appear in order.
        let gapsMatter = tx.engine == .postgres
        for row in rows {
            let isNew = try row["id"] > place.last
            try place.pass(row, at: now, rememberingGaps: gapsMatter)
            if isNew { try append(row) }
        }
        return rows.count == page
    }

    /// A topic of a newer version of the program is nothing that this one caches.
    private mutating func append(_ row: Row) throws {
        let topic: String = try row["topic"]
        if let topic = ChangeTopic(rawValue: topic) { changes.append(Change(topic: topic, key: try row["key"])) }
    }
}
