internal import Primitives
internal import Storage

/// The days and leases of the daily quota. `quota_day.leased` is what was taken, `quota_lease.sealed` what of it can still come back.
struct QuotaDays: Sendable {
    /// A block that is asked for.
    struct Order: Sendable {
        let day: QuotaDay
        let limit: Int
        /// Units that calls wait for.
        let waiting: Int
        /// The lease before, of which nothing is left.
        let spent: Int64?
        /// Calls without a limit that were not written before.
        var counted: Int
    }

    struct Block: Sendable {
        let opened: Int
        /// `nil` when all of the block is opened at once.
        let lease: QuotaLease?
        /// Taken from the day, this block included.
        let taken: Int
    }

    enum Outcome: Sendable {
        case block(Block)
        /// - Parameters:
        ///   - taken: from the day by all nodes.
        ///   - mayComeBack: whether other nodes may have open units, or just gave some back.
        ///   - isSealed: whether there are leases from which units can be taken back.
        case full(taken: Int, mayComeBack: Bool, isSealed: Bool)
    }

    /// How long a node that opened units is believed to be there.
    static let lease = Duration.seconds(5)
    /// Units of a block at most, beside those that calls wait for.
    private static let largestBlock = 32

    /// Takes a block: one conditional write decides between all nodes. Blocks shrink with the day's rest: the last units are taken one by one.
    func take(_ order: Order, at now: Timestamp, in tx: any WriteTransaction) throws -> Outcome {
        try endLeases(of: order.day.organisation, spent: order.spent, at: now, in: tx)
        try begin(order.day, in: tx)
        try add(order.counted, to: order.day.organisation, order.day.date.daysSinceEpoch, in: tx)
        if let block = try takeBlock(order, at: now, in: tx) { return .block(block) }
        return try full(order, in: tx)
    }

    /// Takes back what is sealed in the leases of a full day, and a block of it. A transaction of its own: `take` has locked the day's row, and whoever gives
    /// a lease back locks the lease before the day.
    func takeBack(_ order: Order, at now: Timestamp, in tx: any WriteTransaction) throws -> Outcome {
        if try unseal(order.day, in: tx), let block = try takeBlock(order, at: now, in: tx) { return .block(block) }
        return try full(order, in: tx)
    }

    private func takeBlock(_ order: Order, at now: Timestamp, in tx: any WriteTransaction) throws -> Block? {
        let day = order.day
        let largest = max(Self.largestBlock, order.waiting)
        try tx.execute(
            """
            UPDATE quota_day
            SET last_lease = CASE WHEN \(order.limit) - leased < \(order.waiting) THEN \(order.limit) - leased
                                  WHEN (\(order.limit) - leased) / 32 < \(order.waiting) THEN \(order.waiting)
                                  WHEN (\(order.limit) - leased) / 32 > \(largest) THEN \(largest)
                                  ELSE (\(order.limit) - leased) / 32 END
            WHERE organisation_id = \(day.organisation) AND day = \(day.date.daysSinceEpoch) AND leased < \(order.limit)
            """)
        let row = try tx.first(
            """
            UPDATE quota_day
            SET leased = leased + last_lease
            WHERE organisation_id = \(day.organisation) AND day = \(day.date.daysSinceEpoch) AND leased < \(order.limit)
            RETURNING leased, last_lease
            """)
        guard let row else { return nil }
        let size: Int = try row["last_lease"]
        let opened = min(size, order.waiting)
        let lease = size > opened ? try insert(sealed: size - opened, opened: opened, of: day, at: now, in: tx) : nil
        return Block(opened: opened, lease: lease, taken: try row["leased"])
    }

    /// Opens units of a lease and renews it.
    /// - Returns: `false` when other nodes took them back.
    func open(_ units: Int, of lease: QuotaLease, at now: Timestamp, in tx: any WriteTransaction) throws -> Bool {
        try tx.execute(
            """
            UPDATE quota_lease
            SET sealed = sealed - \(units), opened = opened + \(units), expires_at = \(now + Self.lease)
            WHERE id = \(lease.id) AND sealed >= \(units)
            """) == 1
    }

    func giveBack(_ units: QuotaReturn, in tx: any WriteTransaction) throws {
        var returned = units.isRepeated ? 0 : units.ready
        if let lease = units.lease, let row = try tx.first("DELETE FROM quota_lease WHERE id = \(lease.id) RETURNING sealed, opened") {
            let (sealed, opened): (Int, Int) = (try row["sealed"], try row["opened"])
            returned = units.ready + sealed + opened - lease.opened
        }
        try add(-returned, to: units.day.organisation, units.day.date.daysSinceEpoch, in: tx)
    }

    /// Adds calls without a limit, in one order, so that two nodes that count for the same organisations wait for each other instead of in a circle.
    func count(_ calls: [QuotaDay: Int], in tx: any WriteTransaction) throws {
        let rows = calls.sorted { $0.key < $1.key }.map { [$0.key.organisation.sqlValue, $0.key.date.daysSinceEpoch.sqlValue, $0.value.sqlValue, 0.sqlValue] }
        try tx.insert(rows, by: Self.counting)
    }

    private static let counting = SQL.Insertion(
        into: "quota_day", columns: ["organisation_id", "day", "leased", "last_lease"],
        ending: "ON CONFLICT (organisation_id, day) DO UPDATE SET leased = quota_day.leased + excluded.leased")

