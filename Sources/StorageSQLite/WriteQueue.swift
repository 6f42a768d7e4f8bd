internal import Foundation
internal import GRDB
internal import Storage
internal import Synchronization

/// Groups commits: the transactions that wait together are one durable commit. A disk flush costs the same for one as for many.
///
/// They run one behind the other in one transaction of SQLite's, and the late rows of neighbours are inserted together where nobody reads them before. Where
/// one of them throws after it wrote, all is rolled back, and they run once more, each in a savepoint of its own: a savepoint keeps a copy of every page that
/// it changes, for the few that need it.
final class WriteQueue: Sendable {
    private struct State {
        var waiting: [WaitingWrite] = []
        var isDraining = false
    }

    private let pool: DatabasePool
    private let statistics: StorageStatistics
    private let ownChanges: OwnChanges
    private let state = Mutex(State())

    /// How many share one commit at most, so that the first of them does not wait long.
    private static let groupLimit = 256
    /// Where several shared a commit more are on their way: the next group gathers for as long as the last one took, but not longer than this.
    private static let longestGathering = Duration.milliseconds(1)
    /// Where one had to be undone, others of its kind may be on their way: as many groups run apart at once.
    private static let apartBehindUndone = 16
    /// How many may wait; beyond it a write is refused as unavailable rather than queued for longer than its caller waits.
    private static let waitingLimit = 10_000

    init(pool: DatabasePool, statistics: StorageStatistics, ownChanges: OwnChanges) {
        self.pool = pool
        self.statistics = statistics
        self.ownChanges = ownChanges
    }

    /// Runs the body within the next group and returns when the group is durable.
    /// - Parameter readsLateRows: whether it may look for what others of its group insert late. One statement does not: nobody acts on what somebody else has not
    ///   been told yet.
    func run<Result: Sendable>(readsLateRows: Bool, _ body: @escaping @Sendable (any WriteTransaction) throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            add(
                WaitingWrite(
                    readsLateRows: readsLateRows,
                    run: { transaction in
                        let result = try body(transaction)
                        return { continuation.resume(returning: result) }
                    },
                    fail: { continuation.resume(throwing: $0) }))
        }
    }

    private func add(_ write: WaitingWrite) {
        enum Next { case start, wait, refuse }
        let next = state.withLock { state -> Next in
            guard state.waiting.count < Self.waitingLimit else { return .refuse }
            state.waiting.append(write)
            defer { state.isDraining = true }
            return state.isDraining ? .wait : .start
        }
        switch next {
        case .start: pool.asyncWriteWithoutTransaction { self.drain($0) }
        case .wait: break
        case .refuse: write.fail(StorageError.unavailable(reason: "too many transactions are waiting"))
        }
    }

    /// Runs on the writer's own thread until nothing waits.
    private func drain(_ connection: GRDB.Database) {
        var groupsApart = 0
        while let group = nextGroup() {
            let start = ContinuousClock.now
            let wasUndone = commit(group, apart: groupsApart > 0, on: connection)
            groupsApart = wasUndone ? Self.apartBehindUndone : max(0, groupsApart - 1)
            if group.count > 1 { Thread.sleep(forTimeInterval: min(.now - start, Self.longestGathering) / .seconds(1)) }
        }
    }

    /// Whoever waits behind a file that another process keeps locked would wait as long again for the next group.
    private func refuseWaiting(_ error: StorageError) {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
        for write in waiting { write.fail(error) }
    }

    private func nextGroup() -> [WaitingWrite]? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isDraining = false
                return nil
            }
            let group = Array(state.waiting.prefix(Self.groupLimit))
            state.waiting.removeFirst(group.count)
            return group
        }
    }

    /// - Parameter apart: each in a savepoint from the first.
    /// - Returns: whether the group was undone and ran again.
    private func commit(_ group: [WaitingWrite], apart: Bool, on connection: GRDB.Database) -> Bool {
        var group = Group(waiting: group[...])
        var wasUndone = false
        do {
            try connection.run("BEGIN IMMEDIATE")
            do { try group.run(on: connection, statistics, apart: apart) } catch is HalfDone {
                wasUndone = true
                try connection.run("ROLLBACK")
                group.startAgain()
                try connection.run("BEGIN IMMEDIATE")
                try group.run(on: connection, statistics, apart: true)
            }
            try connection.run(group.hasDone ? "COMMIT" : "ROLLBACK")
        } catch {
            if connection.isInsideTransaction { try? connection.run("ROLLBACK") }
            // Nothing of the group is done, so nobody may be told that it is, nor that they were refused for something that is not. A commit whose sync failed
            // stands in the log until the next write goes over it, and a start behind a kill finds it there. This process may try again all the same: it is not
            // `undecided`, for which units and counts would be given up.
            let failure = StorageError.unavailable(reason: StorageError(sqlite: error).description)
            group.fail(failure)
            if (error as? DatabaseError)?.resultCode == .SQLITE_BUSY { refuseWaiting(failure) }
            return wasUndone
        }
        if group.hasDone { statistics.countCommit(of: group.doneCount) }
        group.answer(telling: ownChanges)
        return wasUndone
    }
}

