internal import Primitives

/// Units on their way back to their day.
struct QuotaReturn: Sendable {
    let day: QuotaDay
    /// What is sealed in the lease's row returns with them, and what was opened without this node's knowing.
    let lease: QuotaLease?
    /// Opened units that were not handed out.
    var ready: Int
    /// An earlier attempt may have succeeded. It deleted the lease's row then, so a row that is still there says that it did not.
    var isRepeated = false

    /// The next attempt after one whose outcome is not known. Without a lease nothing tells whether it succeeded, and the units stay counted.
    var repeated: QuotaReturn? { lease == nil ? nil : QuotaReturn(day: day, lease: lease, ready: ready, isRepeated: true) }
}

/// Everything that this node holds and owes.
struct QuotaState {
    /// A write that those who wait need.
    enum Write: Sendable {
        /// Opens units of the lease.
        case open(QuotaLease, units: Int)
        /// Takes a block from the day.
        case take(QuotaDays.Order)
    }

    /// About midnight an organisation has two.
    private var holdings: [QuotaDay: QuotaHolding] = [:]
    /// Calls without a limit that are not written yet.
    private var counts: [QuotaDay: Int] = [:]
    var leftovers: [QuotaReturn] = []

    mutating func count(_ day: QuotaDay, _ calls: Int) { counts[day, default: 0] += calls }

    func counted(_ day: QuotaDay) -> Int { counts[day] ?? 0 }

    /// The answer to a call, if nobody waits before it and it needs no write.
    mutating func answer(_ day: QuotaDay, limit: Int) -> QuotaReservation? {
        var holding = holdings[day] ?? QuotaHolding()
        defer { holdings[day] = holding }
        holding.usedAt = .now
        return holding.waiters.isEmpty ? holding.answer(limit: limit, of: day) : nil
    }

    /// - Returns: whether somebody has to be found who serves those who wait.
    mutating func add(_ waiter: QuotaWaiter, _ day: QuotaDay) -> Bool {
        // In its place: a copy would copy all who wait.
        holdings[day, default: QuotaHolding()].add(waiter)
    }

    mutating func giveBack(_ day: QuotaDay) {
        // A holding that has not learnt how much of the day is used would hand it out as the first of all.
        guard let holding = holdings[day], holding.taken > 0 else { return leftovers.append(QuotaReturn(day: day, lease: nil, ready: 1)) }
        holdings[day]?.ready += 1
        holdings[day]?.exhausted = nil
    }

    func ready(of day: QuotaDay) -> Int {
        (holdings[day]?.ready ?? 0) + leftovers.filter { $0.day == day }.reduce(0) { $0 + $1.ready }
    }

    mutating func takeIdle(before moment: ContinuousClock.Instant) -> [QuotaReturn] {
        for (day, holding) in holdings where holding.usedAt <= moment && !holding.isServed {
            holdings[day] = nil
            if holding.ready > 0 || holding.lease != nil { leftovers.append(QuotaReturn(day: day, lease: holding.lease, ready: holding.ready)) }
        }
        defer { leftovers = [] }
        return leftovers.sorted { $0.day < $1.day }
    }

    mutating func takeCounts() -> [QuotaDay: Int] {
        defer { counts = [:] }
        return counts.filter { $0.value != 0 }
    }

    mutating func restoreCounts(_ taken: [QuotaDay: Int]) { counts.merge(taken, uniquingKeysWith: +) }

    // MARK: Serving those who wait

    /// Answers whom it can, and tells which write the others need; `nil` when nobody waits any more, and nobody serves them then.
    mutating func next(_ day: QuotaDay) -> (answers: [QuotaAnswer], write: Write?) {
        guard var holding = holdings[day] else { return ([], nil) }
        defer { holdings[day] = holding }
        let answers = holding.answers(of: day)
        guard let first = holding.waiters.first else {
            holding.isServed = false
            return (answers, nil)
        }
        let waiting = holding.waiters.count
        if let lease = holding.lease, holding.canOpen { return (answers, .open(lease, units: min(lease.sealed, waiting))) }
        let counted = counts.removeValue(forKey: day) ?? 0
        return (answers, .take(QuotaDays.Order(day: day, limit: first.limit, waiting: waiting, spent: holding.lease?.id, counted: counted)))
    }

    /// - Parameter units: what was opened; `nil` when other nodes had taken too much back.
    mutating func endOpening(_ day: QuotaDay, units: Int?) {
        guard let units else {
            holdings[day]?.lease?.sealed = 0
            return
        }
        holdings[day]?.lease?.sealed -= units
        holdings[day]?.lease?.opened += units
        holdings[day]?.ready += units
    }

    /// Whether the units are open is not known: the lease is given back, and its row will tell.
    mutating func failOpening(_ day: QuotaDay, _ lease: QuotaLease, _ error: any Error) -> [QuotaAnswer] {
        holdings[day]?.lease = nil
        leftovers.append(QuotaReturn(day: day, lease: lease, ready: 0))
        return refuse(day, error)
    }

    /// No lease of before is left.
    mutating func endTaking(_ day: QuotaDay, _ block: QuotaDays.Block) {
        holdings[day]?.ready += block.opened
        holdings[day]?.lease = block.lease
        holdings[day]?.taken = block.taken
        holdings[day]?.exhausted = nil
    }

    /// - Parameter exhaustedUntil: `nil` when those who wait go on waiting for units that other nodes may give back.
    mutating func endTaking(_ order: QuotaDays.Order, foundFull taken: Int, exhaustedUntil: ContinuousClock.Instant?) {
        holdings[order.day]?.lease = nil
        holdings[order.day]?.taken = taken
        holdings[order.day]?.exhausted = exhaustedUntil.map { (order.limit, $0) }
    }

    mutating func failTaking(_ order: QuotaDays.Order, _ error: any Error) -> [QuotaAnswer] {
        if order.counted != 0 { count(order.day, order.counted) }
        return refuse(order.day, error)
    }

    /// All who wait: who came beside a write that failed would wait as long for the next one.
    private mutating func refuse(_ day: QuotaDay, _ error: any Error) -> [QuotaAnswer] {
        let waiters = holdings[day]?.waiters ?? []
        holdings[day]?.waiters = []
        return waiters.map { QuotaAnswer(to: $0, .failure(error)) }
    }
}
