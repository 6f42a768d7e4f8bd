import Applications
import Composition
import HTTPTypes
import HummingbirdTesting
import Metering
import Primitives
import Storage
import TestSupport
import Testing
import Web

@Suite("draft-ietf-httpapi-ratelimit-headers · Limits and what is left of them")
struct RateLimitTests {
    @Test func `an allowed answer tells both limits and what is left`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()
            let token = try await server.tokens(for: app).access

            let first = try await server.call("/v1/accounts", token: token)
            let second = try await server.call("/v1/accounts", token: token)

            // 06:00 UTC: 18 hours are left of the day.
            #expect(first.headers[.rateLimitPolicy] == #""burst";q=1500;w=15, "daily";q=1000;w=86400"#)
            #expect(first.headers[.rateLimit] == #""burst";r=1499;t=1, "daily";r=999;t=64800"#)
            #expect(second.headers[.rateLimit] == #""burst";r=1498;t=1, "daily";r=998;t=64800"#)
        }
    }

    @Test func `a plan without a daily limit tells the burst alone`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register(plan: .unlimited)
            let token = try await server.tokens(for: app).access

            let response = try await server.call("/v1/accounts", token: token)

            #expect(response.headers[.rateLimitPolicy] == #""burst";q=1000;w=1"#)
            #expect(try await server.used(by: app) == 1)
        }
    }

    @Test func `a burst is refused with the seconds to wait, costs nothing, and passes`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register(plan: .unlimited)
            let token = try await server.tokens(for: app).access
            var statuses: [HTTPResponse.Status] = []
            for _ in 0..<1000 { statuses.append(try await server.call("/v1/accounts", token: token).status) }

            let refused = try await server.call("/v1/accounts", token: token)

            #expect(statuses == Array(repeating: .ok, count: 1000))
            refused.isRefused(.tooManyRequests, .burstExceeded, rule: "burst", by: "listAccounts")
            #expect(refused.headers[.retryAfter] == "1")
            #expect(refused.headers[.rateLimit]?.hasPrefix(#""burst";r=0;"#) == true)
            #expect(try await server.used(by: app) == 1000)
            server.clock.advance(by: .seconds(1))
            #expect(try await server.call("/v1/accounts", token: token).status == .ok)
        }
    }

    @Test func `one app's burst is not another's`() async throws {
        try await TestServer.run(.sqlite) { server in
            let busy = try await server.register(plan: .unlimited)
            let calm = try await server.sibling(of: busy)
            let (first, second) = (try await server.tokens(for: busy).access, try await server.tokens(for: calm).access)
            for _ in 0..<1000 { _ = try await server.call("/v1/accounts", token: first) }

            #expect(try await server.call("/v1/accounts", token: first).errorCode == "burst_exceeded")
            #expect(try await server.call("/v1/accounts", token: second).status == .ok)
        }
    }

    @Test(arguments: Engine.available)
    func `the apps of an organisation share its day`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let sibling = try await server.sibling(of: app)
            let stranger = try await server.register(name: "Other")
            let tokens = (
                app: try await server.tokens(for: app).access, sibling: try await server.tokens(for: sibling).access,
                stranger: try await server.tokens(for: stranger).access
            )
            try await server.leaveQuota(1, of: app)

            #expect(try await server.call("/v1/accounts", token: tokens.app).status == .ok)
            #expect(try await server.call("/v1/accounts", token: tokens.sibling).errorCode == "daily_quota_exceeded")
            #expect(try await server.call("/v1/accounts", token: tokens.stranger).status == .ok)
        }
    }

    @Test(arguments: Engine.available)
    func `fifty calls on the last unit of the day, five rounds: one 200`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            for _ in 0..<5 {
                let app = try await server.register()
                let token = try await server.tokens(for: app).access
                try await server.leaveQuota(1, of: app)

                let responses = try await withThrowingTaskGroup(of: TestResponse.self) { group in
                    for _ in 0..<50 { group.addTask { try await server.call("/v1/accounts", token: token) } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }

                #expect(responses.filter { $0.status == .ok }.count == 1)
                #expect(responses.filter { $0.status == .tooManyRequests }.count == 49)
                #expect(responses.contains { $0.errorCode == "daily_quota_exceeded" })
                #expect(try await server.used(by: app) == 1000)
            }
        }
    }

    @Test(arguments: Engine.available)
    func `a used-up day is 429 until midnight UTC, and refusals cost nothing`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let tokens = try await server.tokens(for: app)
            try await server.leaveQuota(0, of: app)

            let refused = try await server.call("/v1/accounts", token: tokens.access)

            refused.isRefused(.tooManyRequests, .dailyQuotaExceeded, rule: "daily_quota", by: "listAccounts")
            #expect(refused.headers[.retryAfter] == "64800")
            #expect(refused.headers[.rateLimit] == #""burst";r=1499;t=1, "daily";r=0;t=64800"#)
            #expect(try await server.record(of: refused)?.cost == 0)
            server.clock.advance(by: .seconds(64800))
            let fresh = try await server.refresh(tokens.refresh, by: app).json["access_token"] as? String ?? ""
            #expect(try await server.call("/v1/accounts", token: fresh).status == .ok)
        }
    }

    @Test func `refusals of every kind leave the day as it was`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()
            let token = try await server.tokens(for: app, [("scope", "accounts.read")]).access

            for (uri, token) in [
                ("/v1/accounts", "x"), ("/v1/accounts?limit=0", token), ("/v1/accounts/acc_1/balance", token), ("/v1/accounts/acc_1/transactions", token),
                ("/v1/consents", token),
            ] {
                let response = try await server.call(uri, token: token)
                #expect((400..<500).contains(response.status.code))
                // Of a call with a token that is none of ours there is no record.
                let record = try await server.record(of: response)
                #expect(record?.cost == (token == "x" ? nil : 0))
            }

            #expect(try await server.used(by: app) == 0)
        }
    }

    @Test(arguments: Engine.available)
    func `what the bank refuses as malformed or not allowed costs nothing, what it says no to costs a unit`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let (consent, token) = try await server.approved(for: app)
            let (other, second) = try await server.approved(Bill(amount: "9999999999.00"), for: app)
            #expect(try await server.pay(under: consent, token: token).status == .created)
            let used = try await server.used(by: app)

            let again = try await server.pay(under: consent, token: token)
            let foreign = try await server.pay(under: consent, token: second)
            let late = try await server.lodgePayment(Bill(), app, more: #","expires_at":"2020-01-01T00:00:00Z""#)
            again.isRefused(.forbidden, .consentConsumed, by: "createPayment")
            foreign.isRefused(.forbidden, .consentRequired, by: "createPayment")
            #expect(late.status == .badRequest)
            for refusal in [again, foreign, late] { #expect(try await server.record(of: refusal)?.cost == 0) }
            #expect(try await server.used(by: app) == used)

            let poor = try await server.pay(Bill(amount: "9999999999.00"), under: other, token: second)
            poor.isRefused(.unprocessableContent, .insufficientFunds, by: "createPayment")
            #expect(try await server.record(of: poor)?.cost == 1)
            #expect(try await server.used(by: app) == used + 1)
        }
    }

    @Test(arguments: Engine.available)
    func `where nobody is there to answer, the day is not asked`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register(environment: .live)
            let token = try await server.tokens(for: app).access
            try await server.leaveQuota(0, of: app)

            let response = try await server.call("/v1/accounts", token: token)

            response.isRefused(.serviceUnavailable, .noUpstream, rule: "route", by: "listAccounts")
        }
    }
}
