public import Logging
public import Primitives
public import Storage
internal import Synchronization

/// One call's unit of its organisation's day.
public struct QuotaUnit: Hashable, Sendable {
    public let organisationID: OrganisationID
    public let day: CivilDate
    /// `nil` without a limit.
    public let limit: Int?
    /// What is left of the day as this node knows it.
    public let remaining: Int?
}

public enum QuotaReservation: Hashable, Sendable {
    case granted(QuotaUnit)
    /// Every unit of the day is taken.
    case exhausted(limit: Int)
}

/// The daily quota: exact per organisation and UTC day over every node.
///
/// A node takes units from the day in blocks, each by one conditional write that cannot go beyond the limit. A block is a lease: its units stay sealed until
/// the node opens some for calls that wait, by a conditional write to the lease's own row that all of them share, and only opened units are handed out. When
/// the day is full, whoever needs units takes back what is sealed in other leases, of live nodes and dead ones alike; opened units, which their node may have
/// handed out, stay counted until it gives them back. No clock decides between two nodes, the row does (docs/decisions/0009-daily-quota.md).
///
/// Without a limit there is nothing to decide: calls are counted in memory and added to the day every two seconds.
public final class Quotas: Sendable {
    private let database: any Database
    private let clock: any WallClock
    private let logger: Logger
    /// How long a call waits for units that other nodes have opened: they use them, or give them back, or their leases run out.
    private let patience: Duration
    private let state = Mutex(QuotaState())
    private let days = QuotaDays()

    /// How long a used-up day is believed to stay so: an upgrade on another node, or a unit that it gave back, is seen after this.
    private static let exhaustionTrust = Duration.milliseconds(500)
    private static let idle = Duration.milliseconds(500)
    private static let pause = Duration.milliseconds(100)
    /// Turns of the loop that looks for idle blocks, a quarter of a second each, between two writes of what was counted.
    private static let turnsPerCount = 8

    public init(database: any Database, clock: any WallClock, logger: Logger, patience: Duration = .milliseconds(1500)) {
        self.database = database
        self.clock = clock
        self.logger = logger
        self.patience = patience
    }

    /// Takes one unit where there is no limit.
    public func count(organisation: OrganisationID, at now: Timestamp) -> QuotaUnit {
        let day = QuotaDay(organisation: organisation, date: now.date)
        state.withLock { $0.count(day, 1) }
        return QuotaUnit(organisationID: organisation, day: day.date, limit: nil, remaining: nil)
    }

    /// Takes one unit.
    /// - Parameters:
    ///   - limit: units per day; `nil` counts without a limit.
    ///   - now: when the call came, which is the day that it counts on.
    /// - Throws: storage failures; nothing is granted then.
    public func reserve(organisation: OrganisationID, limit: Int?, at now: Timestamp) async throws -> QuotaReservation {
        guard let limit else { return .granted(count(organisation: organisation, at: now)) }
        let day = QuotaDay(organisation: organisation, date: now.date)
        if let answer = state.withLock({ $0.answer(day, limit: limit) }) { return answer }
        return try await withCheckedThrowingContinuation { continuation in
            let isFirst = state.withLock { $0.add(QuotaWaiter(limit: limit, answer: continuation), day) }
            if isFirst { Task { await serve(day) } }
        }
    }

    /// Returns a unit whose call was refused after all, or that we or the bank behind us failed.
    public func giveBack(_ unit: QuotaUnit) async {
        let day = QuotaDay(organisation: unit.organisationID, date: unit.day)
        state.withLock { unit.limit == nil ? $0.count(day, -1) : $0.giveBack(day) }
    }

    /// Units used on a day. What other nodes have opened for calls of this moment counts as used.
    public func used(organisation: OrganisationID, day: CivilDate) async throws -> Int {
        let day = QuotaDay(organisation: organisation, date: day)
        let taken = try await database.read { [days] in try days.used(day, in: $0) }
        return max(0, taken + state.withLock { $0.counted(day) - $0.ready(of: day) })
    }

    /// Forgets the leases and counts of days that are over everywhere, and a week more.
    /// - Returns: how many rows, at most `limit` of a kind.
    @discardableResult
    public static func purge(at now: Timestamp, limit: Int = 1000, in tx: any WriteTransaction) throws -> Int {
        try QuotaDays().purge(before: now.date.adding(days: -7), limit: limit, in: tx)
    }

