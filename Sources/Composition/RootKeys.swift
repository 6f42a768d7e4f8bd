internal import AccessTokens
internal import Events
public import Primitives
public import Storage

/// The root key, from its sealed form in the database or as the first start makes it (docs/decisions/0023-root-key.md).
public enum RootKeys {
    /// Opens the root key, keeping the first one when there is none.
    /// - Throws: `ConfigurationError` when the master key does not open what the database holds; storage failures.
    public static func open(_ database: any Database, by master: MasterKey, randomness: any RandomSource, at now: Timestamp) async throws -> RootKey {
        try await explainingRefusal {
            if let kept = try await database.read({ try RootKeyRecord().open(by: master, in: $0) }) { return kept }
            return try await database.write { try keepFirst(under: master, randomness: randomness, at: now, in: $0) }
        }
    }

    /// What became of a change of the master key.
    public enum Change: Hashable, Sendable {
        case changed
        /// The root key is the old master key itself, from before there were root keys: who has that one has the root key, without the database.
        case changedAroundOldKey
        case sealedAlready
    }

    /// Seals the root key under another master key. Whoever has it open goes on with it.
    /// - Throws: `ConfigurationError` when neither opens what the database holds; storage failures.
    public static func reseal(
        _ database: any Database, from master: MasterKey, to replacement: MasterKey, randomness: any RandomSource, at now: Timestamp
    ) async throws -> Change {
        try await explainingRefusal {
            try await database.write { tx in
                if try RootKeyRecord().sealed(in: tx) == nil { _ = try keepFirst(under: master, randomness: randomness, at: now, in: tx) }
                guard try RootKeyRecord().reseal(from: master, to: replacement, at: now, in: tx) else { return .sealedAlready }
                try AuditLog().append(AuditEntry(actor: .commandLine, action: .masterKeyChanged, subject: "root_key", requestID: nil, at: now), in: tx)
                return try RootKeyRecord().open(by: replacement, in: tx) == master.rootKeyBeforeUpgrade ? .changedAroundOldKey : .changed
            }
        }
    }

    /// Refuses a master key that does not open what a database holds, whose schema may be of a version before.
    /// - Throws: `ConfigurationError`; storage failures.
    static func check(_ database: any Database, openedBy master: MasterKey) async throws {
        try await explainingRefusal {
            guard try await database.read({ try Opening(by: master, in: $0) }).isComplete else { throw RootKeyFailure.sealedByAnotherMasterKey }
        }
    }

    /// What a master key opens of what a database holds, whose schema may be of a version before.
    struct Opening: Sendable {
        /// `nil` when none is kept.
        let opensRootKey: Bool?
        let signingKeys: (all: Int, sealed: Int)

        init(by master: MasterKey, in tx: any ReadTransaction) throws {
            let sealed = try RootKeyRecord().sealed(in: tx)
            let rootKey = sealed.map { master.open($0) } ?? master.rootKeyBeforeUpgrade
            opensRootKey = sealed.map { _ in rootKey != nil }
            signingKeys = try tx.hasTable("signing_key") ? SigningKeys.count(openedBy: rootKey, in: tx) : (0, 0)
        }

        var isComplete: Bool { opensRootKey != false && signingKeys.sealed == 0 }
    }

    /// A new deployment draws one. One that was made before there were root keys derived everything from its master key, which must be the one at hand.
    private static func keepFirst(under master: MasterKey, randomness: any RandomSource, at now: Timestamp, in tx: any WriteTransaction) throws -> RootKey {
        let keys = try SigningKeys.count(openedBy: master.rootKeyBeforeUpgrade, in: tx)
        guard keys.sealed == 0 else { throw RootKeyFailure.sealedByAnotherMasterKey }
        return try RootKeyRecord().keep(keys.all == 0 ? .random(from: randomness) : master.rootKeyBeforeUpgrade, under: master, at: now, in: tx)
    }

    private static func explainingRefusal<Result>(_ body: () async throws -> Result) async throws -> Result {
        do { return try await body() } catch let failure as RootKeyFailure { throw ConfigurationError(failure.description) }
    }
}
