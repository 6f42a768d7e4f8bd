import AccessTokens
import Applications
import BankAPI
import Composition
import Consents
import Contract
import Events
import Foundation
import Gateway
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Metering
import NIOCore
import OAuth
import Primitives
import Storage
import TestSupport
import Testing
import Web

/// The contract as the repository holds it.
let contract: APIContract = {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../openapi").standardizedFileURL.path
    return try! APIContract(directory: folder)  // a test without its contract has nothing to test
}()

extension TestResponse {
    /// The refusals of a problem: each entry of `errors`.
    var violations: [[String: String]] { json["errors"] as? [[String: String]] ?? [] }
    var requestID: String { headers[.requestID] ?? "" }

    /// Whether the answer is what the contract promises of the operation.
    func keeps(_ operationID: String, sourceLocation: SourceLocation = #_sourceLocation) {
        guard let operation = contract.operation(operationID) else {
            Issue.record("no operation \(operationID)", sourceLocation: sourceLocation)
            return
        }
        let violations = operation.violations(ofResponse: status.code, mediaType: headers[.contentType], body: Array(buffer: body))
        #expect(violations == [], "\(status.code) \(text)", sourceLocation: sourceLocation)
    }

    /// Checks a refusal: its status, its code, the rule that failed, and the shape that the contract gives every problem.
    func isRefused(
        _ status: HTTPResponse.Status, _ code: ErrorCode, rule: String? = nil, by operationID: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(self.status == status, "\(text)", sourceLocation: sourceLocation)
        #expect(errorCode == code.rawValue, "\(text)", sourceLocation: sourceLocation)
        if let rule { #expect(violations.first?["rule"] == rule, "\(text)", sourceLocation: sourceLocation) }
        keeps(operationID, sourceLocation: sourceLocation)
    }
}

extension TestServer {
    /// A token of a customer's consent with exactly these permissions, and its consent.
    func consented(
        _ app: TestApp, permissions: [String], window: (from: String?, to: String?) = (nil, nil), accounts: Int = 1
    ) async throws -> (token: String, consent: ConsentID) {
        var body = #"{"type":"account_access","permissions":["\#(permissions.joined(separator: #"",""#))"],"expires_at":"2027-02-19T00:00:00Z""#
        if let from = window.from { body += #","transactions_from":"\#(from)""# }
        if let to = window.to { body += #","transactions_to":"\#(to)""# }
        let lodged = try await call("/v1/consents", token: appToken(app), method: .post, json: body + "}")
        let id = lodged.json["id"] as? String ?? ""
        return (try await tokens(for: app, [details(id)], accounts: accounts).access, ConsentID(trusted: id))
    }

    /// The first account that a token may read.
    func account(_ token: String) async throws -> String {
        let list = try await call("/v1/accounts", token: token)
        return (list.json["data"] as? [[String: Any]])?.first?["id"] as? String ?? ""
    }

    func record(of response: TestResponse) async throws -> DecisionRecord? {
        try await settle()
        return try await database.read { try DecisionRecords().find(RequestID(trusted: response.requestID), in: $0) }
    }

    func used(by app: TestApp) async throws -> Int {
        try await platform.quotas.used(organisation: app.app.organisationID, day: clock.now.date)
    }

    /// Leaves so many units of today's quota.
    func leaveQuota(_ units: Int, of app: TestApp) async throws {
        let day = clock.now.date.daysSinceEpoch
        let leased = (app.app.plan.dailyCalls ?? 0) - units
        await platform.quotas.returnUnspent(idleFor: .zero)
        try await database.write { tx in
            try tx.execute(
                """
                INSERT INTO quota_day (organisation_id, day, leased, last_lease) VALUES (\(app.app.organisationID), \(day), \(leased), 0)
                ON CONFLICT (organisation_id, day) DO UPDATE SET leased = excluded.leased
                """)
        }
    }

    /// The gateway alone, before an upstream of the test's choice; it shares the server's database, keys and apps.
    func behindGateway<R: Sendable>(
        _ upstream: any Upstream, keys: (any Database)? = nil, _ body: @escaping @Sendable (TestServer) async throws -> R
    ) async throws -> R {
        let routes = Routes([RequestIdentity(issuer: Self.issuer, clock: clock, randomness: SystemRandom())])
        let policies = AllPolicies(
            verifier: AccessTokenVerifier(keys: platform.keys, issuer: Self.issuer.text), possession: platform.possession,
            certificates: platform.clientCertificates,
            addresses: ServerAddresses(issuer: Self.issuer), revocations: Revocations(database: database, feed: platform.feed),
            apps: platform.apps, consents: ConsentDirectory(database: database, feed: platform.feed), database: keys ?? database, quotas: platform.quotas,
            upstreams: Upstreams(platform: ConsentOperations(database: database), sandbox: upstream, live: upstream, controls: upstream))
        GatewayRoutes(contract: contract, policies: policies, database: database, quotas: platform.quotas, recorder: platform.recorder).add(to: routes)
        return try await Application(responder: routes.buildResponder(), logger: .quiet).test(.router) { client in
            try await body(TestServer(platform: platform, clock: clock, mailbox: mailbox, client: client, engine: engine))
        }
    }
}

/// An upstream that does what the test says.
struct ScriptedUpstream: Upstream {
    let answer: @Sendable (GuardedCall) async throws -> UpstreamAnswer

    func respond(to call: GuardedCall) async throws -> UpstreamAnswer { try await answer(call) }
}

struct BankIsDown: Error {}
