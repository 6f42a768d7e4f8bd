package import Storage

/// A database in front of another: what a test does not change goes through.
package protocol ForwardingDatabase: Database {
    var behind: any Database { get }
}

extension ForwardingDatabase {
    package var engine: Engine { behind.engine }
    package var statistics: StorageStatistics { behind.statistics }
    package var ownChanges: OwnChanges { behind.ownChanges }

    package func read<Result: Sendable>(_ body: @escaping @Sendable (any ReadTransaction) throws -> Result) async throws -> Result {
        try await behind.read(body)
    }

    package func readOne<Result: Sendable>(_ body: @escaping @Sendable (any ReadTransaction) throws -> Result) async throws -> Result {
        try await behind.readOne(body)
    }

    package func write<Result: Sendable>(
        _ sync: CommitSync, _ body: @escaping @Sendable (any WriteTransaction) throws -> Result
    ) async throws -> Result {
        try await behind.write(sync, body)
    }

    package func runScript(_ script: String, named name: String, at now: Int64) async throws -> Bool {
        try await behind.runScript(script, named: name, at: now)
    }

    package func close() async { await behind.close() }
}
