import Applications
import Composition
import Foundation
import HTTPTypes
import HummingbirdTesting
import Metering
import OAuth
import Primitives
import Storage
import TestSupport
import Testing
import Web

@Suite("Portal · requests")
struct PortalRequestTests {
    /// A refused call of the demo's app, as the gateway writes it.
    private static func refusedCall(_ server: TestServer, id: String = "req_refusedcall", organisation: OrganisationID = DemoWorld.organisation) async throws
        -> DecisionRecord
    {
        let app = try await server.demoApp()
        let record = DecisionRecord(
            requestID: RequestID(trusted: id), receivedAt: server.clock.now, durationMicroseconds: 2900, organisationID: organisation, appID: app.id,
            clientID: app.clientID.text,
            method: "GET", path: "/v1/accounts/acc_2093/transactions", operation: "listTransactions", status: 403, outcome: .refused, rule: "account",
            expected: "acc_4417", got: "acc_2093",
            checks: [
                .init(rule: "token", result: .passed, detail: "good until 09:17:40"),
                .init(rule: "account", result: .failed, detail: "the customer shared other accounts"),
                .init(rule: "daily_quota", result: .skipped, detail: ""),
            ], clientAddress: "41.90.64.12",
            problem:
                #"{"type":"http://localhost:8080/docs/errors/account_not_in_consent","title":"The account is outside the consent","status":403,"code":"account_not_in_consent"}"#
        )
        try await server.database.write { try DecisionRecords().append(DecisionGroup([record]), in: $0) }
        return record
    }

    @Test(arguments: Engine.available) func `a member sees every check, what was expected and what came, and how to fix it`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let record = try await Self.refusedCall(server)
            let browser = try await server.developer()

            try await browser.open("/r/\(record.requestID)")

            let page = await browser.page
            #expect(await browser.status == 200)
            #expect(await browser.heading == "Refused: the account is outside the consent")
            for text in [
                "acc_4417", "acc_2093", "Passed: ", "Failed: ", "Not reached", "How to fix it", "/docs/errors/account_not_in_consent", "41.90.64.12",
                "answered in 2.9 ms", "Refusals do not count",
            ] {
                #expect(page.contains(text), "\(text)")
            }
        }
    }

    @Test(arguments: Engine.available) func `for others it looks like a request that never was`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let record = try await Self.refusedCall(server)
            try await server.enrol("wanjiku@savanna.example")
            let stranger = try await server.signedIn("wanjiku@savanna.example", TestServer.passphrase)
            let strip = { (page: String) in page.replacing(/req_[A-Za-z0-9]+/, with: "").replacing(/value="[^"]*"/, with: "") }

            try await stranger.open("/r/\(record.requestID)")
            let (status, page) = (await stranger.status, strip(await stranger.page))
            try await stranger.open("/r/req_neverwas")

            #expect(status == 404)
            #expect(await stranger.status == 404)
            #expect(page == strip(await stranger.page))
        }
    }

    @Test func `a visitor signs in first and comes back`() async throws {
        try await TestServer.run(.sqlite) { server in
            let record = try await Self.refusedCall(server)
            let browser = TestBrowser(server)
            try await browser.open("/r/\(record.requestID)")
            #expect((await browser.address).hasPrefix("/portal/sign-in?return_to="))

            try await browser.submit("username", [("username", DemoWorld.developer.email), ("password", DemoWorld.developer.password)])

            #expect(await browser.address == "/r/\(record.requestID)")
        }
    }

    @Test func `a call through the gateway can be looked at`() async throws {
        try await TestServer.run(.sqlite) { server in
            let answer = try await server.call("/v1/accounts", token: "not-a-token")
            #expect(answer.status == .unauthorized)
            let app = try await server.demoApp()
            let secret = try #require(server.platform.demoWorld?.clientSecret.value)
            let token = try await server.post(
                "/oauth2/token", form: [("grant_type", "client_credentials"), ("scope", "consents.write")],
                headers: [.authorization: "Basic \(Data("acme-budget:\(secret)".utf8).base64EncodedString())"])
            let refused = try await server.call("/v1/accounts", token: token.json["access_token"] as? String ?? "")
            let id = try #require(refused.headers[.requestID])
            try await server.settle()
            let browser = try await server.developer()

            try await browser.open("/r/\(id)")

            #expect(refused.status == .forbidden)
            #expect(await browser.status == 200)
            #expect((await browser.heading).hasPrefix("Refused: "))
            try await browser.open("/portal/requests?outcome=refused&app=\(app.id)")
            #expect((await browser.page).contains(id))
            try await browser.open("/portal/requests?outcome=allowed")
            #expect(!(await browser.page).contains(id))
        }
    }

    @Test(arguments: Engine.available) func `the list goes on by key and keeps its filter`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            for number in 0..<40 { _ = try await Self.refusedCall(server, id: "req_number\(number)") }
            let browser = try await server.developer()
            try await browser.open("/portal/requests?outcome=refused")
            let next = try #require((await browser.links).first { $0.contains("before=") })
            let first = (await browser.page).matches(of: /\/r\/req_number\d+/).map { String($0.0) }

            try await browser.open(next)

            let second = (await browser.page).matches(of: /\/r\/req_number\d+/).map { String($0.0) }
            #expect(first.count == 30)
            #expect(second.count == 10)
            #expect(Set(first).isDisjoint(with: second))
            #expect(next.contains("outcome=refused"))
        }
    }

    @Test(arguments: ["x", "1.req_", "-1.req_a", "9999999999999999999.req_a", "9223372036854775807.req_a", "%00"])
    func `a place that is none begins at the start`(place: String)
        async throws
    {
        try await TestServer.run(.sqlite) { server in
            _ = try await Self.refusedCall(server)
            let browser = try await server.developer()
            try await browser.open("/portal/requests?before=\(place)")
            #expect(await browser.status == 200)
        }
    }

    @Test func `the quota says when it starts again`() async throws {
        try await TestServer.run(.sqlite) { server in
            _ = try await server.platform.quotas.reserve(organisation: DemoWorld.organisation, limit: 1000, at: server.clock.now)
            let browser = try await server.developer()

            try await browser.open("/portal/usage")

            let page = await browser.page
            #expect(page.contains("1 of 1,000 calls used"))
            #expect(page.contains("22 November 2026, 03:00"))
            #expect(page.contains("00:00 UTC"))
        }
    }
}
