import Events
import Identity
import Passwords
import Primitives
import Storage
import TestSupport

/// A database with a few people in it, and what it takes to sign them in.
struct House: Sendable {
    let db: any Database
    let passwords: PasswordHasher
    let signIn: SignIn
    let sessions: Sessions
    let randomness: SeededRandom
    let people = People()
    let start = ManualClock().now

    static let migrations = EventsMigrations.all + IdentityMigrations.all
    static let password = "mbuzi huenda sokoni"
    static let acme = OrganisationID(trusted: "org_acme")
    static let other = OrganisationID(trusted: "org_other")

    /// Wanjiku is a developer; Amina a customer in Acme's world, and another Amina in another's.
    let wanjiku: Person
    let amina: Person
    let otherAmina: Person

    static func open(_ engine: Engine, _ body: (House) async throws -> Void) async throws {
        try await withDatabase(engine, migrations: migrations) { db in
            try await body(try await House(db))
        }
    }

    init(_ db: any Database) async throws {
        self.db = db
        randomness = SeededRandom(3)
        passwords = PasswordHasher(settings: .test, queueLimit: 1000, randomness: randomness)
        signIn = SignIn(database: db, passwords: passwords)
        sessions = Sessions(database: db, randomness: randomness)
        let hash = try await passwords.hash(Self.password)
        let (people, randomness, start) = (people, randomness, start)
        (wanjiku, amina, otherAmina) = try await db.write { tx in
            func make(_ name: String, _ population: Population, _ world: OrganisationID?, email: String?) throws -> Person {
                let new = NewPerson(
                    id: .random(from: randomness), population: population, world: world, signInName: name, name: "\(name) Test", email: email,
                    passwordHash: hash)
                guard let person = try people.create(new, at: start, in: tx) else { throw StorageError.conflict(constraint: name) }
                return person
            }
            return (
                try make("wanjiku@example.com", .developer, nil, email: "wanjiku@example.com"), try make("amina.traveler", .customer, Self.acme, email: nil),
                try make("amina.traveler", .customer, Self.other, email: nil)
            )
        }
    }

    /// Wanjiku's attempt.
    func attempt(_ password: String = House.password, from address: String = "192.0.2.1", after: Duration = .zero) async throws -> SignInOutcome {
        try await signIn.attempt(
            name: "wanjiku@example.com", password: password, population: .developer, from: address, requestID: RequestID(trusted: "req_1"),
            at: start + after)
    }

    /// Wanjiku's password, proved once more; what she does with it is still to come.
    func proof() async throws -> FirstStep {
        guard case .right(let proof) = try await signIn.prove(Self.password, of: wanjiku, from: "192.0.2.1", requestID: nil, at: start) else {
            throw NotProved()
        }
        return proof
    }

    private struct NotProved: Error {}

    /// The link of a reset mail to Wanjiku.
    func resetLink() async throws -> Secret {
        try await db.write { [randomness, wanjiku, start] tx in
            try OneTimeLinks(randomness: randomness).issue(.resetPassword, for: wanjiku.id, at: start, in: tx)
        }
    }

    func audit(_ action: AuditAction) async throws -> [AuditEntry] {
        try await db.read { try AuditLog().list(.init(action: action), limit: 1000, in: $0) }
    }
}

extension SignInOutcome {
    /// Whose session may begin.
    var person: PersonID? { if case .signedIn(let first) = self { first.person } else { nil } }
}

/// How often each outcome came.
func tally<Outcome: Hashable>(_ outcomes: [Outcome]) -> [Outcome: Int] { outcomes.reduce(into: [:]) { $0[$1, default: 0] += 1 } }

/// Runs the same thing many times at once.
func race<Result: Sendable>(_ count: Int = 50, _ body: @escaping @Sendable (Int) async throws -> Result) async throws -> [Result] {
    try await withThrowingTaskGroup(of: Result.self) { group in
        for index in 0..<count { group.addTask { try await body(index) } }
        return try await group.reduce(into: []) { $0.append($1) }
    }
}
