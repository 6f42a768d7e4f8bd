internal import Storage

extension PostgresConnection {
    /// Nodes that migrate at the same time wait for this lock.
    private static let migrationLock = 7_702_651_194

    /// Runs a transaction. It begins with its first statement and commits with its late rows, in the same exchanges with the server.
    func transaction<Result>(
        _ kind: TransactionKind, statistics: StorageStatistics, ownChanges: OwnChanges, _ body: (PostgresTransaction) throws -> Result
    ) throws -> Result {
        let transaction = PostgresTransaction(self, kind, statistics)
        let result: Result
        do {
            result = try body(transaction)
            try transaction.gatherLateRows()
            if let failure = transaction.failure { throw failure }
        } catch {
            throw end(transaction, after: error)
        }
        guard kind == .write else {
            // It has read what it wanted, whatever becomes of its commit.
            if isInTransaction { leave("COMMIT") }
            return result
        }
        do { try transaction.commit() } catch { throw uncommitted(transaction, error) }
        if transaction.hasBegun { statistics.countCommit(of: 1) }
        ownChanges.tell(transaction.announcements.changes)
        return result
    }

    /// Runs statements that know nothing of each other as one transaction, which is one exchange with the server.
    /// - Returns: the answer to each.
    /// - Throws: `PostgresFailure` when nothing of it happened; `StorageError.undecided` when nobody can tell.
    func commit(_ statements: [SQL]) throws -> [PostgresAnswer] {
        try makeRoom(for: statements.count)
        let ready = try statements.map { try self.ready($0) }
        // An idle connection that the server has ended shows here; what is lost behind this may have happened.
        guard !isHungUp else { throw lost("the server has ended the connection") }
        let (answers, failure): Answers
        // A lock that one of several waits for is not to be waited for by all.
        let opening = [TransactionKind.write.opening] + (statements.count > 1 ? ["SET LOCAL lock_timeout = 500"] : [])
        do { (answers, failure) = try exchange(ready, after: opening, before: "COMMIT") } catch {
            throw StorageError.undecided(reason: "\(error)")
        }
        if let failure {
            rollBack()
            throw failure.leavesCommitOpen ? StorageError.undecided(reason: failure.message) : failure
        }
        return Array(answers.dropFirst(opening.count).dropLast())
    }

    /// - Returns: what to throw: what asks for another attempt goes before what the body made of it.
    private func end(_ transaction: PostgresTransaction, after error: any Error) -> any Error {
        rollBack()
        if let failure = transaction.failure, failure.isWorthRetrying { return failure }
        return error
    }

    /// - Returns: what to throw. A commit of which nobody heard may or may not have happened, so nothing is retried.
    private func uncommitted(_ transaction: PostgresTransaction, _ error: any Error) -> any Error {
        if let failure = error as? PostgresFailure ?? transaction.failure, failure.leavesCommitOpen {
            return StorageError.undecided(reason: failure.message)
        }
        return end(transaction, after: error)
    }

    /// One step of the schema, in a transaction that only one node runs at a time.
    /// - Returns: whether it was new here.
    /// - Throws: `StorageError.unavailable` for trouble that passes, also at the commit: whoever tries again finds the step done, or does it.
    func migrate(_ script: String, named name: String, at now: Int64) throws -> Bool {
        do {
            try command("BEGIN")
            try command("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0")
            try command("SELECT pg_advisory_xact_lock(\(Self.migrationLock))", within: .seconds(600))
            try command(#"CREATE TABLE IF NOT EXISTS migration (name TEXT COLLATE "C" PRIMARY KEY, applied_at BIGINT NOT NULL)"#)
            let isNew = try run("SELECT 1 AS one FROM migration WHERE name = \(name)").rows().isEmpty
            if isNew {
                try command(script, within: .seconds(600))
                try run("INSERT INTO migration (name, applied_at) VALUES (\(name), \(now))")
            }
            try command("COMMIT")
            return isNew
        } catch {
            rollBack()
            guard let failure = error as? PostgresFailure else { throw error }
            throw StorageError(failure, during: name)
        }
    }
}
