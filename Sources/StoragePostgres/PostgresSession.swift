internal import Foundation
internal import Logging
internal import Storage

/// One thread's connection, opened when it is needed and opened again when it is lost.
final class PostgresSession {
    private let pool: ConnectionPool
    private var connection: PostgresConnection?

    /// How often a transaction runs at most.
    private static let attempts = 6
    /// How many connections a transaction may lose and run again. A statement that ends each of its connections is at fault itself.
    private static let mostLosses = 1

    init(pool: ConnectionPool) { self.pool = pool }

    /// Runs a transaction, again when the server asks for it (a serialization failure, a deadlock) or when the connection is lost before the commit.
    func transaction<Result>(_ kind: TransactionKind, _ body: (PostgresTransaction) throws -> Result) throws -> Result {
        try again { try $0.transaction(kind, statistics: pool.statistics, ownChanges: pool.ownChanges, body).result }
    }

    /// Runs a writing transaction that does not wait for the disk, if it can be told afterwards when it is there.
    /// - Returns: the result, and the ticket to wait with; `nil` when it is durable already.
    func sharing<Result>(_ body: (PostgresTransaction) throws -> Result) throws -> (Result, SharedSync.Ticket?) {
        try again { connection in
            let ticket = pool.sharedSync.ticket(on: connection.server)
            let kind = TransactionKind.write(ticket == nil ? .covering : .left)
            let (result, isDurable) = try connection.transaction(kind, statistics: pool.statistics, ownChanges: pool.ownChanges, body)
            return (result, isDurable ? nil : ticket)
        }
    }

    /// Syncs what this connection has just committed: it was open before that too, so it may vouch for it.
    func cover() throws {
        guard let connection else { throw SharedSync.unknown("the connection was lost") }
        defer { if connection.isLost { close() } }
        do { try connection.sync() } catch { throw SharedSync.unknown("\(error)") }
        pool.statistics.countCommit(of: 1)
    }

    /// Runs one reading statement, which is its own transaction.
    func statement<Result>(_ body: (PostgresTransaction) throws -> Result) throws -> Result {
        try again { try $0.statement(statistics: pool.statistics, body) }
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
            pool.noteUnreachable(begun: begun)
            pool.logger.warning("PostgreSQL does not answer", metadata: ["error": "\(error)"])
            throw error
        }
    }
}
