internal import Foundation
internal import GRDB
internal import Storage
internal import Synchronization

/// Groups commits: the transactions that wait together are one durable commit. A disk flush costs the same for one as for many.
///
/// They run one behind the other in one transaction of SQLite's, and the late rows of those that may share (`CommitSync.shared`) are inserted together. Where
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
    /// How many may wait; beyond it a write is refused as unavailable rather than queued for longer than its caller waits.
    private static let waitingLimit = 10_000

    init(pool: DatabasePool, statistics: StorageStatistics, ownChanges: OwnChanges) {
        self.pool = pool
        self.statistics = statistics
        self.ownChanges = ownChanges
    }

    /// Runs the body within the next group and returns when the group is durable.
    func run<Result: Sendable>(_ sync: CommitSync, _ body: @escaping @Sendable (any WriteTransaction) throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            add(
                WaitingWrite(
                    sync: sync,
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
        while let group = nextGroup() {
            let start = ContinuousClock.now
            commit(group, on: connection)
            if group.count > 1 { Thread.sleep(forTimeInterval: min(.now - start, Self.longestGathering) / .seconds(1)) }
        }
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

    private func commit(_ group: [WaitingWrite], on connection: GRDB.Database) {
        var group = Group(waiting: group[...])
        do {
            try connection.run("BEGIN IMMEDIATE")
            do { try group.run(on: connection, statistics, apart: false) } catch is HalfDone {
                try connection.run("ROLLBACK")
                group.startAgain()
                try connection.run("BEGIN IMMEDIATE")
                try group.run(on: connection, statistics, apart: true)
            }
            try connection.run(group.done.isEmpty ? "ROLLBACK" : "COMMIT")
        } catch {
            if connection.isInsideTransaction { try? connection.run("ROLLBACK") }
            // Nothing of the group is on disk, so nobody may be told that it is.
            group.fail(StorageError.unavailable(reason: StorageError(sqlite: error).description))
            return
        }
        if !group.done.isEmpty { statistics.countCommit(of: group.done.count) }
        for (_, result) in group.done {
            ownChanges.tell(result.changes)
            result.answer()
        }
    }
}

/// The transactions of one commit. Who is refused is told at once, and is in neither list any more.
private struct Group {
    var waiting: ArraySlice<WaitingWrite>
    private(set) var done: [(write: WaitingWrite, result: Attempt)] = []

    init(waiting: ArraySlice<WaitingWrite>) { self.waiting = waiting }

    /// - Parameter apart: each in a savepoint.
    /// - Throws: `HalfDone` when one that is not apart has to be undone alone; SQLite's error when it gave up the whole group (a full disk, an I/O error).
    mutating func run(on connection: GRDB.Database, _ statistics: StorageStatistics, apart: Bool) throws {
        // One alone is undone with its transaction.
        let isAlone = waiting.count == 1
        let gathered = SQLiteTransaction(connection, statistics)
        while let write = waiting.first {
            let result: Attempt?
            if apart {
                result = try write.attemptApart(on: connection, statistics)
            } else if isAlone || write.sync == .own {
                // It may read what those before it insert.
                try insertLateRows(of: gathered, on: connection)
                result = try write.attempt(on: connection, statistics, isAlone: isAlone)
            } else {
                result = try write.attempt(on: connection, statistics, isAlone: false, gathering: gathered.late)
            }
            if let result { done.append((write, result)) }
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
        waiting = done.map(\.write) + waiting
        done = []
    }

    func fail(_ error: StorageError) {
        for write in done.map(\.write) + waiting { write.fail(error) }
    }
}

/// A body threw after it had written.
private struct HalfDone: Error {}

/// One transaction that waits for its group's commit.
private struct Attempt {
    let changes: [Change]
    /// Tells the waiting task of its result.
    let answer: @Sendable () -> Void
}

/// One transaction and the task that waits for it.
struct WaitingWrite: Sendable {
    let sync: CommitSync
    /// Runs the body; what it returns tells the task of the result, once the commit is durable.
    let run: @Sendable (any WriteTransaction) throws -> @Sendable () -> Void
    let fail: @Sendable (any Error) -> Void
}

extension WaitingWrite {
    /// Runs the body; when it throws and has changed nothing, its task is told.
    /// - Parameter gathered: what takes its late rows, to insert them with others'; `nil` where they are inserted behind it.
    /// - Returns: `nil` when it was refused.
    fileprivate func attempt(
        on connection: GRDB.Database, _ statistics: StorageStatistics, isAlone: Bool, gathering gathered: LateRows? = nil
    ) throws -> Attempt? {
        let changesBefore = connection.totalChangesCount
        do { return try result(on: connection, statistics, gathering: gathered) } catch {
            guard connection.isInsideTransaction else { throw error }
            guard isAlone || connection.totalChangesCount == changesBefore else { throw HalfDone() }
            fail(StorageError.translating(error))
            return nil
        }
    }

    /// Runs the body in a savepoint; when it throws, that alone is rolled back and its task told.
    /// - Returns: `nil` when it was refused.
    fileprivate func attemptApart(on connection: GRDB.Database, _ statistics: StorageStatistics) throws -> Attempt? {
        try connection.run("SAVEPOINT write")
        do {
            let result = try result(on: connection, statistics, gathering: nil)
            try connection.run("RELEASE write")
            return result
        } catch {
            guard connection.isInsideTransaction else { throw error }
            try connection.run("ROLLBACK TO write")
            try connection.run("RELEASE write")
            fail(StorageError.translating(error))
            return nil
        }
    }

    private func result(on connection: GRDB.Database, _ statistics: StorageStatistics, gathering gathered: LateRows?) throws -> Attempt {
        let transaction = SQLiteTransaction(connection, statistics)
        let answer = try run(transaction)
        if let failure = transaction.failure { throw failure }
        if let gathered { gathered.append(transaction.late) } else { try transaction.insertLateRows() }
        return Attempt(changes: transaction.announcements.changes, answer: answer)
    }
}

extension GRDB.Database {
    fileprivate func run(_ sql: String) throws { try cachedStatement(sql: sql).execute() }
}
