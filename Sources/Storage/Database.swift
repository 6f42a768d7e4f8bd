public import Primitives

/// The two engines; the SQL is written once for both.
public enum Engine: String, Sendable, CaseIterable {
    case sqlite
    case postgres
}

/// An open database. Transaction bodies are synchronous, so nothing suspends while one is open.
public protocol Database: Sendable {
    var engine: Engine { get }
    var statistics: StorageStatistics { get }
    var ownChanges: OwnChanges { get }

    /// Runs reads against one consistent snapshot.
    /// - Throws: `StorageError`, or what the body throws.
    func read<Result: Sendable>(_ body: @escaping @Sendable (any ReadTransaction) throws -> Result) async throws -> Result

    /// Runs a body of one statement at most. It sees what was committed before it was asked for. It needs no transaction around it, so that an event loop runs all
    /// of a turn together, and on SQLite no change of threads.
    /// - Throws: `StorageError`, also for a second statement; what the body throws.
    func readOne<Result: Sendable>(_ body: @escaping @Sendable (any ReadTransaction) throws -> Result) async throws -> Result

    /// Runs a transaction and returns after its commit is durable. What the body throws rolls it back.
    /// The body may run again after a serialization failure, or when one that shares its commit is undone: it changes rows, and keeps its effects inside the
    /// transaction. A statement that fails ends the transaction, even when the body catches the error: what may conflict is written with `ON CONFLICT`.
    /// - Throws: `StorageError`, or what the body throws.
    @discardableResult
    func write<Result: Sendable>(_ body: @escaping @Sendable (any WriteTransaction) throws -> Result) async throws -> Result

    /// Runs one statement as a transaction of its own, and returns after its commit is durable. Those that come at the same time share it.
    /// - Returns: what it returns: with `RETURNING`, whether a conditional write won.
    /// - Throws: `StorageError`.
    @discardableResult
    func writeOne(_ sql: SQL) async throws -> [Row]

    /// Inserts rows as a transaction of their own, and returns after its commit is durable. Those that come at the same time share it, and their statements.
    /// - Throws: `StorageError`; a conflict is of these rows, not of what shares their commit.
    func insert(_ rows: RowsToInsert) async throws

    /// Runs several statements without binds, separated by semicolons: migrations only.
    func runScript(_ script: String, named name: String, at now: Int64) async throws -> Bool

    func close() async
}

extension Database {
    /// Inserts the late rows of a body that does nothing else, as `insert` does; the body runs at once.
    @discardableResult
    public func insert<Result>(_ body: (any WriteTransaction) throws -> Result) async throws -> Result {
        let gathered = RowsOnly(engine: engine)
        let result = try body(gathered)
        try await insert(gathered.late.rows)
        return result
    }
}

/// What the body of `insert` works on.
private struct RowsOnly: WriteTransaction {
    let engine: Engine
    let late = LateRows(isBounded: false)
    let announcements = Announcements()

    func all(_ sql: SQL) throws -> [Row] { throw StorageError.failed(reason: "a statement where rows are inserted and nothing else") }

    func execute(_ sql: SQL) throws -> Int { try all(sql).count }
}

public protocol ReadTransaction {
    var engine: Engine { get }

    func all(_ sql: SQL) throws -> [Row]
}

public protocol WriteTransaction: ReadTransaction {
    var late: LateRows { get }
    var announcements: Announcements { get }

    /// - Returns: how many rows the statement changed.
    /// - Throws: `StorageError.conflict` when a unique key refuses the row.
    @discardableResult
    func execute(_ sql: SQL) throws -> Int

    /// Inserts rows, many with one statement.
    /// - Returns: what the insertion's ending returns.
    @discardableResult
    func insert(_ rows: [[SQLValue]], by insertion: SQL.Insertion) throws -> [Row]
}

extension ReadTransaction {
    /// The first row, for statements that answer with one at most. With `RETURNING` it also tells whether a conditional write won.
    public func first(_ sql: SQL) throws -> Row? { try all(sql).first }
}

extension WriteTransaction {
    /// Whether this is the only transaction that does a job, on all nodes: who finds another at it leaves it to that one. SQLite has one writer.
    public func isAlone(at job: String) throws -> Bool {
        guard engine == .postgres else { return true }
        return try first("SELECT pg_try_advisory_xact_lock(hashtext(\(job))) AS won")?["won"] ?? false
    }
}

public enum StorageError: Unavailability, Sendable, CustomStringConvertible {
    /// The database does not answer: the caller says 503.
    case unavailable(reason: String)
    /// The commit was not answered, or its connection was lost: it may have happened or not, and nobody can tell. The caller says 503.
    case undecided(reason: String)
    /// A unique key or a foreign key refused the row.
    case conflict(constraint: String)
    /// A column holds what the program never wrote, or is not in the answer.
    case unexpectedValue(column: String)
    /// Any other refusal of a statement: a mistake of ours. Carries the engine's message, never the bound values.
    case failed(reason: String)

    public var isUnavailable: Bool {
        switch self {
        case .unavailable, .undecided: true
        case .conflict, .unexpectedValue, .failed: false
        }
    }

    public var description: String {
        switch self {
        case .unavailable(let reason): "storage unavailable: \(reason)"
        case .undecided(let reason): "the commit was not answered: \(reason)"
        case .conflict(let constraint): "conflict on \(constraint)"
        case .unexpectedValue(let column): "unexpected value in column \(column)"
        case .failed(let reason): "storage failed: \(reason)"
        }
    }
}
