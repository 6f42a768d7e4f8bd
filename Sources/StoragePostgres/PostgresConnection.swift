internal import CPostgres
internal import Foundation
internal import Storage

/// One libpq connection, used by one thread at a time.
final class PostgresConnection {
    let handle: OpaquePointer
    let descriptor: CInt
    /// A command was left whose answer nobody has read.
    private var isOwed = false
    /// The statements prepared here, by their text.
    private var prepared: [String: PostgresStatement.Prepared] = [:]
    /// Hashes of the long statements that ran here unprepared.
    private var ranOnce: Set<Int> = []
    private var longPrepared = 0
    /// The connection cannot be used any more.
    var isLost = false
    /// Called once when an exchange takes long.
    var ifHeldUp: (() -> Void)?
    var heldUpAt = ContinuousClock.now

    /// The server ends a statement after `statement_timeout`; the client waits a little longer, for a server that hangs.
    static let patience = Duration.milliseconds(4_500)
    /// What the address does not say. A standby answers reads with what was so a while ago, and no write: of several hosts the primary is looked for, and a
    /// server that is none does not answer. libpq would look for a Kerberos ticket to encrypt with at each connection; what that leaves behind in a thread is
    /// freed when the thread ends, and where the process ends at that moment Kerberos aborts it.
    private static let settings =
        [("connect_timeout", "2"), ("client_encoding", "UTF8"), ("keepalives_idle", "30"), ("tcp_user_timeout", "5000")]
        + [("target_session_attrs", "primary")]
        + (getenv("PGGSSENCMODE") == nil ? [("gssencmode", "disable")] : [])
    /// A commit waits for the server's disk whatever its configuration says of `synchronous_commit`, or says after a reload, which changes no session's own
    /// value. `local` and those that wait for a standby wait for the disk too, and are the operator's.
    private static let session = """
        SET statement_timeout = 4000; SET lock_timeout = 3500; SET idle_in_transaction_session_timeout = 10000; \
        SET client_min_messages = warning; SET TimeZone = 'UTC'; \
        SELECT set_config('synchronous_commit', COALESCE(NULLIF(current_setting('synchronous_commit'), 'off'), 'on'), false)
        """
    /// Behind an exchange that takes longer nobody is to wait.
    static let longestWait = Duration.milliseconds(10)
    private static let preparedLimit = 400
    /// POLLRDHUP (poll(2)), which Swift's Glibc leaves out.
    private static let hungUp: Int16 = 0x2000
    /// Statements with more binds are lists of varying length: one is worth keeping when it comes again, and only so many, that they do not drive out the rest.
    private static let shortBinds = 32
    private static let longPreparedLimit = 100
    private static let ranOnceLimit = 1000

