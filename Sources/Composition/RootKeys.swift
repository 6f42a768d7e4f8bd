internal import AccessTokens
internal import Events
package import Primitives
package import Storage

/// The root key, from its sealed form in the database or as the first start makes it (docs/decisions/0023-root-key.md).
package enum RootKeys {
    /// Opens the root key, keeping the first one when there is none.
    /// - Throws: `ConfigurationError` when the master key does not open what the database holds; storage failures.
    package static func open(
        _ database: any Database, by master: MasterKey, randomness: any RandomSource, at now: Timestamp
    ) async throws -> RootKey {
        try await explainingRefusal {
            if let kept = try await database.read({ try RootKeyRecord().open(by: master, in: $0) }) { return kept }
            return try await database.write { try keepFirst(under: master, randomness: randomness, at: now, in: $0) }
        }
    }

    /// Seals the root key under another master key. Whoever has it open goes on with it.
    /// - Returns: `false` when it was sealed under the other one already.
    /// - Throws: `ConfigurationError` when neither opens what the database holds; storage failures.
    package static func reseal(
        _ database: any Database, from master: MasterKey, to replacement: MasterKey, randomness: any RandomSource, at now: Timestamp
    ) async throws -> Bool {
        try await explainingRefusal {
            try await database.write { tx in
                if try !RootKeyRecord().exists(in: tx) { _ = try keepFirst(under: master, randomness: randomness, at: now, in: tx) }
                guard try RootKeyRecord().reseal(from: master, to: replacement, at: now, in: tx) else { return false }
                try AuditLog().append(AuditEntry(actor: .commandLine, action: .masterKeyChanged, subject: "root_key", requestID: nil, at: now), in: tx)
                return true
            }
        }
    }

    /// How many signing keys there are, and how many of them stay sealed under a master key, with the root key between them or without.
    static func count(openedBy master: MasterKey, in tx: any ReadTransaction) throws -> (all: Int, sealed: Int) {
        let key: RootKey?
        do { key = try RootKeyRecord().open(by: master, in: tx) ?? master.rootKeyOfBefore } catch is RootKeyFailure { key = nil }
        return try SigningKeys.count(openedBy: key, in: tx)
    }

    /// A new deployment draws one. One that was made before there were root keys derived everything from its master key, which must be the one at hand.
    private static func keepFirst(under master: MasterKey, randomness: any RandomSource, at now: Timestamp, in tx: any WriteTransaction) throws -> RootKey {
        let keys = try SigningKeys.count(openedBy: master.rootKeyOfBefore, in: tx)
        guard keys.sealed == 0 else { throw RootKeyFailure.sealedByAnotherMasterKey }
        return try RootKeyRecord().keep(keys.all == 0 ? .random(from: randomness) : master.rootKeyOfBefore, under: master, at: now, in: tx)
    }

    private static func explainingRefusal<Result>(_ body: () async throws -> Result) async throws -> Result {
        do { return try await body() } catch let failure as RootKeyFailure { throw ConfigurationError(failure.description) }
    }
}
