public import Logging
public import Storage
internal import Synchronization

/// Takes the gateway's decisions and writes them in groups, so that no call waits for its own record. Records that a database cannot take now are kept,
/// up to a bound, and written when it answers again. Five thousand of a slice, and every ten seconds all, are put on their shelves.
public final class DecisionRecorder: Sendable {
    /// Where a group takes what comes. To put a record in its place is a tenth of a call's work, so a thread that finds another one at it goes to the next lane.
    private final class Lane: Sendable {
        let group = Mutex(DecisionGroup())
    }

    fileprivate struct State {
        /// They take nothing more.
        var pending: [DecisionGroup] = []
        /// How many records are in them.
        var waiting = 0
        /// How many records were taken to be written, and are not yet.
        var taken = 0
        var dropped = 0
        /// Written here, by slice, since it was put on its shelves last.
        var unshelved = noneUnshelved

        static let noneUnshelved = [Int](repeating: 0, count: DecisionRecords.slices.count)
    }

    private let database: any Database
    private let logger: Logger
    private let capacity: Int
    /// More threads than these hardly ever meet.
    private let lanes = (0..<4).map { _ in Lane() }
    private let state = Mutex(State())
    private let records = DecisionRecords()

    /// How far apart the groups are.
    private static let interval = Duration.milliseconds(200)
    /// How many are written in one transaction. Of more, more share a row; but others wait for SQLite's writer meanwhile.
    private let groupSize: Int
    /// How many are taken at a time: of those that wait in a flood the oldest go, and what is being written is not among them.
    fileprivate static let mostTaken = 10_000
    private static let shelvingInterval = Duration.seconds(10)
    /// How many are shelved in one transaction, and of how many a slice is full. The more, the fewer pages are written for each; but a list looks through what
    /// waits, others wait for SQLite's writer meanwhile, and PostgreSQL ends a statement that takes seconds.
    fileprivate static let shelvingSize = 5000

    /// - Parameter capacity: how many records wait at most, beside the groups that are not full yet; beyond it the oldest groups that are not being written are
    ///   dropped and counted.
    public init(database: any Database, logger: Logger, capacity: Int = 50_000) {
        self.database = database
        self.logger = logger
        self.capacity = capacity
        groupSize = database.engine == .sqlite ? 1000 : 4000
    }

    public func record(_ decision: DecisionRecord) {
        guard let full = add(decision) else { return }
        state.withLock { state in
            state.add(full)
            state.dropOldest(keeping: capacity)
        }
    }

    /// - Returns: a group that takes nothing more.
    private func add(_ decision: DecisionRecord) -> DecisionGroup? {
        for lane in lanes {
            if let full = lane.group.withLockIfAvailable({ $0.add(decision, upTo: groupSize) }) { return full }
        }
        return lanes[0].group.withLock { $0.add(decision, upTo: groupSize) }
    }

    /// All that waits, nearly always; of a flood the oldest.
    private func take() -> [DecisionGroup] {
        let open = lanes.map { lane in lane.group.withLock { $0.taken() } }
        return state.withLock { state in
            for group in open where group.count > 0 { state.add(group, upTo: groupSize) }
            let taken = state.take()
            state.dropOldest(keeping: capacity)
            return taken
        }
    }

    private var waitingCount: Int { lanes.reduce(state.withLock(\.waiting)) { count, lane in count + lane.group.withLock(\.count) } }

    /// Records dropped since the start because the database did not take them.
    public var droppedCount: Int { state.withLock(\.dropped) }

    /// Writes what waits by now. For one caller at a time.
    /// - Throws: storage failures; what was not written waits on.
    public func flush() async throws {
        var isMore = true
        while isMore {
            let groups = take()
            for (index, group) in groups.enumerated() {
                do {
                    let unshelved = try await database.write { [records] in try records.append(group, in: $0) }
                    state.withLock { $0.note(written: group.count, unshelved) }
                } catch {
                    state.withLock { state in
                        state.putBack(groups[index...])
                        state.dropOldest(keeping: capacity)
                    }
                    throw error
                }
            }
            isMore = groups.reduce(0) { $0 + $1.count } >= Self.mostTaken
        }
    }

