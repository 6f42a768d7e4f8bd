internal import Storage

/// One transaction on one connection.
final class PostgresTransaction: WriteTransaction {
    private let connection: PostgresConnection
    private let statistics: StorageStatistics
    /// What begins it, until that has gone with the first statement.
    private var opening: [String]
    /// The statement that failed, after which the server takes no more.
    private(set) var failure: PostgresFailure?
    let late = LateRows()
    let announcements = Announcements()

    init(_ connection: PostgresConnection, opening: [String], _ statistics: StorageStatistics) {
        self.connection = connection
        self.opening = opening
        self.statistics = statistics
    }

    var engine: Engine { .postgres }

    func all(_ sql: SQL) throws -> [Row] { try run(sql).rows() }

    @discardableResult
    func execute(_ sql: SQL) throws -> Int { try run(sql).changedRows }

    /// Inserts the late rows and commits.
    func commit(_ sync: CommitSync) throws {
        // What nodes remember is read from the change log, so an announcement is never seen before it is durable.
        let waits = sync == .own || announcements.changes.isEmpty
        let closing = waits ? ["COMMIT"] : ["SET LOCAL synchronous_commit TO DEFAULT", "COMMIT"]
        if let rows = late.takeTogether() {
            _ = try run(rows, before: closing)
        } else if opening.isEmpty {
            guard try connection.command(closing.joined(separator: "; ")) == "COMMIT" else {
                throw StorageError.failed(reason: "the transaction was rolled back at its commit")
            }
        }
    }

    private func run(_ sql: SQL, before closing: [String] = []) throws -> PostgresAnswer {
        if let failure { throw StorageError(failure) }
        statistics.countStatement()
        do {
            defer { opening = [] }
            return try connection.run(sql, after: opening, before: closing)
        } catch let failure as PostgresFailure {
            self.failure = failure
            throw StorageError(failure)
        }
    }
}

enum TransactionKind {
    case read, write

    /// The commands that begin one.
    func opening(_ sync: CommitSync) -> [String] {
        switch (self, sync) {
        case (.read, _): ["BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"]
        case (.write, .own): ["BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE"]
        case (.write, .shared): ["BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE", "SET LOCAL synchronous_commit = off"]
        }
    }
}
