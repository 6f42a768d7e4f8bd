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
    var holdings: [OrganisationID: QuotaHolding] = [:]
    /// Calls without a limit that are not written yet.
    var counts: [QuotaDay: Int] = [:]
    var leftovers: [QuotaReturn] = []

    /// Puts another day's units aside.
    mutating func turn(to day: QuotaDay) {
        guard let holding = holdings[day.organisation], holding.date != day.date else { return }
        putAside(holding, of: day.organisation)
        holdings[day.organisation] = nil
    }

    mutating func giveBack(_ day: QuotaDay) {
        guard holdings[day.organisation]?.date == day.date else { return leftovers.append(QuotaReturn(day: day, lease: nil, ready: 1)) }
        holdings[day.organisation]?.ready += 1
        holdings[day.organisation]?.exhausted = nil
    }

    func ready(of day: QuotaDay) -> Int {
        let held = holdings[day.organisation].flatMap { $0.date == day.date ? $0.ready : nil } ?? 0
        return held + leftovers.filter { $0.day == day }.reduce(0) { $0 + $1.ready }
    }

    mutating func takeIdle(before moment: ContinuousClock.Instant) -> [QuotaReturn] {
        for (organisation, holding) in holdings where holding.usedAt <= moment && holding.write == nil {
            putAside(holding, of: organisation)
            holdings[organisation] = nil
        }
        defer { leftovers = [] }
        return leftovers.sorted { $0.day < $1.day }
    }

    mutating func takeCounts() -> [QuotaDay: Int] {
        defer { counts = [:] }
        return counts.filter { $0.value != 0 }
    }

    private mutating func putAside(_ holding: QuotaHolding, of organisation: OrganisationID) {
        guard holding.ready > 0 || holding.lease != nil else { return }
        leftovers.append(QuotaReturn(day: QuotaDay(organisation: organisation, date: holding.date), lease: holding.lease, ready: holding.ready))
    }

    // MARK: Opening

    mutating func beginOpening(_ day: QuotaDay) -> (lease: QuotaLease, units: Int)? {
        change(day) { holding in
            guard let lease = holding.lease, lease.sealed > 0 else {
                holding.endWrite()
                return nil
            }
            return (lease, min(lease.sealed, max(1, holding.waiting)))
        } ?? nil
    }

    /// - Parameter units: what was opened; `nil` when other nodes had taken too much back.
    mutating func endOpening(_ day: QuotaDay, _ lease: QuotaLease, units: Int?) {
        _ = change(day) { holding in
            holding.endWrite()
            guard holding.lease?.id == lease.id else { return }
            guard let units else {
                holding.lease?.sealed = 0
                return
            }
            holding.lease?.sealed -= units
            holding.lease?.opened += units
            holding.ready += units
        }
    }

    mutating func abandon(_ day: QuotaDay, _ lease: QuotaLease) {
        let isHeld = change(day) { holding in
            holding.endWrite()
            guard holding.lease?.id == lease.id else { return false }
            holding.lease = nil
            return true
        }
        // A day that turned meanwhile has put its lease aside itself.
        if isHeld == true { leftovers.append(QuotaReturn(day: day, lease: lease, ready: 0)) }
    }

    // MARK: Taking

    /// - Returns: `nil` when nothing is wanted any more.
    mutating func beginTaking(_ day: QuotaDay, limit: Int) -> QuotaDays.Order? {
        let order: QuotaDays.Order?? = change(day) { holding in
            // A unit that came back meanwhile, unless a smaller plan forbids it.
            guard holding.ready == 0 || holding.used >= limit else {
                holding.endWrite()
                return nil
            }
            return QuotaDays.Order(day: day, limit: limit, waiting: max(1, holding.waiting), spent: holding.lease?.id, counted: 0)
        }
        guard var order = order ?? nil else { return nil }
        order.counted = counts.removeValue(forKey: day) ?? 0
        return order
    }

    mutating func failTaking(_ order: QuotaDays.Order) {
        restoreCount(order)
        _ = change(order.day) { $0.endWrite() }
    }

    /// What was counted is written, and no lease is left.
    mutating func keepWaiting(_ order: QuotaDays.Order) {
        _ = change(order.day) { $0.lease = nil }
    }

    mutating func endTaking(_ order: QuotaDays.Order, _ outcome: QuotaDays.Outcome, exhaustedUntil: ContinuousClock.Instant) {
        let kept: Void? = change(order.day) { holding in
            holding.endWrite()
            holding.lease = nil
            switch outcome {
            case .block(let block):
                holding.ready += block.opened
                holding.lease = block.lease
                holding.taken = block.taken
                holding.exhausted = nil
            case .full(let taken, _):
                holding.taken = taken
                holding.exhausted = (order.limit, exhaustedUntil)
            }
        }
        // The day turned while the block was under way.
        if kept == nil, case .block(let block) = outcome {
            leftovers.append(QuotaReturn(day: order.day, lease: block.lease, ready: block.opened))
        }
    }

    private mutating func restoreCount(_ order: QuotaDays.Order) {
        if order.counted != 0 { counts[order.day, default: 0] += order.counted }
    }

    /// Changes the holding if it is still of this day.
    private mutating func change<Result>(_ day: QuotaDay, _ body: (inout QuotaHolding) -> Result) -> Result? {
        guard var holding = holdings[day.organisation], holding.date == day.date else { return nil }
        defer { holdings[day.organisation] = holding }
        return body(&holding)
    }
}