    func used(_ day: QuotaDay, in tx: any ReadTransaction) throws -> Int {
        let row = try tx.first(
            """
            SELECT leased, (SELECT COALESCE(SUM(sealed), 0) FROM quota_lease
                            WHERE organisation_id = \(day.organisation) AND day = \(day.date.daysSinceEpoch)) AS sealed
            FROM quota_day
            WHERE organisation_id = \(day.organisation) AND day = \(day.date.daysSinceEpoch)
            """)
        guard let row else { return 0 }
        let (leased, sealed): (Int, Int) = (try row["leased"], try row["sealed"])
        return leased - sealed
    }

    /// Forgets the days before one, which nobody can draw from any more; what was called on them stays in `usage_day`.
    /// - Returns: how many of their rows, at most `limit` of a kind.
    func purge(before day: CivilDate, limit: Int, in tx: any WriteTransaction) throws -> Int {
        let leases = try tx.execute(
            "DELETE FROM quota_lease WHERE id IN (SELECT id FROM quota_lease WHERE day < \(day.daysSinceEpoch) ORDER BY day LIMIT \(limit))")
        let days = try tx.execute(
            """
            DELETE FROM quota_day
            WHERE (organisation_id, day) IN (
                SELECT organisation_id, day FROM quota_day WHERE day < \(day.daysSinceEpoch) ORDER BY day LIMIT \(limit))
            """)
        return max(leases, days)
    }

    // MARK: Taking back

    /// Ends the leases of nodes that have opened nothing for long. A lease that ends much later than any made now was made by a clock that runs ahead.
    private func endLeases(of organisation: OrganisationID, spent: Int64?, at now: Timestamp, in tx: any WriteTransaction) throws {
        let ended = try tx.all(
            """
            DELETE FROM quota_lease
            WHERE organisation_id = \(organisation) AND (id = \(spent) OR expires_at < \(now) OR expires_at > \(now + Self.lease + Self.lease))
            RETURNING day, sealed
            """)
        let units = try ended.map { (day: try $0["day"] as Int64, sealed: try $0["sealed"] as Int) }
        for lease in units.sorted(by: { $0.day < $1.day }) { try add(-lease.sealed, to: organisation, lease.day, in: tx) }
    }

    /// Takes back what is sealed in the day's leases. The rows stay, as a sign that their nodes may have open units.
    /// - Returns: whether there was any.
    private func unseal(_ day: QuotaDay, in tx: any WriteTransaction) throws -> Bool {
        let leases = try tx.all(
            """
            SELECT id, sealed
            FROM quota_lease
            WHERE organisation_id = \(day.organisation) AND day = \(day.date.daysSinceEpoch) AND sealed > 0
            ORDER BY id
            """)
        var units = 0
        for lease in leases {
            let (id, sealed): (Int64, Int) = (try lease["id"], try lease["sealed"])
            // Its node may have opened some since the row was read.
            if try tx.execute("UPDATE quota_lease SET sealed = 0 WHERE id = \(id) AND sealed = \(sealed)") == 1 { units += sealed }
        }
        try add(-units, to: day.organisation, day.date.daysSinceEpoch, in: tx)
        return units > 0
    }

    /// One statement, so that units which come back at this moment are seen in one place or the other.
    private func full(_ order: Order, in tx: any WriteTransaction) throws -> Outcome {
        let day = order.day
        let row = try tx.first(
            """
            SELECT leased, (SELECT COUNT(*) FROM quota_lease
                            WHERE organisation_id = \(day.organisation) AND day = \(day.date.daysSinceEpoch)) AS leases,
                   (SELECT COUNT(*) FROM quota_lease
                    WHERE organisation_id = \(day.organisation) AND day = \(day.date.daysSinceEpoch) AND sealed > 0) AS sealed
            FROM quota_day
            WHERE organisation_id = \(day.organisation) AND day = \(day.date.daysSinceEpoch)
            """)
        let (taken, leases, sealed): (Int, Int, Int) = (try row?["leased"] ?? 0, try row?["leases"] ?? 0, try row?["sealed"] ?? 0)
        return .full(taken: taken, mayComeBack: leases > 0 || taken < order.limit, isSealed: sealed > 0)
    }

    // MARK: Rows

    private func begin(_ day: QuotaDay, in tx: any WriteTransaction) throws {
        try tx.execute(
            """
            INSERT INTO quota_day (organisation_id, day, leased, last_lease) VALUES (\(day.organisation), \(day.date.daysSinceEpoch), 0, 0)
            ON CONFLICT (organisation_id, day) DO NOTHING
            """)
    }

    private func insert(sealed: Int, opened: Int, of day: QuotaDay, at now: Timestamp, in tx: any WriteTransaction) throws -> QuotaLease? {
        let row = try tx.first(
            """
            INSERT INTO quota_lease (organisation_id, day, sealed, opened, expires_at)
            VALUES (\(day.organisation), \(day.date.daysSinceEpoch), \(sealed), \(opened), \(now + Self.lease))
            RETURNING id
            """)
        return try row.map { QuotaLease(id: try $0["id"], sealed: sealed, opened: opened) }
    }

    private func add(_ units: Int, to organisation: OrganisationID, _ day: Int64, in tx: any WriteTransaction) throws {
        guard units != 0 else { return }
        try tx.execute("UPDATE quota_day SET leased = leased + \(units) WHERE organisation_id = \(organisation) AND day = \(day)")
    }
}
