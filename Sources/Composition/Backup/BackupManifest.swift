import Primitives
internal import Foundation
public import Storage

/// What a backup says about itself: the first file of its archive, authenticated by the second.
public struct BackupManifest: Sendable, Codable {
    /// Of the archive: 1.
    public let format: Int
    public let engine: String
    /// The copy is of this moment or a little later.
    public let takenAt: String
    /// The steps of the schema, in order.
    public let migrations: [AppliedMigration]
    public let database: DatabaseFile

    public struct DatabaseFile: Sendable, Codable {
        public let name: String
        public let bytes: Int64
        /// base64url
        public let sha256: String
    }

    public static let currentFormat = 1

    public var schema: String { migrations.last?.name ?? "none" }

    var encoded: [UInt8] {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return Array(try encoder.encode(self)) + Array("\n".utf8)
        }
    }

    init(decoding bytes: [UInt8]) throws { self = try JSONDecoder().decode(BackupManifest.self, from: Data(bytes)) }

    init(engine: Engine, takenAt: Timestamp, migrations: [AppliedMigration], database: DatabaseFile) {
        format = Self.currentFormat
        self.engine = engine.rawValue
        self.takenAt = takenAt.rfc3339
        // In the order in which this version makes them; what it does not know stands last.
        let order = AllMigrations.all(on: engine).map(\.name)
        self.migrations = migrations.sorted { (order.firstIndex(of: $0.name) ?? .max, $0.name) < (order.firstIndex(of: $1.name) ?? .max, $1.name) }
        self.database = database
    }

    /// Ties a manifest, and with it the digest of its database, to the deployment that wrote it.
    static func authenticator(_ master: MasterKey) -> MessageAuthenticator { master.authenticator(for: "backup-manifest") }
}
