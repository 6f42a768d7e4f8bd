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

/// A call that waits for its unit.
struct QuotaWaiter: Sendable {
    let limit: Int
    let answer: CheckedContinuation<QuotaReservation, any Error>
}

/// What this node holds of one organisation's day.
struct QuotaHolding {
    /// Opened units that no call has: counted as used in the database.
    var ready = 0
    var lease: QuotaLease?
    /// Taken from the day by all nodes, this one's units included, as the last block's write told.
    var taken = 0
    var usedAt = ContinuousClock.now
    /// In the order in which they came, which is the order in which they are served.
    var waiters: [QuotaWaiter] = []
    /// Whether somebody serves those who wait: one write at a time.
    var isServed = false
    /// Which limit was found used up, and until when that is believed without asking again.
    var exhausted: (limit: Int, until: ContinuousClock.Instant)?

    /// Units of the day that are used, as this node knows.
    var used: Int { taken - ready - (lease?.sealed ?? 0) }

    /// Units can be opened for the first of those who wait.
    var canOpen: Bool { (lease?.sealed ?? 0) > 0 && used < (waiters.first?.limit ?? 0) }

    /// The answer to a call, if it needs no write.
    mutating func answer(limit: Int, of day: QuotaDay) -> QuotaReservation? {
        if ready > 0, used < limit {
            ready -= 1
            return .granted(QuotaUnit(organisationID: day.organisation, day: day.date, limit: limit, remaining: max(0, limit - used)))
        }
        guard let exhausted, limit <= exhausted.limit, ContinuousClock.now < exhausted.until else { return nil }
        return .exhausted(limit: limit)
    }

    /// - Returns: whether somebody has to be found who serves those who wait.
    mutating func add(_ waiter: QuotaWaiter) -> Bool {
        usedAt = .now
        waiters.append(waiter)
        defer { isServed = true }
        return !isServed
    }

    /// Answers those who wait, in their order, as far as that needs no write.
    mutating func answers(of day: QuotaDay) -> [QuotaAnswer] {
        var answers: [QuotaAnswer] = []
        for waiter in waiters {
            guard let answer = answer(limit: waiter.limit, of: day) else { break }
            answers.append(QuotaAnswer(to: waiter, .success(answer)))
        }
        waiters.removeFirst(answers.count)
        return answers
    }
}

/// What somebody who waited is told, outside the lock.
struct QuotaAnswer: Sendable {
    private let waiter: QuotaWaiter
    private let result: Result<QuotaReservation, any Error>

    init(to waiter: QuotaWaiter, _ result: Result<QuotaReservation, any Error>) {
        self.waiter = waiter
        self.result = result
    }

    func tell() { waiter.answer.resume(with: result) }
}
