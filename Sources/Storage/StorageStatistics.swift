internal import Synchronization

/// What one database handle has done since it opened; tests and benchmarks read differences of two snapshots.
package final class StorageStatistics: Sendable {
    private let statementCount = Atomic<Int>(0)
    private let commitCount = Atomic<Int>(0)
    private let writeCount = Atomic<Int>(0)

    package init() {}

    /// Statements run for repositories; the driver's own `BEGIN`, `SAVEPOINT` and `COMMIT` are not among them.
    package var statements: Int { statementCount.load(ordering: .relaxed) }
    /// Durable commits.
    package var commits: Int { commitCount.load(ordering: .relaxed) }
    /// Write transactions that were committed; more than `commits` where the engine groups them.
    package var writes: Int { writeCount.load(ordering: .relaxed) }

    package func countStatement() { statementCount.add(1, ordering: .relaxed) }

    package func countCommit(of writes: Int) {
        commitCount.add(1, ordering: .relaxed)
        writeCount.add(writes, ordering: .relaxed)
    }
}
