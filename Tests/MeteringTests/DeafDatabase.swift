import Storage
import Synchronization

/// A database whose commits happen while their answers are lost, as when a connection breaks at that moment.
final class DeafDatabase: Database {
    private let database: any Database
    private let losing = Mutex(false)

    init(_ database: any Database) { self.database = database }

    var losesAnswers: Bool {
        get { losing.withLock { $0 } }
        set { losing.withLock { $0 = newValue } }
    }

    var engine: Engine { database.engine }
    var statistics: StorageStatistics { database.statistics }
    var ownChanges: OwnChanges { database.ownChanges }

    func read<Result: Sendable>(_ body: @escaping @Sendable (any ReadTransaction) throws -> Result) async throws -> Result {
        try await database.read(body)
    }

    func readOne<Result: Sendable>(_ body: @escaping @Sendable (any ReadTransaction) throws -> Result) async throws -> Result {
        try await database.readOne(body)
    }

    func write<Result: Sendable>(_ body: @escaping @Sendable (any WriteTransaction) throws -> Result) async throws -> Result {
        let result = try await database.write(body)
        if losesAnswers { throw StorageError.unavailable(reason: "the connection was lost at the commit") }
        return result
    }

    func runScript(_ script: String, named name: String, at now: Int64) async throws -> Bool {
        try await database.runScript(script, named: name, at: now)
    }

    func close() async { await database.close() }
}
