package import Logging
package import Storage
internal import Synchronization

/// Takes the gateway's decisions and writes them in groups, so that no call waits for its own record. Records that a database cannot take now are kept,
/// up to a bound, and written when it answers again. Five thousand of a slice, and every ten seconds all, are put on their shelves.
package final class DecisionRecorder: Sendable {
    fileprivate struct State {
        var pending: [DecisionRecord] = []
        /// How many were taken to be written, and are not yet.
        var taken = 0
        /// How many of those that wait, the first ones, an attempt to write that failed may have written all the same.
        var doubtful = 0
        var dropped = 0
        /// Written here, by slice, since it was put on its shelves last.
        var unshelved = [Int](repeating: 0, count: DecisionRecords.slices.count)
    }

    private let database: any Database
    private let logger: Logger
    private let capacity: Int
    private let state = Mutex(State())
    private let records = DecisionRecords()

    /// How far apart the groups are.
    private static let interval = Duration.milliseconds(200)
    private static let groupSize = 1000
    private static let shelvingInterval = Duration.seconds(10)
    /// How many are shelved in one transaction, and of how many a slice is full. The more, the fewer pages are written for each; but a list looks through what waits, others wait for SQLite's
    /// writer meanwhile, and PostgreSQL ends a statement that takes seconds.
    fileprivate static let shelvingSize = 5000

    /// - Parameter capacity: how many records wait at most; beyond it the oldest are dropped and counted.
    package init(database: any Database, logger: Logger, capacity: Int = 50_000) {
        self.database = database
        self.logger = logger
        self.capacity = capacity
    }

    package func record(_ decision: DecisionRecord) {
        state.withLock { state in
            state.pending.append(decision)
            // Now and then, so that dropping one does not move all the others.
            if state.taken + state.pending.count > capacity + 1000 { state.dropOldest(keeping: capacity) }
        }
    }

    /// Records dropped since the start because the database did not take them.
    package var droppedCount: Int { state.withLock(\.dropped) }

    /// Writes what waits.
    /// - Throws: storage failures; what was not written waits on.
    package func flush() async throws {
        var (waiting, doubtful) = state.withLock { $0.takeAll() }
        while !waiting.isEmpty {
            let (group, isRepetition) = (Array(waiting.prefix(Self.groupSize)), doubtful > 0)
            do {
                try await database.write { [records] in try records.append(group, isRepetition: isRepetition, in: $0) }
            } catch {
                putBack(Array(waiting), doubtful: max(doubtful, group.count))
                throw error
            }
            waiting = waiting.dropFirst(group.count)
            doubtful = max(0, doubtful - group.count)
            let slices = group.map { UnshelvedDecision.slice(ofApp: $0.appID) }
            state.withLock { state in
                state.taken -= group.count
                for slice in slices { state.unshelved[slice] += 1 }
            }
        }
    }

    /// Before what came meanwhile, which is little and moves instead.
    private func putBack(_ records: [DecisionRecord], doubtful: Int) {
        var records = records
        state.withLock { state in
            records.append(contentsOf: state.pending)
            swap(&records, &state.pending)
            state.taken = 0
            state.doubtful = doubtful
            state.dropOldest(keeping: capacity)
        }
    }

    /// Puts on its shelves what waits for them, whichever node wrote it: at once when that is little, else slice by slice.
    /// - Throws: storage failures; what was not shelved waits on.
    package func shelve() async throws {
        let waiting = try await database.readOne { [records] in try records.unshelvedCount(atMost: Self.shelvingSize + 1, in: $0) }
        guard waiting > 0 else { return }
        guard waiting <= Self.shelvingSize else {
            for slice in DecisionRecords.slices { try await shelve(slice) }
            return
        }
        state.withLock { state in
            for slice in state.unshelved.indices { state.unshelved[slice] = 0 }
        }
        _ = try await database.write { [records] in try records.shelveAll(in: $0) }
    }

    private func shelve(_ slice: Int) async throws {
        state.withLock { $0.unshelved[slice] = 0 }
        while try await database.write({ [records] in try records.shelve(slice: slice, limit: Self.shelvingSize, in: $0) }) >= Self.shelvingSize {}
    }

    /// Writes a group every 200 ms until cancelled, and what is left then.
    package func run() async {
        var shelvedAt = ContinuousClock.now
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.interval)  // ends early only by cancellation, which the loop looks at
            await logFailure { try await flush() }
            guard !Task.isCancelled else { break }
            if .now - shelvedAt >= Self.shelvingInterval {
                shelvedAt = .now
                await logFailure { try await shelve() }
            }
            for slice in state.withLock(\.fullSlices) { await logFailure { try await shelve(slice) } }
        }
        // A cancelled task's database calls may end early; a task of its own is not cancelled.
        await Task { await logFailure { try await flush() } }.value
    }

    private func logFailure(_ work: @Sendable () async throws -> Void) async {
        do {
            try await work()
        } catch {
            let waiting = state.withLock(\.pending.count)
            logger.error("decision records wait", metadata: ["error": "\(error)", "waiting": "\(waiting)", "dropped": "\(droppedCount)"])
        }
    }
}

extension DecisionRecorder.State {
    var fullSlices: [Int] { unshelved.indices.filter { unshelved[$0] >= DecisionRecorder.shelvingSize } }

    /// At once, so that no call waits while an array is cut.
    mutating func takeAll() -> (waiting: ArraySlice<DecisionRecord>, doubtful: Int) {
        defer { (taken, pending, doubtful) = (pending.count, [], 0) }
        return (pending[...], doubtful)
    }

    mutating func dropOldest(keeping capacity: Int) {
        let surplus = min(pending.count, taken + pending.count - capacity)
        guard surplus > 0 else { return }
        pending.removeFirst(surplus)
        doubtful = max(0, doubtful - surplus)
        dropped += surplus
    }
}
