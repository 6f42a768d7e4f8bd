import Applications
import Events
import OAuth
import Primitives
import Storage
import TestSupport

/// A database with the organisation Acme Budget: Wanjiku owns it, Brian is a member.
struct Office: Sendable {
    let db: any Database
    let apps: Apps
    let invitations: Invitations
    let organisations = Organisations()
    let memberships = Memberships()
    let start = ManualClock().now

    static let migrations = EventsMigrations.all + ApplicationsMigrations.all
    static let acme = OrganisationID(trusted: "org_acme")
    static let other = OrganisationID(trusted: "org_other")
    static let wanjiku = PersonID(trusted: "usr_wanjiku")
    static let brian = PersonID(trusted: "usr_brian")
    static let stranger = PersonID(trusted: "usr_stranger")

    static func open(_ engine: Engine, _ body: (Office) async throws -> Void) async throws {
        try await withDatabase(engine, migrations: migrations) { db in try await body(try await Office(db)) }
    }

    private init(_ db: any Database) async throws {
        self.db = db
        let randomness = SeededRandom(5)
        apps = Apps(randomness: randomness)
        invitations = Invitations(randomness: randomness)
        let (organisations, memberships, start) = (organisations, memberships, start)
        try await db.write { tx in
            _ = try organisations.create(
                id: Self.acme, name: "Acme Budget", owner: Self.wanjiku, by: .person(Self.wanjiku), at: start, requestID: nil, in: tx)
            _ = try organisations.create(
                id: Self.other, name: "Other", owner: Self.stranger, by: .person(Self.stranger), at: start, requestID: nil, in: tx)
            try memberships.add(Self.brian, to: Self.acme, role: .member, at: start + .seconds(1), in: tx)
        }
    }

    func make(_ new: NewApp) async throws -> Result<(app: App, secret: Secret?), AppRefusal> {
        try await db.write { [apps, start] tx in try apps.create(new, by: .person(Self.wanjiku), at: start, requestID: RequestID(trusted: "req_1"), in: tx) }
    }

    func makeWeb(_ name: String = "Financial Copilot") async throws -> (app: App, secret: Secret) {
        let made = try await make(NewApp(organisationID: Self.acme, name: name, kind: .web, redirectURIs: [Self.callback])).get()
        guard let secret = made.secret else { throw AppRefusal.publicApp }
        return (made.app, secret)
    }

    static let callback = RedirectURI(registered: "https://app.example.com/callback")

    func audit(_ action: AuditAction) async throws -> [AuditEntry] {
        try await db.read { try AuditLog().list(.init(action: action), limit: 1000, in: $0) }
    }

    func changes() async throws -> [String] {
        try await db.read { try $0.all("SELECT topic, key FROM change_log ORDER BY id").map { "\(try $0["topic"] as String) \(try $0["key"] as String)" } }
    }
}

/// Runs the same thing many times at once.
func race<Result: Sendable>(_ count: Int = 50, _ body: @escaping @Sendable (Int) async throws -> Result) async throws -> [Result] {
    try await withThrowingTaskGroup(of: Result.self) { group in
        for index in 0..<count { group.addTask { try await body(index) } }
        return try await group.reduce(into: []) { $0.append($1) }
    }
}

extension Result {
    var refusal: Failure? { if case .failure(let refusal) = self { refusal } else { nil } }
    var isSuccess: Bool { refusal == nil }
}
