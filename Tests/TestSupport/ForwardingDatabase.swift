public import Storage

/// A database in front of another: what a test does not change goes through.
public protocol ForwardingDatabase: Database {
    var behind: any Database { get }
}

extension ForwardingDatabase {
    public var engine: Engine { behind.engine }
    public var statistics: StorageStatistics { behind.statistics }
    public var ownChanges: OwnChanges { behind.ownChanges }

    public func read<Result: Sendable>(_ body: @escaping @Sendable (any ReadTransaction) throws -> Result) async throws -> Result {
        try await behind.read(body)
    }

    public func readOne<Result: Sendable>(_ body: @escaping @Sendable (any ReadTransaction) throws -> Result) async throws -> Result {
        try await behind.readOne(body)
    }

    public func write<Result: Sendable>(_ body: @escaping @Sendable (any WriteTransaction) throws -> Result) async throws -> Result {
        try await behind.write(body)
    }

    public func writeOne(_ sql: SQL) async throws -> [Row] { try await behind.writeOne(sql) }

    public func insert(_ rows: RowsToInsert) async throws { try await behind.insert(rows) }

    public func runScript(_ script: String, named name: String, at now: Int64) async throws -> Bool {
        try await behind.runScript(script, named: name, at: now)
    }

    public func close() async { await behind.close() }
}
