internal import CPostgres
internal import Foundation
internal import Storage

/// One libpq connection, used by one thread at a time.
final class PostgresConnection {
    private let handle: OpaquePointer
    private let descriptor: CInt
    /// Which start of which server it leads to: an address may lead to another one after a while.
    private(set) var server = ""
    private var process = 0
    /// A command was left whose answer nobody has read.
    private var isOwed = false
    /// The names of the statements prepared here, by their text.
    private var prepared: [String: String] = [:]
    /// Hashes of the long statements that ran here unprepared.
    private var ranOnce: Set<Int> = []
    private var longPrepared = 0
    /// The connection cannot be used any more.
    private(set) var isLost = false

    /// The server ends a statement after `statement_timeout`; the client waits a little longer, for a server that hangs.
    static let patience = Duration.milliseconds(4_500)
    /// What the address does not say. libpq would look for a Kerberos ticket to encrypt with at each connection; what that leaves behind in a thread is freed
    /// when the thread ends, and where the process ends at that moment Kerberos aborts it.
    private static let settings =
        [("connect_timeout", "2"), ("application_name", "wekeza"), ("client_encoding", "UTF8"), ("keepalives_idle", "30"), ("tcp_user_timeout", "5000")]
        + (getenv("PGGSSENCMODE") == nil ? [("gssencmode", "disable")] : [])
    private static let session = """
        SET statement_timeout = 4000; SET lock_timeout = 3500; SET idle_in_transaction_session_timeout = 10000; \
        SET client_min_messages = warning; SET TimeZone = 'UTC'; \
        SELECT pg_backend_pid() AS process, EXTRACT(EPOCH FROM pg_postmaster_start_time())::text AS server
        """
    /// A transaction of one record, the smallest that a commit can cover.
    private static let sync: SQL = """
        SELECT pg_backend_pid() AS process, EXTRACT(EPOCH FROM pg_postmaster_start_time())::text AS server,
               pg_logical_emit_message(TRUE, 'wekeza', '') AS place
        """
    private static let preparedLimit = 400
    /// POLLRDHUP (poll(2)), which Swift's Glibc leaves out.
    private static let hungUp: Int16 = 0x2000
    /// Statements with more binds are lists of varying length: one is worth keeping when it comes again, and only so many, that they do not drive out the rest.
    private static let shortBinds = 32
    private static let longPreparedLimit = 100
    private static let ranOnceLimit = 1000

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
        descriptor = PQsocket(opened)
        PQsetNoticeProcessor(handle, { _, _ in }, nil)
        do {
            guard let row = try ask(Self.session, within: .seconds(2)).rows().first else { throw lost() }
            (process, server) = (try row["process"], try row["server"])
        } catch {
            close()
            throw StorageError.translating(error)
        }
    }

    /// Makes durable what was committed on this server, if it is the process of the server that has been there since the connection was opened.
    func sync() throws {
        guard let row = try run(Self.sync).rows().first, try row["process"] == process, try row["server"] == server else {
            throw lost("another process of the server, or another server, answered")
        }
    }

    func close() {
        PQfinish(handle)
        isLost = true
    }

    /// - Returns: whether commits may share a sync there.
    /// - Throws: when the server is older than 15 or does not keep UTF-8.
    func checkServer() throws -> Bool {
        guard PQserverVersion(handle) >= 150_000 else {
            throw StorageError.failed(reason: "PostgreSQL 15 or newer is needed; the server's version number is \(PQserverVersion(handle))")
        }
        let encoding = PQparameterStatus(handle, "server_encoding").map { String(cString: $0) }
        guard encoding == "UTF8" else { throw StorageError.failed(reason: "the database must be encoded in UTF8, not \(encoding ?? "unknown")") }
        return try ask(SharedSync.isAllowed).rows().first?["allowed"] ?? false
    }

    /// A statement with its binds, and the name that it is prepared under; `nil` for what is not worth keeping.
    struct Ready {
        fileprivate let text: String
        fileprivate let name: String?
        fileprivate let binds: PostgresBinds
    }

    /// Prepares a statement at its first use, a long one at its second.
    func ready(_ sql: SQL) throws -> Ready {
        try settle()
        let binds = try PostgresBinds(sql.values)
        return Ready(text: sql.text, name: try isWorthKeeping(sql) ? prepare(sql.text, binds) : nil, binds: binds)
    }

    @discardableResult
    func run(_ sql: SQL) throws -> PostgresAnswer { try run(ready(sql)) }

    /// Runs one statement.
    /// - Parameters:
    ///   - opening: commands that are sent ahead of it.
    ///   - closing: commands that are sent right behind it. All of them are one exchange with the server, which runs nothing of it behind what fails.
    @discardableResult
    func run(_ statement: Ready, after opening: [String] = [], before closing: [String] = []) throws -> PostgresAnswer {
        let isPipeline = !opening.isEmpty || !closing.isEmpty
        var sent = isPipeline ? PQenterPipelineMode(handle) == 1 : true
        for command in opening { sent = sent && send(command) }
        sent = sent && send(statement)
        for command in closing { sent = sent && send(command) }
        if isPipeline { sent = sent && PQpipelineSync(handle) == 1 }
        guard sent else { throw lost() }
        return try answers(opening.count + 1 + closing.count, isPipeline: isPipeline, within: Self.patience)[opening.count]
    }

    private func send(_ command: String) -> Bool { PQsendQueryParams(handle, command, 0, nil, nil, nil, nil, 0) == 1 }

    private func send(_ statement: Ready) -> Bool {
        statement.binds.withPointers { count, types, values in
            if let name = statement.name { return PQsendQueryPrepared(handle, name, count, values, nil, nil, 0) }
            return PQsendQueryParams(handle, statement.text, count, types, values, nil, nil, 0)
        } == 1
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
        try ask(text, within: patience).tag
    }

    /// Runs what is asked once, without preparing it.
    func ask(_ text: String, within patience: Duration = PostgresConnection.patience) throws -> PostgresAnswer {
        try settle()
        return try answer(to: PQsendQuery(handle, text), within: patience)
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
        do { _ = try answer(to: 1, within: Self.patience) } catch {
            isLost = true
            throw error
        }
    }

    /// Whether a transaction is open, be it one that a failed statement has ended.
    var isInTransaction: Bool { [PQTRANS_INTRANS, PQTRANS_INERROR].contains(PQtransactionStatus(handle)) }

    /// Whether the server has ended the connection, as far as that can be seen without a question. Another thread may ask while one waits for an answer.
    var isHungUp: Bool {
        var asked = pollfd(fd: descriptor, events: Self.hungUp, revents: 0)
        return poll(&asked, 1, 0) > 0
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
        guard sent == 1, let last = try answers(1, isPipeline: false, within: patience).last else { throw lost() }
        return last
    }

    /// Reads the answers to what was sent: in pipeline mode one for each statement, otherwise all that the one text leads to.
    /// - Parameter patience: for each of them.
    private func answers(_ count: Int, isPipeline: Bool, within patience: Duration) throws -> [PostgresAnswer] {
        var answers: [PostgresAnswer] = []
        var failure: PostgresFailure?
        for _ in 0..<count {
            let deadline = ContinuousClock.now + patience
            while let answer = try nextAnswer(until: deadline) {
                if let refused = answer.failure { failure = failure ?? refused } else { answers.append(answer) }
            }
        }
        if isPipeline {
            _ = try nextAnswer(until: .now + patience)  // of the sync that ends it
            guard PQexitPipelineMode(handle) == 1 else { throw lost(failure?.message) }
        }
        if PQstatus(handle) != CONNECTION_OK { throw lost(failure?.message) }
        if let failure {
            if failure.makesConnectionUseless { isLost = true }
            throw failure
        }
        guard answers.count >= count else { throw lost() }
        return answers
    }

    /// - Returns: `nil` behind the last answer to a statement.
    private func nextAnswer(until deadline: ContinuousClock.Instant) throws -> PostgresAnswer? {
        while PQisBusy(handle) == 1 { try waitForInput(until: deadline) }
        return PQgetResult(handle).map { PostgresAnswer($0) }
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

    private func lost(_ reason: String? = nil) -> PostgresFailure {
        isLost = true
        let message = reason ?? String(cString: PQerrorMessage(handle)).trimmingCharacters(in: .whitespacesAndNewlines)
        return PostgresFailure(state: "08006", message: message, constraint: nil)
    }
}
