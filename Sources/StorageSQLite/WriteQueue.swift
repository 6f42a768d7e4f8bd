internal import Foundation
internal import GRDB
internal import Storage
internal import Synchronization

/// Groups commits: the transactions that wait together become savepoints of one durable commit. A disk flush costs the same for one as for many.
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
    func run<Result: Sendable>(_ body: @escaping @Sendable (any WriteTransaction) throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            add(
                WaitingWrite(
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
        var waiting = group[...]
        var done: [(write: WaitingWrite, result: Attempt)] = []
        do {
            try connection.run("BEGIN IMMEDIATE")
            while let write = waiting.first {
                if let result = try attempt(write, alone: group.count == 1, on: connection) { done.append((write, result)) }
                waiting.removeFirst()
            }
            try connection.run(done.isEmpty ? "ROLLBACK" : "COMMIT")
        } catch {
            if connection.isInsideTransaction { try? connection.run("ROLLBACK") }
            // Nothing of the group is on disk, so nobody may be told that it is.
            let failure = StorageError.unavailable(reason: StorageError(sqlite: error).description)
            for write in done.map(\.write) + waiting { write.fail(failure) }
            return
        }
        if !done.isEmpty { statistics.countCommit(of: done.count) }
        for (_, result) in done {
            ownChanges.tell(result.changes)
            result.answer()
        }
    }

    /// Runs one body. When it throws, its savepoint alone is rolled back and its task told; alone in its group it needs no savepoint.
    /// - Returns: `nil` when it was refused.
    /// - Throws: when SQLite gave up the whole group (a full disk, an I/O error).
    private func attempt(_ write: WaitingWrite, alone: Bool, on connection: GRDB.Database) throws -> Attempt? {
        if !alone { try connection.run("SAVEPOINT write") }
        do {
            let transaction = SQLiteTransaction(connection, statistics)
            let answer = try write.run(transaction)
            try transaction.insertLateRows()
            if let failure = transaction.failure { throw failure }
            if !alone { try connection.run("RELEASE write") }
            return Attempt(changes: transaction.announcements.changes, answer: answer)
        } catch {
            guard connection.isInsideTransaction else { throw error }
            if !alone {
                try connection.run("ROLLBACK TO write")
                try connection.run("RELEASE write")
            }
            write.fail(StorageError.translating(error))
            return nil
        }
    }
}

/// One transaction that waits for its group's commit.
private struct Attempt {
    let changes: [Change]
    /// Tells the waiting task of its result.
    let answer: @Sendable () -> Void
}

/// One transaction and the task that waits for it.
struct WaitingWrite: Sendable {
    /// Runs the body; what it returns tells the task of the result, once the commit is durable.
    let run: @Sendable (any WriteTransaction) throws -> @Sendable () -> Void
    let fail: @Sendable (any Error) -> Void
}

extension GRDB.Database {
    fileprivate func run(_ sql: String) throws { try cachedStatement(sql: sql).execute() }
}
