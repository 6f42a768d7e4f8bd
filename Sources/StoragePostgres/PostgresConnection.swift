internal import CPostgres
internal import Foundation
internal import Storage

/// One libpq connection, used by one thread.
final class PostgresConnection {
    private let handle: OpaquePointer
    /// The names of the statements prepared here, by their text.
    private var prepared: [String: String] = [:]
    /// Hashes of the long statements that ran here unprepared.
    private var ranOnce: Set<Int> = []
    private var longPrepared = 0
    /// The connection cannot be used any more.
    private(set) var isLost = false

    /// The server ends a statement after `statement_timeout`; the client waits a little longer, for a server that hangs.
    private static let patience = Duration.milliseconds(4_500)
    /// What the address does not say. libpq would look for a Kerberos ticket to encrypt with at each connection; what that leaves behind in a thread is freed
    /// when the thread ends, and where the process ends at that moment Kerberos aborts it.
    private static let settings =
        [("connect_timeout", "2"), ("application_name", "wekeza"), ("client_encoding", "UTF8"), ("keepalives_idle", "30")]
        + (getenv("PGGSSENCMODE") == nil ? [("gssencmode", "disable")] : [])
    private static let session = """
        SET statement_timeout = 4000; SET lock_timeout = 3500; SET idle_in_transaction_session_timeout = 10000; \
        SET client_min_messages = warning; SET TimeZone = 'UTC'
        """
    private static let preparedLimit = 400
    /// Statements with more binds are lists of varying length: one is worth keeping when it comes again, and only so many, that they do not drive out the rest.
    private static let shortBinds = 32
    private static let longPreparedLimit = 100
    private static let ranOnceLimit = 1000
    /// Nodes that migrate at the same time wait for this lock.
    private static let migrationLock = 7_702_651_194

    /// - Throws: `StorageError.unavailable` within two seconds per address of the host.
    init(url: String) throws {
        let settings = Self.settings + [("dbname", url)]
        let keywords = settings.map { strdup($0.0) }
        let values = settings.map { strdup($0.1) }
        defer { for text in keywords + values { free(text) } }
        let opened = PQconnectdbParams(keywords.map { UnsafePointer($0) } + [nil], values.map { UnsafePointer($0) } + [nil], 1)
        guard let opened else { throw StorageError.unavailable(reason: "libpq is out of memory") }
        guard PQstatus(opened) == CONNECTION_OK else {
            let reason = String(cString: PQerrorMessage(opened)).split(whereSeparator: \.isNewline).first ?? "no reason was given"
            PQfinish(opened)
            throw StorageError.unavailable(reason: String(reason))
        }
        handle = opened
        PQsetNoticeProcessor(handle, { _, _ in }, nil)
        do {
            try command(Self.session, within: .seconds(2))
        } catch {
            close()
            throw StorageError.translating(error)
        }
    }

    func close() {
        PQfinish(handle)
        isLost = true
    }

    /// - Throws: when the server is older than 15 or does not keep UTF-8.
    func checkServer() throws {
        guard PQserverVersion(handle) >= 150_000 else {
            throw StorageError.failed(reason: "PostgreSQL 15 or newer is needed; the server's version number is \(PQserverVersion(handle))")
        }
        let encoding = PQparameterStatus(handle, "server_encoding").map { String(cString: $0) }
        guard encoding == "UTF8" else { throw StorageError.failed(reason: "the database must be encoded in UTF8, not \(encoding ?? "unknown")") }
    }

    func transaction<Result>(
        _ kind: TransactionKind, statistics: StorageStatistics, ownChanges: OwnChanges, _ body: (PostgresTransaction) throws -> Result
    ) throws -> Result {
        try command(kind.rawValue)
        let transaction = PostgresTransaction(self, statistics)
        let result: Result
        do {
            result = try body(transaction)
            try transaction.insertLateRows()
            if let failure = transaction.failure { throw failure }
        } catch {
            if !isLost { _ = try? command("ROLLBACK") }  // fails when the connection is lost, which ends the transaction too
            if let failure = transaction.failure, failure.isWorthRetrying { throw failure }
            throw error
        }
        try commit(kind)
        if kind == .write { statistics.countCommit(of: 1) }
        ownChanges.tell(transaction.announcements.changes)
        return result
    }

    /// Runs one reading statement outside a transaction block: the server makes one of its own around it.
    func statement<Result>(statistics: StorageStatistics, _ body: (PostgresTransaction) throws -> Result) throws -> Result {
        let transaction = PostgresTransaction(self, statistics)
        do {
            let result = try body(transaction)
            if let failure = transaction.failure { throw failure }
            return result
        } catch {
            if let failure = transaction.failure, failure.isWorthRetrying { throw failure }
            throw error
        }
    }

