internal import Synchronization

/// What one database handle has done since it opened; tests and benchmarks read differences of two snapshots.
public final class StorageStatistics: Sendable {
    private let statementCount = Atomic<Int>(0)
    private let writingStatementCount = Atomic<Int>(0)
    private let commitCount = Atomic<Int>(0)
    private let writeCount = Atomic<Int>(0)

    public init() {}

    /// Statements run for repositories; the driver's own `BEGIN`, `SAVEPOINT` and `COMMIT` are not among them.
    public var statements: Int { statementCount.load(ordering: .relaxed) }
    /// Those of them that write.
    public var writingStatements: Int { writingStatementCount.load(ordering: .relaxed) }
    /// Durable commits.
    public var commits: Int { commitCount.load(ordering: .relaxed) }
    /// Write transactions that were committed; more than `commits` where the engine groups them.
    public var writes: Int { writeCount.load(ordering: .relaxed) }

    public func countStatement(isWriting: Bool = false) {
        statementCount.add(1, ordering: .relaxed)
        if isWriting { writingStatementCount.add(1, ordering: .relaxed) }
    }

    public func countCommit(of writes: Int) {
        commitCount.add(1, ordering: .relaxed)
        writeCount.add(writes, ordering: .relaxed)
    }
}