    /// - Throws: `StorageError.unavailable` within two seconds per address of the host.
    init(url: String) throws {
        // A restore knows a server that is connected by its name, whatever the address says.
        let settings = Self.settings + [("dbname", url), ("application_name", "wekeza")]
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
        descriptor = PQsocket(opened)
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

    /// Prepares a statement at its first use, a long one at its second.
    func ready(_ sql: SQL) throws -> PostgresStatement {
        try settle()
        let binds = try PostgresBinds(sql.values)
        return PostgresStatement(text: sql.text, prepared: try isWorthKeeping(sql) ? prepare(sql.text, binds) : nil, binds: binds)
    }

    @discardableResult
    func run(_ sql: SQL) throws -> PostgresAnswer { try run(ready(sql), after: []) }

    /// - Parameter opening: commands that are sent ahead of the statement.
    func run(_ statement: PostgresStatement, after opening: [String]) throws -> PostgresAnswer {
        let (answers, failure) = try exchange([statement], after: opening)
        if let failure { throw failure }
        guard let answer = answers.last else { throw lost() }
        return answer
    }

    /// Commits the transaction that is open, behind its last statements.
    func commit(behind statements: [PostgresStatement]) throws {
        let (answers, failure) = try exchange(statements, before: "COMMIT")
        if let failure { throw failure }
        guard answers.last?.tag == "COMMIT" else { throw StorageError.failed(reason: "the transaction was rolled back at its commit") }
    }

    /// Runs reading statements outside a transaction block, each with a snapshot of its own, as one exchange with the server.
    /// - Returns: the answers up to the first that failed.
    func runTogether(_ statements: some Collection<SQL>) throws -> [PostgresAnswer] {
        try makeRoom(for: statements.count)
        var ready: [PostgresStatement] = []
        for statement in statements {
            do { ready.append(try self.ready(statement)) } catch {
                if isLost { throw error }
                break
            }
        }
        return try exchange(ready).answers
    }

    /// Sends such statements.
    /// - Returns: `nil` when one of them has to be prepared first.
    func sendAtOnce(_ statements: some Collection<SQL>) throws -> PostgresExchange? {
        var ready: [PostgresStatement] = []
        ready.reserveCapacity(statements.count)
        for statement in statements {
            guard !isOwed, let known = prepared[statement.text] else { return nil }
            ready.append(PostgresStatement(text: statement.text, prepared: known, binds: try PostgresBinds(statement.values)))
        }
        return try send(ready)
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
        try settle()
        return try answer(to: PQsendQuery(handle, text) == 1, within: patience).tag
    }

    /// Runs a `COPY` that reads what is sent.
    func command(_ copy: String, _ write: (_ send: ([UInt8]) throws -> Void) throws -> Void) throws {
        try settle()
        guard PQsendQuery(handle, copy) == 1, let ready = try nextAnswer(within: Self.patience) else { throw lost() }
        if let failure = ready.failure {
            _ = try nextAnswer(within: Self.patience)
            if failure.makesConnectionUseless { isLost = true }
            throw failure
        }
        try write { bytes in
            if bytes.withUnsafeBytes({ PQputCopyData(handle, $0.bindMemory(to: CChar.self).baseAddress, CInt($0.count)) }) != 1 { throw lost() }
        }
        _ = try answer(to: PQputCopyEnd(handle, nil) == 1, within: Self.patience)
    }

    /// Sends a command whose answer nobody waits for: it is read before the next statement is sent.
    func leave(_ command: String) {
        isOwed = PQsendQuery(handle, command) == 1
        if !isOwed { isLost = true }
    }

    /// Ends the transaction that is open. Where the server does not do so, it does when it loses the connection.
    func rollBack() {
        guard !isLost, isInTransaction else { return }
        do { try command("ROLLBACK") } catch { isLost = true }
    }

    private func settle() throws {
        guard isOwed else { return }
        isOwed = false
        do { _ = try answer(to: true, within: Self.patience) } catch {
            isLost = true
            throw error
        }
    }

    /// Whether a transaction is open, be it one that a failed statement has ended.
    var isInTransaction: Bool { [PQTRANS_INTRANS, PQTRANS_INERROR].contains(PQtransactionStatus(handle)) }

    /// Whether the server runs on this machine.
    var isNear: Bool {
        let address = PQhostaddr(handle).map { String(cString: $0) } ?? ""
        if address.isEmpty { return PQhost(handle).map { String(cString: $0) }?.hasPrefix("/") == true }  // of a socket
        return address.hasPrefix("127.") || address == "::1"
    }

    /// Whether the server has ended the connection, as far as that can be seen without a question. Another thread may ask while one waits for an answer.
    var isHungUp: Bool {
        var asked = pollfd(fd: descriptor, events: Self.hungUp, revents: 0)
        return poll(&asked, 1, 0) > 0
    }

    private func prepare(_ text: String, _ binds: PostgresBinds) throws -> PostgresStatement.Prepared {
        if let known = prepared[text] { return known }
        try makeRoom(for: 1)
        let name = "s\(prepared.count)"
        try binds.withPointers { count, types, _ in
            _ = try answer(to: PQsendPrepare(handle, name, text, count, types) == 1, within: Self.patience)
        }
        let new = (name, PostgresShape())
        prepared[text] = new
        return new
    }

    /// So many statements can be prepared one after the other, and then run.
    func makeRoom(for count: Int) throws {
        guard prepared.count + count > Self.preparedLimit else { return }
        try command("DEALLOCATE ALL")
        prepared = [:]
        longPrepared = 0
    }

    func lost(_ reason: String? = nil) -> PostgresFailure {
        isLost = true
        let message = reason ?? String(cString: PQerrorMessage(handle)).trimmingCharacters(in: .whitespacesAndNewlines)
        return PostgresFailure(state: "08006", message: message, constraint: nil)
    }
}
