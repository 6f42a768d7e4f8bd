import AccessTokens
import Applications
import Events
import Logging
import OAuth
import Primitives
import Storage
import TestSupport

let migrations = EventsMigrations.all + AccessTokensMigrations.all
let issuer = "http://localhost:8080"

/// The room on a database of its own.
struct Fixture: Sendable {
    let database: any Database
    let clock = ManualClock()
    let feed: ChangeFeed
    let keys: SigningKeys
    let grants = Grants()
    let refreshTokens = RefreshTokens(rootKey: .test)
    let client = ClientID("acme-budget")!  // a constant that parses

    static func run<R>(_ engine: Engine, isolation: isolated (any _Concurrency.Actor)? = #isolation, _ body: (Fixture) async throws -> R) async throws -> R {
        try await withDatabase(engine, migrations: migrations) { database in try await body(Fixture(database)) }
    }

    init(_ database: any Database) async throws {
        self.database = database
        feed = ChangeFeed(database: database, logger: .quiet)
        keys = try await SigningKeys.load(database: database, rootKey: .test, feed: feed, at: clock.now)
    }

    var tokens: AccessTokenIssuer { AccessTokenIssuer(keys: keys, issuer: issuer, randomness: SystemRandom()) }
    var verifier: AccessTokenVerifier { AccessTokenVerifier(keys: keys, issuer: issuer) }

    func request(_ grant: Grant? = nil) -> AccessTokenIssuer.Request {
        AccessTokenIssuer.Request(
            subject: grant?.personID.rawValue ?? client.text, clientID: client, appID: AppID(trusted: "app_one"),
            organisationID: OrganisationID(trusted: "org_one"), scope: [.accountsRead], environment: "sandbox", grant: grant)
    }

    func makeGrant(lifetime: Duration = .days(90), consent: ConsentID? = ConsentID(trusted: "cns_one")) async throws -> Grant {
        let now = clock.now
        return try await database.write { [grants, client] tx in
            let new = NewGrant(
                appID: AppID(trusted: "app_one"), clientID: client, personID: PersonID(trusted: "usr_amina"), consentID: consent,
                scope: [.openid, .accountsRead], authenticatedAt: now, expiresAt: now + lifetime)
            return try grants.create(new, at: now, requestID: nil, in: tx)
        }
    }

    func refresh(_ grant: Grant, generation: Int64, rotating: Bool) async throws -> RefreshOutcome {
        let (now, client) = (clock.now, client)
        let token = refreshTokens.token(of: grant.id, generation: generation, for: client)
        guard let presented = refreshTokens.read(token.value, from: client) else { return .refused(.unknownGrant) }
        return try await grants.refresh(presented, rotating: rotating, at: now, requestID: nil, in: database)
    }

    func find(_ grant: Grant) async throws -> Grant? { try await database.read { [grants] in try grants.find(grant.id, in: $0) } }
}

extension RefreshOutcome {
    var generation: Int64? { if case .refreshed(_, let generation) = self { generation } else { nil } }
    var refusal: RefreshRefusal? { if case .refused(let refusal) = self { refusal } else { nil } }
}