/// The transactions of one commit. What became of each is told when the group has come to its end: a refusal may rest on what another of them wrote.
private struct Group {
    private var waiting: ArraySlice<WaitingWrite>
    private var ended: [(write: WaitingWrite, outcome: Outcome)] = []

    init(waiting: ArraySlice<WaitingWrite>) { self.waiting = waiting }

    var doneCount: Int { ended.count { if case .done = $0.outcome { true } else { false } } }
    var hasDone: Bool { doneCount > 0 }

    /// - Parameter apart: each in a savepoint.
    /// - Throws: `HalfDone` when one that is not apart has to be undone alone; SQLite's error when it gave up the whole group (a full disk, an I/O error).
    mutating func run(on connection: GRDB.Database, _ statistics: StorageStatistics, apart: Bool) throws {
        // One alone is undone with its transaction.
        let isAlone = waiting.count == 1
        let gathered = SQLiteTransaction(connection, statistics)
        while let write = waiting.first {
            let outcome: Outcome
            if isAlone {
                outcome = try write.attempt(on: connection, statistics, isAlone: true)
            } else if apart {
                outcome = try write.attemptApart(on: connection, statistics)
            } else if write.readsLateRows {
                try insertLateRows(of: gathered, on: connection)
                outcome = try write.attempt(on: connection, statistics, isAlone: false)
            } else {
                outcome = try write.attempt(on: connection, statistics, isAlone: false, gathering: gathered.late)
            }
            ended.append((write, outcome))
            waiting.removeFirst()
        }
        try insertLateRows(of: gathered, on: connection)
    }

    private func insertLateRows(of gathered: SQLiteTransaction, on connection: GRDB.Database) throws {
        do { try gathered.insertLateRows() } catch {
            guard connection.isInsideTransaction else { throw error }
            throw HalfDone()
        }
    }

    mutating func startAgain() {
        waiting = ended.map(\.write) + waiting
        ended = []
    }

    func answer(telling ownChanges: OwnChanges) {
        for (write, outcome) in ended {
            switch outcome {
            case .done(let changes, let answer):
                ownChanges.tell(changes)
                answer()
            case .refused(let error): write.fail(error)
            }
        }
    }

    func fail(_ error: StorageError) {
        for write in ended.map(\.write) + waiting { write.fail(error) }
    }
}

/// A body threw after it had written.
private struct HalfDone: Error {}

/// What became of one transaction, unless its group is undone.
private enum Outcome {
    /// - answer: tells the waiting task of its result.
    case done(changes: [Change], answer: @Sendable () -> Void)
    case refused(any Error)
}

/// One transaction and the task that waits for it.
struct WaitingWrite: Sendable {
    let readsLateRows: Bool
    /// Runs the body; what it returns tells the task of the result, once the commit is durable.
    let run: @Sendable (any WriteTransaction) throws -> @Sendable () -> Void
    let fail: @Sendable (any Error) -> Void
}

extension WaitingWrite {
    /// Runs the body.
    /// - Parameter gathered: what takes its late rows, to insert them with others'; `nil` where they are inserted behind it.
    /// - Throws: `HalfDone` when it threw after it had written, and is not alone.
    fileprivate func attempt(
        on connection: GRDB.Database, _ statistics: StorageStatistics, isAlone: Bool, gathering gathered: LateRows? = nil
    ) throws -> Outcome {
        let changesBefore = connection.totalChangesCount
        let transaction = SQLiteTransaction(connection, statistics)
        do { return try result(of: transaction, gathering: gathered) } catch {
            guard connection.isInsideTransaction else { throw error }
            // What a statement that failed leaves behind is not for the count of changes to say.
            guard isAlone || transaction.failure == nil && connection.totalChangesCount == changesBefore else { throw HalfDone() }
            return .refused(StorageError.translating(error))
        }
    }

    /// Runs the body in a savepoint; when it throws, that alone is rolled back.
    fileprivate func attemptApart(on connection: GRDB.Database, _ statistics: StorageStatistics) throws -> Outcome {
        try connection.run("SAVEPOINT write")
        do {
            let result = try result(of: SQLiteTransaction(connection, statistics), gathering: nil)
            try connection.run("RELEASE write")
            return result
        } catch {
            guard connection.isInsideTransaction else { throw error }
            try connection.run("ROLLBACK TO write")
            try connection.run("RELEASE write")
            return .refused(StorageError.translating(error))
        }
    }

    private func result(of transaction: SQLiteTransaction, gathering gathered: LateRows?) throws -> Outcome {
        let answer = try run(transaction)
        if let failure = transaction.failure { throw failure }
        if let gathered { gathered.rows.append(transaction.late.rows) } else { try transaction.insertLateRows() }
        return .done(changes: transaction.announcements.changes, answer: answer)
    }
}

extension GRDB.Database {
    fileprivate func run(_ sql: String) throws { try cachedStatement(sql: sql).execute() }
}