    /// Gives back what has not been used lately and writes what was counted, until cancelled, and everything then.
    public func run() async {
        var turn = 0
        while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(250))  // ends early only by cancellation, which the loop looks at
            turn += 1
            await returnUnspent(idleFor: Self.idle)
            if turn.isMultiple(of: Self.turnsPerCount) { await writeCounts() }
        }
        await Task {
            await returnUnspent(idleFor: .zero)
            await writeCounts()
        }.value
    }

    /// Gives back blocks that no call has used for this long.
    public func returnUnspent(idleFor idle: Duration) async {
        let returns = state.withLock { $0.takeIdle(before: .now - idle) }
        guard !returns.isEmpty else { return }
        do {
            try await database.write { [days] tx in for item in returns { try days.giveBack(item, in: tx) } }
        } catch {
            // A commit whose answer is lost may have happened, and nothing is given back twice.
            state.withLock { $0.leftovers += error.isUndecided ? returns.compactMap(\.repeated) : returns }
            logger.error("quota units could not be given back", metadata: ["error": "\(error)"])
        }
    }

    /// Adds calls without a limit to their days.
    public func writeCounts() async {
        let counts = state.withLock { $0.takeCounts() }
        guard !counts.isEmpty else { return }
        do {
            try await database.write { [days] in try days.count(counts, in: $0) }
        } catch {
            // Calls are rather not counted than twice.
            if !error.isUndecided { state.withLock { $0.restoreCounts(counts) } }
            logger.error(
                "calls without a limit could not be counted",
                metadata: ["calls": "\(counts.values.reduce(0, +))", "tried_again": "\(!error.isUndecided)", "error": "\(error)"])
        }
    }

    // MARK: The writes: one at a time per organisation and day

    /// Serves those who wait until nobody does.
    private func serve(_ day: QuotaDay) async {
        var fullSince: ContinuousClock.Instant?
        while true {
            let (answers, write) = state.withLock { $0.next(day) }
            for answer in answers { answer.tell() }
            switch write {
            case .open(let lease, let units): await open(units, of: lease, day)
            case .take(let order): await take(order, fullSince: &fullSince)
            case nil: return
            }
        }
    }

    private func open(_ units: Int, of lease: QuotaLease, _ day: QuotaDay) async {
        do {
            let isOurs = try await database.write { [days, clock] in try days.open(units, of: lease, at: clock.now, in: $0) }
            state.withLock { $0.endOpening(day, units: isOurs ? units : nil) }
        } catch {
            let answers = state.withLock { $0.failOpening(day, lease, error) }
            for answer in answers { answer.tell() }
        }
    }

    /// Takes a block from the day; where others hold its last units, waits for them a while.
    private func take(_ order: QuotaDays.Order, fullSince: inout ContinuousClock.Instant?) async {
        var order = order
        do {
            var outcome = try await database.write { [days, clock, order] in try days.take(order, at: clock.now, in: $0) }
            order.counted = 0
            if case .full(_, _, isSealed: true) = outcome {
                outcome = try await database.write { [days, clock, order] in try days.takeBack(order, at: clock.now, in: $0) }
            }
            switch outcome {
            case .block(let block):
                // A few units that came back are no reason for the others to wait longer.
                if block.opened >= order.waiting { fullSince = nil }
                state.withLock { $0.endTaking(order.day, block) }
            case .full(let taken, let mayComeBack, _):
                let since = fullSince ?? .now
                fullSince = since
                let isWaitedFor = mayComeBack && .now - since < patience
                state.withLock { $0.endTaking(order, foundFull: taken, exhaustedUntil: isWaitedFor ? nil : .now + Self.exhaustionTrust) }
                if isWaitedFor { try? await Task.sleep(for: Self.pause) }  // nobody cancels this task
            }
        } catch {
            if error.isUndecided { order.counted = 0 }
            let answers = state.withLock { [order] in $0.failTaking(order, error) }
            for answer in answers { answer.tell() }
        }
    }
}

extension Error {
    /// Whether what was written may be there all the same.
    fileprivate var isUndecided: Bool {
        if case .undecided? = self as? StorageError { true } else { false }
    }
}
