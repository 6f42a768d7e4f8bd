internal import Storage

/// One open transaction on one connection.
final class PostgresTransaction: WriteTransaction {
    private let connection: PostgresConnection
    private let statistics: StorageStatistics
    /// The statement that failed, after which the server takes no more.
    private(set) var failure: PostgresFailure?
    let late = LateRows()
    let announcements = Announcements()

    init(_ connection: PostgresConnection, _ statistics: StorageStatistics) {
        self.connection = connection
        self.statistics = statistics
    }

    var engine: Engine { .postgres }

    func all(_ sql: SQL) throws -> [Row] { try run(sql).rows() }

    @discardableResult
    func execute(_ sql: SQL) throws -> Int { try run(sql).changedRows }

    private func run(_ sql: SQL) throws -> PostgresAnswer {
        if let failure { throw StorageError(failure) }
        statistics.countStatement()
        do {
            return try connection.run(sql)
        } catch let failure as PostgresFailure {
            self.failure = failure
            throw StorageError(failure)
        }
    }
}
