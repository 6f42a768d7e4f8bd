internal import Storage

/// One transaction on one connection.
final class PostgresTransaction: WriteTransaction {
    private let connection: PostgresConnection
    private let kind: TransactionKind
    private let statistics: StorageStatistics
    /// What begins it, until that has gone with the first statement.
    private var opening: [String]
    /// The statement that failed, after which the server takes no more.
    private(set) var failure: PostgresFailure?
    private var lateRows: [PostgresStatement] = []
    let late = LateRows()
    let announcements = Announcements()

    /// Fewer rows are one or two statements, and one exchange less.
    private static let fewestCopied = 64

    init(_ connection: PostgresConnection, _ kind: TransactionKind, _ statistics: StorageStatistics) {
        self.connection = connection
        self.kind = kind
        opening = [kind.opening]
        self.statistics = statistics
    }

    var engine: Engine { .postgres }

    /// Whether anything was sent.
    var hasBegun: Bool { opening.isEmpty }

    func all(_ sql: SQL) throws -> [Row] { try run(sql).rows() }

    @discardableResult
    func execute(_ sql: SQL) throws -> Int { try run(sql).changedRows }

    @discardableResult
    func insert(_ rows: [[SQLValue]], by insertion: SQL.Insertion) throws -> [Row] {
        guard rows.count >= Self.fewestCopied, let target = insertion.target else { return try insertion.statements(rows).flatMap { try all($0) } }
        if let failure { throw StorageError(failure) }
        statistics.countStatement(isWriting: true)
        try noting {
            defer { opening = [] }
            try connection.copy(rows, into: target, after: opening)
        }
        return []
    }

    /// Makes the late rows ready to go with the commit. Where they are all there is, they are inserted now: what is lost with its commit is not run again, and
    /// only an answer tells that an idle connection still stands.
    func gatherLateRows() throws {
        guard failure == nil else { return }
        let statements = late.rows.together(on: .postgres)
        if hasBegun { try noting { try connection.makeRoom(for: statements.count) } }
        for rows in statements {
            if hasBegun { lateRows.append(try noting { try connection.ready(rows) }) } else { _ = try run(rows) }
        }
    }

    func commit() throws {
        guard hasBegun else { return }
        for _ in lateRows { statistics.countStatement(isWriting: true) }
        try noting { try connection.commit(behind: lateRows) }
    }

    private func run(_ sql: SQL) throws -> PostgresAnswer {
        if let failure { throw StorageError(failure) }
        statistics.countStatement(isWriting: kind == .write && !sql.text.utf8.starts(with: "SELECT".utf8))
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
    case read, write

    /// What begins one.
    var opening: String {
        switch self {
        case .read: "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
        case .write: "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE"
        }
    }
}