    /// - Throws: `StorageError.unavailable` when the connection was lost meanwhile: the commit may or may not have happened, so nothing is retried.
    private func commit(_ kind: TransactionKind) throws {
        do {
            guard try command("COMMIT") == "COMMIT" else { throw StorageError.failed(reason: "the transaction was rolled back at its commit") }
        } catch let failure as PostgresFailure where failure.isLostConnection && kind == .write {
            throw StorageError.unavailable(reason: "the connection was lost at the commit: \(failure.message)")
        }
    }

    /// One step of the schema, in a transaction that only one node runs at a time.
    /// - Returns: whether it was new here.
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
            if !isLost { _ = try? command("ROLLBACK") }  // fails when the connection is lost, which ends the transaction too
            guard let failure = error as? PostgresFailure, !failure.isLostConnection else { throw StorageError.translating(error) }
            throw StorageError.failed(reason: "\(name): \(failure.message)")
        }
    }

    /// Runs one statement with its binds, prepared at its first use, a long one at its second.
    @discardableResult
    func run(_ sql: SQL) throws -> PostgresAnswer {
        let binds = try PostgresBinds(sql.values)
        guard isWorthKeeping(sql) else {
            return try binds.withPointers { count, types, values in
                try answer(to: PQsendQueryParams(handle, sql.text, count, types, values, nil, nil, 0), within: Self.patience)
            }
        }
        let name = try prepare(sql.text, binds)
        return try binds.withPointers { count, _, values in
            try answer(to: PQsendQueryPrepared(handle, name, count, values, nil, nil, 0), within: Self.patience)
        }
    }

    private func isWorthKeeping(_ sql: SQL) -> Bool {
        if sql.isInsertion || sql.values.count <= Self.shortBinds || prepared[sql.text] != nil { return true }
        guard longPrepared < Self.longPreparedLimit else { return false }
        if ranOnce.count >= Self.ranOnceLimit { ranOnce = [] }
        guard !ranOnce.insert(sql.text.hashValue).inserted else { return false }
        longPrepared += 1
        return true
    }

    /// Runs statements without binds.
    /// - Returns: the tag of the last one.
    @discardableResult
    func command(_ text: String, within patience: Duration = PostgresConnection.patience) throws -> String {
        try answer(to: PQsendQuery(handle, text), within: patience).tag
    }

    private func prepare(_ text: String, _ binds: PostgresBinds) throws -> String {
        if let name = prepared[text] { return name }
        if prepared.count >= Self.preparedLimit {
            try command("DEALLOCATE ALL")
            prepared = [:]
            longPrepared = 0
        }
        let name = "s\(prepared.count)"
        try binds.withPointers { count, types, _ in
            _ = try answer(to: PQsendPrepare(handle, name, text, count, types), within: Self.patience)
        }
        prepared[text] = name
        return name
    }

    // MARK: The wire

    private func answer(to sent: CInt, within patience: Duration) throws -> PostgresAnswer {
        guard sent == 1 else { throw lost() }
        let deadline = ContinuousClock.now + patience
        var last: PostgresAnswer?
        var failure: PostgresFailure?
        while true {
            while PQisBusy(handle) == 1 { try waitForInput(until: deadline) }
            guard let result = PQgetResult(handle) else { break }
            let answer = PostgresAnswer(result)
            if let refused = answer.failure { failure = failure ?? refused } else { last = answer }
        }
        if PQstatus(handle) != CONNECTION_OK { throw lost(failure) }
        if let failure {
            if failure.makesConnectionUseless { isLost = true }
            throw failure
        }
        guard let last else { throw lost() }
        return last
    }

    private func waitForInput(until deadline: ContinuousClock.Instant) throws {
        let left = deadline - .now
        var descriptor = pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0)
        let (seconds, attoseconds) = left.components
        let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
        let ready = poll(&descriptor, 1, CInt(clamping: max(0, milliseconds)))
        if ready < 0, errno == EINTR { return }
        guard ready > 0 else {
            isLost = true
            throw PostgresFailure(state: "57014", message: "PostgreSQL did not answer in time", constraint: nil)
        }
        guard PQconsumeInput(handle) == 1 else { throw lost() }
    }

    private func lost(_ failure: PostgresFailure? = nil) -> PostgresFailure {
        isLost = true
        let message = failure?.message ?? String(cString: PQerrorMessage(handle)).trimmingCharacters(in: .whitespacesAndNewlines)
        return PostgresFailure(state: "08006", message: message, constraint: nil)
    }
}
