internal import Storage

/// One transaction on one connection.
final class PostgresTransaction: WriteTransaction {
    private let connection: PostgresConnection
    private let statistics: StorageStatistics
    /// What begins it, until that has gone with the first statement.
    private var opening: [String]
    /// The statement that failed, after which the server takes no more.
    private(set) var failure: PostgresFailure?
    private var lateRows: PostgresConnection.Ready?
    let late = LateRows()
    let announcements = Announcements()

    init(_ connection: PostgresConnection, opening: [String], _ statistics: StorageStatistics) {
        self.connection = connection
        self.opening = opening
        self.statistics = statistics
    }

    var engine: Engine { .postgres }

    /// Whether anything was sent.
    var hasBegun: Bool { opening.isEmpty }

    func all(_ sql: SQL) throws -> [Row] { try run(sql).rows() }

    @discardableResult
    func execute(_ sql: SQL) throws -> Int { try run(sql).changedRows }

    /// Makes the late rows ready to go with the commit. Where they are all there is, they are inserted now: what is lost with its commit is not run again, and
    /// only an answer tells that an idle connection still stands.
    func gatherLateRows() throws {
        guard failure == nil, let rows = late.takeTogether() else { return }
        if hasBegun {
            lateRows = try noting { try connection.ready(rows) }
        } else {
            _ = try run(rows)
        }
    }

    /// - Returns: whether it is durable.
    func commit(_ commit: PostgresCommit) throws -> Bool {
        guard hasBegun else { return true }
        // What nodes remember is read behind the change log, so an announcement is never seen before it is durable.
        let isLeft = commit == .left && announcements.changes.isEmpty
        let closing = isLeft ? ["COMMIT"] : commit.closing
        if let lateRows {
            statistics.countStatement()
            _ = try noting { try connection.run(lateRows, before: closing) }
        } else {
            guard try connection.command(closing.joined(separator: "; ")) == "COMMIT" else {
                throw StorageError.failed(reason: "the transaction was rolled back at its commit")
            }
        }
        return !isLeft
    }

    private func run(_ sql: SQL) throws -> PostgresAnswer {
        if let failure { throw StorageError(failure) }
        statistics.countStatement()
        return try noting {
            let statement = try connection.ready(sql)
            defer { opening = [] }
            return try connection.run(statement, after: opening)
        }
    }

    private func noting<Answer>(_ work: () throws -> Answer) throws -> Answer {
        do { return try work() } catch let failure as PostgresFailure {
            self.failure = failure
            throw StorageError(failure)
        }
    }
}

enum TransactionKind {
    case read
    case write(PostgresCommit)

    /// The commands that begin one.
    var opening: [String] {
        switch self {
        case .read: ["BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"]
        case .write(.left): ["BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE", "SET LOCAL synchronous_commit = off"]
        case .write: ["BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE"]
        }
    }
}

/// How a transaction commits (docs/decisions/0025-shared-sync.md).
enum PostgresCommit {
    /// It waits until what it wrote is durable.
    case awaited
    /// It waits until what it read is durable too, though it may have written nothing: others that leave their commits may not have had their sync yet.
    case covering
    /// It does not wait.
    case left

    /// The commands of one that waits.
    var closing: [String] {
        switch self {
        case .awaited: ["COMMIT"]
        case .covering: [SharedSync.record, "COMMIT"]
        case .left: ["SET LOCAL synchronous_commit TO DEFAULT", "COMMIT"]
        }
    }
}
