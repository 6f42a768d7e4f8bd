import Storage

/// A database as another process sees it: it hears of changes by the log alone.
final class OtherProcess: Database {
    private let database: any Database
    let ownChanges = OwnChanges()

    init(_ database: any Database) { self.database = database }

    var engine: Engine { database.engine }
    var statistics: StorageStatistics { database.statistics }

    func read<Result: Sendable>(_ body: @escaping @Sendable (any ReadTransaction) throws -> Result) async throws -> Result {
        try await database.read(body)
    }

    func readOne<Result: Sendable>(_ body: @escaping @Sendable (any ReadTransaction) throws -> Result) async throws -> Result {
        try await database.readOne(body)
    }

    func write<Result: Sendable>(_ body: @escaping @Sendable (any WriteTransaction) throws -> Result) async throws -> Result {
        try await database.write(body)
    }

    func runScript(_ script: String, named name: String, at now: Int64) async throws -> Bool {
        try await database.runScript(script, named: name, at: now)
    }

    func close() async { await database.close() }
}