    /// Puts on its shelves what waits for them, whichever node wrote it: at once when that is little, else slice by slice.
    /// - Throws: storage failures, behind the last slice; what was not shelved waits on.
    public func shelve() async throws {
        if try await database.read({ [records] in try records.hasOlder(in: $0) }) {
            while try await database.write({ [records] in try records.takeOver(limit: Self.shelvingSize, in: $0) }) >= Self.shelvingSize {}
        }
        let waiting = try await database.read { [records] in try records.unshelvedCount(atMost: Self.shelvingSize + 1, in: $0) }
        guard waiting > 0 else { return }
        if waiting <= Self.shelvingSize {
            state.withLock { $0.unshelved = State.noneUnshelved }
            _ = try await database.write { [records] in try records.shelveAll(in: $0) }
            return
        }
        var failure: (any Error)?
        for slice in DecisionRecords.slices {
            do { try await shelve(slice) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    private func shelve(_ slice: Int) async throws {
        state.withLock { $0.unshelved[slice] = 0 }
        while try await database.write({ [records] in try records.shelve(slice: slice, limit: Self.shelvingSize, in: $0) }) >= Self.shelvingSize {}
    }

    /// Writes what waits every 200 ms until cancelled, and what is left then. Shelving goes on beside it, since it may have to wait for another node's.
    public func run() async {
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                while await self.pause() { await self.logFailure { try await self.flush() } }
            }
            tasks.addTask {
                var shelvedAt = ContinuousClock.now
                while await self.pause() {
                    if .now - shelvedAt >= Self.shelvingInterval {
                        shelvedAt = .now
                        await self.logFailure { try await self.shelve() }
                    }
                    for slice in self.state.withLock(\.fullSlices) { await self.logFailure { try await self.shelve(slice) } }
                }
            }
        }
        // A cancelled task's database calls may end early; a task of its own is not cancelled.
        await Task { await logFailure { try await flush() } }.value
    }

    /// - Returns: whether to go on.
    private func pause() async -> Bool {
        try? await Task.sleep(for: Self.interval)  // ends early only by cancellation, which is looked at
        return !Task.isCancelled
    }

    private func logFailure(_ work: @Sendable () async throws -> Void) async {
        do {
            try await work()
        } catch {
            logger.error("decision records wait", metadata: ["error": "\(error)", "waiting": "\(waitingCount)", "dropped": "\(droppedCount)"])
        }
    }
}

extension DecisionRecorder.State {
    var fullSlices: [Int] { unshelved.indices.filter { unshelved[$0] >= DecisionRecorder.shelvingSize } }

    /// - Parameter size: how large a group may become by another; the ones that lanes began are one transaction then.
    mutating func add(_ group: DecisionGroup, upTo size: Int = 0) {
        waiting += group.count
        if let last = pending.last, last.count + group.count <= size, !last.mayBeThere {
            pending[pending.count - 1].add(group)
        } else {
            pending.append(group)
        }
    }

    mutating func take() -> [DecisionGroup] {
        var (groups, records) = (0, 0)
        while groups < pending.count, records < DecisionRecorder.mostTaken {
            records += pending[groups].count
            groups += 1
        }
        taken += records
        waiting -= records
        // An array of its own: a slice would keep the rest too, and have it copied as the next record comes.
        defer { pending.removeFirst(groups) }
        return Array(pending.prefix(groups))
    }

    /// Of those that were taken, the one that failed and those behind it. What is in doubt stays the group that it was: should the earlier attempt be committed
    /// yet, its rows are the same, and conflict.
    mutating func putBack(_ groups: ArraySlice<DecisionGroup>) {
        pending.insert(contentsOf: groups, at: 0)
        pending[0].mayBeThere = true
        let records = groups.reduce(0) { $0 + $1.count }
        taken -= records
        waiting += records
    }

    mutating func note(written count: Int, _ added: [Int]) {
        taken -= count
        for (slice, count) in added.enumerated() { unshelved[slice] += count }
    }

    /// By groups, but the latest.
    mutating func dropOldest(keeping capacity: Int) {
        var (groups, records) = (0, 0)
        while taken + waiting - records > capacity, groups + 1 < pending.count {
            records += pending[groups].count
            groups += 1
        }
        guard groups > 0 else { return }
        pending.removeFirst(groups)
        waiting -= records
        dropped += records
    }
}
