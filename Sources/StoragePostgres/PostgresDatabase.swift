package import Logging
package import Storage

/// The engine for several nodes.
package final class PostgresDatabase: Database {
    package let statistics = StorageStatistics()
    package var engine: Engine { .postgres }

    private init() {}

    package static func open(url: String, connections: Int, logger: Logger) async throws -> PostgresDatabase {
        throw StorageError.unavailable(reason: "not yet")
    }

    package func read<Result: Sendable>(_ body: @escaping @Sendable (any ReadTransaction) throws -> Result) async throws -> Result {
        throw StorageError.unavailable(reason: "not yet")
    }

    package func write<Result: Sendable>(_ body: @escaping @Sendable (any WriteTransaction) throws -> Result) async throws -> Result {
        throw StorageError.unavailable(reason: "not yet")
    }

    package func runScript(_ script: String, named name: String, at now: Int64) async throws -> Bool {
        throw StorageError.unavailable(reason: "not yet")
    }

    package func close() async {}
}
