package import Logging
package import Primitives
package import Storage
internal import Synchronization

/// One call's unit of its organisation's day.
package struct QuotaUnit: Hashable, Sendable {
    package let organisationID: OrganisationID
    package let day: CivilDate
    /// `nil` without a limit.
    package let limit: Int?
    /// What is left of the day as this node knows it.
    package let remaining: Int?
}

package enum QuotaReservation: Hashable, Sendable {
    case granted(QuotaUnit)
    /// Every unit of the day is taken.
    case exhausted(limit: Int)
}

/// The daily quota: exact per organisation and UTC day over every node.
///
/// A node takes units from the database in blocks, each by one conditional write that cannot go beyond the limit, and hands them out from memory, so that most
/// calls wait for nothing. Blocks shrink as the day's rest shrinks: the last units are taken one by one. A crash loses the rest of its block, and never grants
/// a unit twice; an idle block is given back.
package final class Quotas: Sendable {
    fileprivate struct Entry {
        var day: CivilDate
        /// Units of the block that are not handed out yet.
        var unspent = 0
        /// Taken from the day by all nodes, this one's unspent units included, as the last block's write told.
        var leased: Int64 = 0
        var usedAt: ContinuousClock.Instant
        var lease: Task<Void, any Error>?
        /// Which limit was found used up, and until when that is believed without asking again.
        var exhausted: (limit: Int64, until: ContinuousClock.Instant)?
    }

    fileprivate struct State {
        var entries: [OrganisationID: Entry] = [:]
        /// Unspent units of days that are over.
        var leftovers: [(organisation: OrganisationID, day: CivilDate, units: Int)] = []
    }

    private enum Step {
        case answer(QuotaReservation)
        case wait(Task<Void, any Error>)
    }

    private let database: any Database
    private let logger: Logger
    private let state = Mutex(State())

    /// How long a used-up day is believed to stay so: an upgrade on another node, or a unit that it gave back, is seen after this.
    private static let exhaustionTrust = Duration.seconds(1)
    private static let idle = Duration.seconds(2)
    /// Stands for no limit, and is never reached.
    private static let boundless: Int64 = 1 << 53

    package init(database: any Database, logger: Logger) {
        self.database = database
        self.logger = logger
    }

    /// Takes one unit.
    /// - Parameter limit: units per day; `nil` counts without a limit.
    /// - Throws: storage failures; nothing is granted then.
    package func reserve(organisation: OrganisationID, limit: Int?, at now: Timestamp) async throws -> QuotaReservation {
        while true {
            switch state.withLock({ step(organisation, limit: limit, day: now.date, in: &$0) }) {
            case .answer(let reservation): return reservation
            case .wait(let lease): try await lease.value
            }
        }
    }

    /// Returns a unit whose call the bank behind us failed.
    package func giveBack(_ unit: QuotaUnit) async {
        let isBack = state.withLock { state in
            guard state.entries[unit.organisationID]?.day == unit.day else { return false }
            state.entries[unit.organisationID]?.unspent += 1
            state.entries[unit.organisationID]?.exhausted = nil
            return true
        }
        if !isBack { state.withLock { $0.leftovers.append((unit.organisationID, unit.day, 1)) } }
    }

    /// Units used on a day. Blocks that other nodes hold count as used until they give the rest back, at most some seconds.
    package func used(organisation: OrganisationID, day: CivilDate) async throws -> Int {
        let leased = try await database.read { tx in
            let row = try tx.first("SELECT leased FROM quota_day WHERE organisation_id = \(organisation) AND day = \(day.daysSinceEpoch)")
            return try row.map { try $0["leased"] as Int } ?? 0
        }
        let unspent = state.withLock { state in
            let entry = state.entries[organisation].flatMap { $0.day == day ? $0.unspent : nil } ?? 0
            return entry + state.leftovers.filter { $0.organisation == organisation && $0.day == day }.reduce(0) { $0 + $1.units }
        }
        return max(0, leased - unspent)
    }

    /// Gives back what has not been used lately, once a second until cancelled, and everything then.
    package func run() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(1))  // ends early only by cancellation, which the loop looks at
            await returnUnspent(idleFor: Self.idle)
        }
        await Task { await returnUnspent(idleFor: .zero) }.value
    }

    /// Gives back blocks that no call has used for this long. What the database does not take is kept for the next attempt.
    package func returnUnspent(idleFor idle: Duration) async {
        let returns = state.withLock { $0.takeIdle(before: .now - idle) }
        for (index, item) in returns.enumerated() {
            do {
                try await database.write { tx in
                    try tx.execute(
                        """
                        UPDATE quota_day SET leased = leased - \(item.units)
                        WHERE organisation_id = \(item.organisation) AND day = \(item.day.daysSinceEpoch) AND leased >= \(item.units)
                        """)
                }
            } catch {
                state.withLock { $0.leftovers += returns[index...] }
                return logger.error("quota units could not be given back", metadata: ["error": "\(error)"])
            }
        }
    }

    // MARK: Inside the lock

    private func step(_ organisation: OrganisationID, limit: Int?, day: CivilDate, in state: inout State) -> Step {
        let bound = limit.map(Int64.init) ?? Self.boundless
        let now = ContinuousClock.now
        var entry = state.entries[organisation] ?? Entry(day: day, usedAt: now)
        if entry.day != day {
            if entry.unspent > 0 { state.leftovers.append((organisation, entry.day, entry.unspent)) }
            entry = Entry(day: day, usedAt: now)
        }
        defer { state.entries[organisation] = entry }
        entry.usedAt = now
        if entry.unspent > 0 {
            entry.unspent -= 1
            let used = entry.leased - Int64(entry.unspent)
            return .answer(.granted(QuotaUnit(organisationID: organisation, day: day, limit: limit, remaining: limit.map { max(0, $0 - Int(used)) })))
        }
        if let exhausted = entry.exhausted, let limit, exhausted.limit >= bound, now < exhausted.until { return .answer(.exhausted(limit: limit)) }
        entry.exhausted = nil
        if let lease = entry.lease { return .wait(lease) }
        let lease = Task { try await self.lease(organisation, bound: bound, day: day) }
        entry.lease = lease
        return .wait(lease)
    }

    /// Takes a block: one conditional write, which decides between all nodes.
    private func lease(_ organisation: OrganisationID, bound: Int64, day: CivilDate) async throws {
        let largest: Int64 = bound == Self.boundless ? 512 : 32
        do {
            let block = try await database.write { tx -> (leased: Int64, size: Int)? in
                try tx.execute(
                    """
                    INSERT INTO quota_day (organisation_id, day, leased, last_lease) VALUES (\(organisation), \(day.daysSinceEpoch), 0, 0)
                    ON CONFLICT (organisation_id, day) DO NOTHING
                    """)
                let row = try tx.first(
                    """
                    UPDATE quota_day
                    SET leased = leased + CASE WHEN (\(bound) - leased) / 32 > \(largest) THEN \(largest)
                                               WHEN (\(bound) - leased) / 32 < 1 THEN 1
                                               ELSE (\(bound) - leased) / 32 END,
                        last_lease = CASE WHEN (\(bound) - leased) / 32 > \(largest) THEN \(largest)
                                          WHEN (\(bound) - leased) / 32 < 1 THEN 1
                                          ELSE (\(bound) - leased) / 32 END
                    WHERE organisation_id = \(organisation) AND day = \(day.daysSinceEpoch) AND leased < \(bound)
                    RETURNING leased, last_lease
                    """)
                return try row.map { (leased: try $0["leased"], size: try $0["last_lease"]) }
            }
            state.withLock { $0.keep(block, organisation: organisation, bound: bound, day: day, exhaustedUntil: .now + Self.exhaustionTrust) }
        } catch {
            state.withLock { state in
                if state.entries[organisation]?.day == day { state.entries[organisation]?.lease = nil }
            }
            throw error
        }
    }
}

extension Quotas.State {
    mutating func keep(
        _ block: (leased: Int64, size: Int)?, organisation: OrganisationID, bound: Int64, day: CivilDate, exhaustedUntil: ContinuousClock.Instant
    ) {
        guard entries[organisation]?.day == day else {
            // The day turned while the block was under way.
            if let block { leftovers.append((organisation, day, block.size)) }
            return
        }
        entries[organisation]?.lease = nil
        if let block {
            entries[organisation]?.unspent += block.size
            entries[organisation]?.leased = block.leased
        } else {
            entries[organisation]?.exhausted = (bound, exhaustedUntil)
        }
    }

    mutating func takeIdle(before moment: ContinuousClock.Instant) -> [(organisation: OrganisationID, day: CivilDate, units: Int)] {
        var returns = leftovers
        leftovers = []
        for (organisation, entry) in entries where entry.usedAt <= moment && entry.lease == nil {
            if entry.unspent > 0 { returns.append((organisation, entry.day, entry.unspent)) }
            entries[organisation] = nil
        }
        return returns
    }
}
