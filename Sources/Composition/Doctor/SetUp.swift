internal import Foundation
internal import Logging
public import Primitives
internal import Storage
internal import StoragePostgres
internal import StorageSQLite
internal import Web

/// What a start would be given.
public struct SetUp: Sendable {
    let configuration: Configuration
    let environment: [String: String]
    let clock: any WallClock

    public init(_ configuration: Configuration, environment: [String: String], clock: any WallClock = SystemClock()) {
        self.configuration = configuration
        self.environment = environment
        self.clock = clock
    }

    /// The database's file; `nil` for a server.
    var databaseFile: String? {
        if case .sqlite(let path) = configuration.database { path } else { nil }
    }

    /// Whether there is a database to look into: an embedded one is made by the first start.
    var hasDatabase: Bool { databaseFile.map { FileManager.default.fileExists(atPath: $0) } ?? true }

    /// Reads the database, without bringing its schema up to date.
    func look<Result: Sendable>(_ body: @escaping @Sendable (any ReadTransaction) throws -> Result) async throws -> Result {
        switch configuration.database {
        case .sqlite(let path): return try await SQLiteFile.look(path, body)
        case .postgres(let url):
            var logger = Logger(label: "wekeza.doctor")
            logger.logLevel = .critical
            let database = try await PostgresDatabase.open(url: url, connections: 1, logger: logger)
            do {
                let result = try await database.read(body)
                await database.close()
                return result
            } catch {
                await database.close()
                throw error
            }
        }
    }

    /// Whether the names of a host are this machine's own.
    static func isLoopback(_ host: String) -> Bool {
        let host = host.lowercased()
        return host == "localhost" || host.hasSuffix(".localhost") || host.hasPrefix("127.") || host == "::1" || host == "[::1]"
    }

    var isPublic: Bool { !Self.isLoopback(configuration.host) || !Self.isLoopback(configuration.issuer.host) }
}

/// Who owns a file and who may read it.
struct FileMode {
    let permissions: Int
    let owner: UInt32

    init?(_ path: String) {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path), let permissions = attributes[.posixPermissions] as? Int else {
            return nil
        }
        self.permissions = permissions
        owner = (attributes[.ownerAccountID] as? NSNumber)?.uint32Value ?? 0
    }

    var isMine: Bool { owner == geteuid() }
    var isOpenToOthers: Bool { permissions & 0o077 != 0 }
    var isWritableByOthers: Bool { permissions & 0o022 != 0 }
}
