internal import Foundation
internal import Logging
internal import Storage

/// One thread's connection, opened when it is needed and opened again when it is lost.
final class PostgresSession {
    private let pool: ConnectionPool
    private var connection: PostgresConnection?
    /// Called when the server takes long to answer.
    var ifHeldUp: (() -> Void)?

    /// How often a transaction runs at most.
    private static let attempts = 6
    /// How many connections a transaction may lose and run again. A statement that ends each of its connections is at fault itself.
    private static let mostLosses = 1

    init(pool: ConnectionPool) { self.pool = pool }

    var isConnected: Bool { connection != nil }

    /// Opens the connection, if that can be done; why not, whoever needs it is told.
    func connect() { _ = try? open() }

    /// Runs a transaction, again when the server asks for it (a serialization failure, a deadlock) or when the connection is lost before the commit.
    func transaction<Result>(_ kind: TransactionKind, _ body: (PostgresTransaction) throws -> Result) throws -> Result {
        try again { try $0.transaction(kind, statistics: pool.statistics, ownChanges: pool.ownChanges, body) }
    }

    /// Runs one reading statement, which is its own transaction.
    func read(_ sql: SQL) throws -> [Row] {
        try again { connection in
            pool.statistics.countStatement()
            return try connection.run(sql).rows()
        }
    }

    /// Runs reading statements, each with a snapshot of its own, as one exchange.
    /// - Returns: the rows of each, up to the first that failed.
    /// - Throws: when the server did not answer in time; why else something fails, running it apart tells.
    func read(_ statements: some Collection<SQL>) throws -> [[Row]] {
        statements.isEmpty ? [] : try rows { try $0.runTogether(statements) } ?? []
    }

    /// Sends such statements, where nothing has to be awaited for that.
    /// - Returns: `nil` when there is no connection, or when one of them is new to it or cannot be sent.
    func send(_ statements: some Collection<SQL>) -> PostgresExchange? {
        guard isConnected, let sent = try? connected({ try $0.sendAtOnce(statements) }) else { return nil }
        return sent
    }

    /// Reads what comes before the deadline.
    /// - Returns: the same as `read`; `nil` when some is missing.
    func read(_ exchange: inout PostgresExchange, until deadline: ContinuousClock.Instant) throws -> [[Row]]? {
        try rows { try $0.read(&exchange, until: deadline) ? exchange.answers : nil }
    }

    /// Reads the rest.
    func finish(_ exchange: PostgresExchange) throws -> [[Row]] {
        var exchange = exchange
        return try rows { connection in
            try connection.finish(&exchange, within: PostgresConnection.patience)
            return exchange.answers
        } ?? []
    }

    private func rows(_ answers: (PostgresConnection) throws -> [PostgresAnswer]?) throws -> [[Row]]? {
        do {
            guard let answers = try connected(answers) else { return nil }
            for _ in answers { pool.statistics.countStatement() }
            return answers.map { $0.rows() }
        } catch let failure as PostgresFailure where failure.isUnanswered {
            throw StorageError(failure)
        } catch {
            return []
        }
    }

    /// Runs what is a transaction of its own.
    func commit(_ write: SingleWrite) throws -> [Row] {
        try again { try commit([write], on: $0) }.first ?? []
    }

    /// Runs them as one transaction.
    /// - Returns: the rows of each.
    /// - Throws: a `PostgresFailure` when nothing of it happened; otherwise nobody can tell.
    func commit(_ writes: [SingleWrite]) throws -> [[Row]] {
        guard !writes.isEmpty else { return [] }
        guard isConnected else { throw PostgresFailure(state: "08006", message: "there is no connection", constraint: nil) }
        return try connected { try commit(writes, on: $0) }
    }

    private func commit(_ writes: [SingleWrite], on connection: PostgresConnection) throws -> [[Row]] {
        var statements: [SQL] = []
        var rows = RowsToInsert()
        for write in writes {
            switch write {
            case .statement(let sql): statements.append(sql)
            case .rows(let more): rows.append(more)
            }
        }
        let insertions = writes.count == 1 ? rows.together(on: .postgres) : rows.statements(on: .postgres)
        for _ in statements + insertions { pool.statistics.countStatement(isWriting: true) }
        var answers = try connection.commit(statements + insertions)[...]
        pool.statistics.countCommit(of: writes.count)
        return writes.map { write in
            if case .statement = write { answers.popFirst()?.rows() ?? [] } else { [] }
        }
    }

    private func again<Result>(_ work: (PostgresConnection) throws -> Result) throws -> Result {
        var attempt = 1
        var lost = 0
        while true {
            do {
                return try connected(work)
            } catch let failure as PostgresFailure where failure.isWorthRetrying && attempt < Self.attempts && lost + failure.losses <= Self.mostLosses {
                lost += failure.losses
                // Two that met each other are to come back at different times.
                Thread.sleep(forTimeInterval: Double.random(in: 0.001...0.002) * Double(1 << attempt))
                attempt += 1
            } catch {
                throw StorageError.translating(error)
            }
        }
    }

    /// Runs work that is not a transaction of a repository's, once.
    func once<Result>(_ work: (PostgresConnection) throws -> Result) throws -> Result {
        do { return try connected(work) } catch { throw StorageError.translating(error) }
    }

    /// - Throws: a `PostgresFailure` as it is, for the caller to judge.
    private func connected<Result>(_ work: (PostgresConnection) throws -> Result) throws -> Result {
        let connection = try open()
        connection.ifHeldUp = ifHeldUp
        defer { if connection.isLost { close() } }
        return try work(connection)
    }

    func close() {
        connection?.close()
        connection = nil
    }

    private func open() throws -> PostgresConnection {
        if let connection { return connection }
        try pool.checkReachable()
        let begun = ContinuousClock.now
        do {
            let opened = try PostgresConnection(url: pool.url)
            pool.noteReached()
            connection = opened
            return opened
        } catch {
            if pool.noteUnreachable(begun: begun, error) { pool.logger.warning("PostgreSQL does not answer", metadata: ["error": "\(error)"]) }
            throw error
        }
    }
}
