import Bank
internal import Events
internal import Identity
public import Primitives
public import Storage

/// Fills an organisation's sandbox world: the five customers, their accounts and their history until now.
///
/// Each customer comes whole, in one transaction, or not at all. A world that has them is left as it is, also when two processes begin at once.
public struct WorldSeeder: Sendable {
    private let database: any Database

    public init(database: any Database) {
        self.database = database
    }

    /// - Parameters:
    ///   - hash: the encoded password that every customer of the world signs in with.
    ///   - seed: the same seed gives the same lives in every world.
    ///   - years: how far back at most; `nil` as far as each persona's data says (two years, five for one).
    /// - Returns: the sign-in names of those who were made now.
    @discardableResult
    public func seed(
        world: OrganisationID, passwordHash hash: String, seed: UInt64 = 1, years: Int? = nil, requestID: RequestID? = nil, at now: Timestamp
    ) async throws -> [String] {
        let missing = try await missing(in: world)
        guard !missing.isEmpty else { return [] }
        try await database.write { tx in try Books().open(world, at: now, in: tx) }
        return try await withThrowingTaskGroup(of: String?.self) { group in
            for persona in missing {
                group.addTask {
                    let made = try await make(persona, world: world, hash: hash, seed: seed, years: years, requestID: requestID, at: now)
                    return made ? persona.signInName : nil
                }
            }
            var made: [String] = []
            for try await name in group { if let name { made.append(name) } }
            return made.sorted()
        }
    }

    private func missing(in world: OrganisationID) async throws -> [Persona] {
        try await database.read { tx in
            try Persona.all.filter { persona in
                guard let first = persona.accountIDs(in: world).first else { return false }
                return try Accounts().find(first, in: tx) == nil
            }
        }
    }

    private func make(
        _ persona: Persona, world: OrganisationID, hash: String, seed: UInt64, years: Int?, requestID: RequestID?, at now: Timestamp
    ) async throws -> Bool {
        let person = NewPerson(
            id: persona.personID(in: world), population: .customer, world: world, signInName: persona.signInName, name: persona.name,
            email: persona.email, emailConfirmedAt: now, phone: persona.phone, passwordHash: hash)
        // The slow part happens before the transaction, which holds up every other writer.
        let history = try HistoryGenerator.history(of: persona, holder: person.id, world: world, seed: seed, years: years, until: now)
        return try await database.write { tx in
            // Accounts that are there belong to somebody who is there: the accounts alone decide.
            guard try HistoryWriter().write(history, in: tx) else { return false }
            guard try People().create(person, at: now, in: tx) != nil else { throw WorldSeedingError.nameTaken(persona.signInName) }
            try AuditLog().append(
                AuditEntry(
                    actor: .system, action: .worldSeeded, subject: world.rawValue,
                    after: ["customer": persona.signInName, "transactions": "\(history.transactionCount)"], requestID: requestID, at: now), in: tx)
            return true
        }
    }
}

/// Why a world could not be filled.
public enum WorldSeedingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Somebody else of the world signs in with a persona's name.
    case nameTaken(String)

    public var description: String {
        switch self {
        case .nameTaken(let name): "the sign-in name \(name) is taken by somebody else in this world"
        }
    }
}
