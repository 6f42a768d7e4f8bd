internal import Applications
internal import Events
internal import Identity
public import OAuth
public import Passwords
public import Primitives
internal import Sandbox
public import Storage
public import Web

/// The fake world that `--demo` serves: five customers, a developer with an app, a member of staff. Seeding it twice changes nothing.
public struct DemoWorld: Sendable {
    public static let organisation = OrganisationID(trusted: "org_demo")
    public static let clientID = ClientID("acme-budget")!  // a constant of the right form
    public static let developer = (email: "developer@example.test", password: "sandbox-developer")
    public static let staff = (email: "staff@example.test", password: "sandbox-staff")
    public static let customerPassword = PersonaCatalogue.password

    /// The demo app's secret: the same at each start, because it is printed each time and only its digest is kept. Known to this deployment only.
    public let clientSecret: Secret
    private let bench: Workbench
    private let issuer: Issuer
    private let passwords: PasswordHasher

    public init(bench: Workbench, rootKey: RootKey, issuer: Issuer, passwords: PasswordHasher) {
        self.bench = bench
        self.issuer = issuer
        self.passwords = passwords
        clientSecret = Secret("wkz_sk_" + MessageAuthenticator(rootKey, purpose: "demo-client-secret").code(for: Self.clientID.text))
    }

    /// Whether a database holds the demo world, whose passwords everybody knows.
    public static func isIn(_ database: any Database) async throws -> Bool { try await database.read { try isThere(in: $0) } }

    /// Why a start without `--demo` refuses the database.
    static let refusal = (
        found: "This database holds the demo world, whose passwords everybody knows", advice: "start with --demo, or name another --database"
    )

    static func isThere(in tx: any ReadTransaction) throws -> Bool { try Organisations().find(organisation, in: tx) != nil }

    public func seed() async throws {
        let now = bench.clock.now
        if try await !Self.isIn(bench.database) {
            let hashes = (
                developer: try await passwords.hash(Self.developer.password), staff: try await passwords.hash(Self.staff.password)
            )
            try await bench.database.write { tx in try seedPeopleAndApp(hashes.developer, hashes.staff, at: now, in: tx) }
        }
        try await bench.database.write { tx in try admitCallback(at: now, in: tx) }
        let customers = try await passwords.hash(Self.customerPassword)
        try await WorldSeeder(database: bench.database).seed(world: Self.organisation, passwordHash: customers, at: now)
    }

    private func seedPeopleAndApp(_ developerHash: String, _ staffHash: String, at now: Timestamp, in tx: any WriteTransaction) throws {
        let developer = PersonID(trusted: "usr_demodeveloper")
        let people = People()
        _ = try people.create(
            NewPerson(
                id: developer, population: .developer, signInName: Self.developer.email, name: "Dorcas Developer", email: Self.developer.email,
                emailConfirmedAt: now, passwordHash: developerHash),
            at: now, in: tx)
        _ = try people.create(
            NewPerson(
                id: PersonID(trusted: "usr_demostaff"), population: .staff, signInName: Self.staff.email, name: "Stella Staff", email: Self.staff.email,
                emailConfirmedAt: now, passwordHash: staffHash),
            at: now, in: tx)
        // Two processes that start together: the second finds the organisation and leaves the rest to the first.
        let organisation = try Organisations().create(
            id: Self.organisation, name: "Acme Budget", handle: "acme-budget", isDemo: true, owner: developer, by: .system, at: now, requestID: nil, in: tx)
        guard organisation != nil else { return }
        let app = NewApp(
            organisationID: Self.organisation, name: "Acme Budget", purpose: "So that your monthly budget fills itself in.", kind: .web,
            redirectURIs: [callback], clientID: Self.clientID, secret: clientSecret)
        _ = try Applications.Apps(randomness: bench.randomness).create(app, by: .system, at: now, requestID: nil, in: tx)
    }

    private var callback: RedirectURI { RedirectURI(registered: issuer.address("/demo/callback")) }

    /// A start at another address than the last one adds its callback to the demo app's.
    private func admitCallback(at now: Timestamp, in tx: any WriteTransaction) throws {
        let apps = Applications.Apps(randomness: bench.randomness)
        guard let app = try apps.find(Self.clientID, in: tx), !app.redirectURIs.contains(callback) else { return }
        _ = try apps.update(app.id, AppChange(redirectURIs: app.redirectURIs.suffix(9) + [callback]), by: .system, at: now, requestID: nil, in: tx)
    }
}
