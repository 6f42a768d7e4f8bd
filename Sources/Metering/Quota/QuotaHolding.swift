internal import Primitives

/// One organisation's UTC day. Transactions that change several go through them in this order, so that none waits for another in a ring.
struct QuotaDay: Hashable, Comparable, Sendable {
    let organisation: OrganisationID
    let date: CivilDate

    static func < (lhs: QuotaDay, rhs: QuotaDay) -> Bool {
        (lhs.organisation.rawValue, lhs.date.daysSinceEpoch) < (rhs.organisation.rawValue, rhs.date.daysSinceEpoch)
    }
}

/// Units that a node took from a day and has not opened, as it knows: the row in `quota_lease` decides, and other nodes may have taken some back.
struct QuotaLease: Hashable, Sendable {
    let id: Int64
    var sealed: Int
    /// Units that were opened so far.
    var opened: Int
}

/// What this node holds of one organisation's day.
struct QuotaHolding {
    let date: CivilDate
    /// Opened units that no call has: counted as used in the database.
    var ready = 0
    var lease: QuotaLease?
    /// Taken from the day by all nodes, this one's units included, as the last block's write told.
    var taken = 0
    var usedAt = ContinuousClock.now
    /// The write under way, which calls without a unit wait for.
    var write: Task<Void, any Error>?
    /// Calls that wait for it.
    var waiting = 0
    /// Which limit was found used up, and until when that is believed without asking again.
    var exhausted: (limit: Int, until: ContinuousClock.Instant)?

    init(date: CivilDate) { self.date = date }

    /// Units of the day that are used, as this node knows.
    var used: Int { taken - ready - (lease?.sealed ?? 0) }

    func canOpen(limit: Int) -> Bool { (lease?.sealed ?? 0) > 0 && used < limit }

    func isExhausted(limit: Int) -> Bool { exhausted.map { limit <= $0.limit && ContinuousClock.now < $0.until } ?? false }

    mutating func handOut(limit: Int) -> Bool {
        guard ready > 0, used < limit else { return false }
        ready -= 1
        return true
    }

    /// Everyone who waited asks again.
    mutating func endWrite() {
        write = nil
        waiting = 0
    }
}
