import AccessTokens
import Applications
import Bank
import BankAPI
import Consents
import Contract
import Events
import Foundation
import Gateway
import HTTPTypes
import JSON
import OAuth
import OpenBanking
import Primitives
import Storage
import Testing
import TestSupport
import Web

let world = OrganisationID(trusted: "org_acme")
let customer = PersonID(trusted: "usr_amina")
let now = ManualClock().now
/// The account that most tests read, and three others that the customer shares too.
let everyday = Persona.all[0].accountIDs(in: world)[0]
let shared = Array(Persona.all[0].accountIDs(in: world).prefix(3))

/// The bank's part of the contract, which is read once for all tests.
func accountsContract() throws -> APIContract { try readContract.get() }

private let readContract = Result {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../openapi").standardized
    var files: [String: String] = [:]
    for name in ["accounts.yaml", "payments.yaml", "transfers.yaml", "standing-orders.yaml", "funds-confirmations.yaml", "bulk-payments.yaml", "common.yaml"] {
        files[name] = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
    }
    return try APIContract(files: files)
}

let app = App(
    id: AppID(trusted: "app_budget"), clientID: ClientID("acme-budget")!,  // a name that parses
    organisationID: world, organisationName: "Acme Budget", world: world, plan: .free, name: "Acme Budget", purpose: nil, kind: .web, environment: .sandbox,
    profile: .oauth21, redirectURIs: [], grantTypes: [], scopes: [], authenticationMethod: .clientSecretBasic, secrets: [], createdAt: now, removedAt: nil)

/// Amina with a year of history, and the bank's operations in front of it.
@discardableResult
func withAmina<R>(_ engine: Engine, _ body: (any Database) async throws -> R) async throws -> R {
    let history = try HistoryGenerator.history(of: .all[0], holder: customer, world: world, years: 1, until: now)
    return try await withDatabase(engine, migrations: EventsMigrations.all + BankMigrations.all + ConsentsMigrations.all) { database in
        try await database.write { tx in
            try Books().open(world, at: now, in: tx)
            _ = try HistoryWriter().write(history, in: tx)
        }
        return try await body(database)
    }
}

extension Database {
    /// A consent in force for these accounts.
    func consent(_ permissions: [Permission] = Permission.allCases, accounts: [AccountID] = shared, window: DataWindow? = nil) async throws -> Consent {
        let new = NewConsent(
            appID: app.id, organisationID: world, permissions: PermissionSet(trusted: permissions), window: window ?? DataWindow(from: nil, to: nil)!,  // open ends
            expiresAt: now + .days(90))
        let consent = try await write { tx in
            let consents = Consents(randomness: SeededRandom(UInt64(permissions.count)))
            let lodged = try consents.lodge(new, by: .app(app.id), at: now, requestID: nil, in: tx)
            return try consents.authorise(
                lodged.id, by: customer, accounts: accounts, grant: GrantID(trusted: "grt_1"), at: now, requestID: nil, in: tx)
        }
        return try #require(consent)
    }

    func call(
        _ operation: String, _ consent: Consent?, account: AccountID? = nil, query: String = "", window: ClosedRange<Timestamp>? = nil
    ) async throws -> UpstreamAnswer {
        let described = try #require(try accountsContract().operation(operation))
        let path = described.path.replacing("{account_id}", with: account?.rawValue ?? "")
        let pairs = try #require(Parameters(urlEncoded: query))
        var values: [String: JSONValue] = [:]
        for parameter in described.parameters {
            values[parameter.name] = pairs[parameter.name].map { parameter.schema.value(ofParameter: $0) } ?? parameter.schema.defaultValue
        }
        let issuer = try #require(Issuer("http://localhost:8080"))
        let guarded = GuardedCall(
            operation: operation, pathParameters: account.map { ["account_id": $0.rawValue] } ?? [:], parameters: CheckedParameters(values), app: app,
            claims: claims, consent: consent, accountID: account, window: window, now: now, requestID: RequestID(trusted: "req_1"),
            base: issuer, http: ForwardedRequest(path: path, query: query.isEmpty ? nil : query))
        let answer = try await BankUpstream(database: self).respond(to: guarded)
        #expect(described.violations(ofResponse: Int(answer.status.code), mediaType: "application/json", body: answer.body) == [])
        return answer
    }

    /// The answer as JSON, after it passed the contract's schema.
    func read(_ operation: String, _ consent: Consent?, account: AccountID? = nil, query: String = "", window: ClosedRange<Timestamp>? = nil) async throws
        -> JSONValue
    {
        try JSONValue(parsing: try await call(operation, consent, account: account, query: query, window: window).body)
    }

    /// The problem that the bank refuses with.
    func problem(_ operation: String, _ consent: Consent?, account: AccountID? = nil, query: String = "") async throws -> Problem? {
        do {
            _ = try await call(operation, consent, account: account, query: query)
            return nil
        } catch let problem as Problem {
            return problem
        }
    }

    private var claims: AccessTokenClaims {
        AccessTokenClaims(
            issuer: "http://localhost:8080", audience: ["http://localhost:8080/v1"], subject: customer.rawValue, clientID: app.clientID, appID: app.id,
            organisationID: world, scope: [], tokenID: "1", issuedAt: now, expiresAt: now + .minutes(5), environment: "sandbox", grantID: nil, consentID: nil,
            authenticatedAt: now)
    }
}
