import AccessTokens
import Applications
import Composition
import Consents
import Contract
import Events
import Gateway
import HTTPTypes
import HummingbirdTesting
import JSON
import Metering
import NIOCore
import OAuth
import OpenBanking
import Primitives
import Storage
import TestSupport
import Testing
import Web

private let everything = [
    "ReadAccountsBasic", "ReadAccountsDetail", "ReadBalances", "ReadTransactionsBasic", "ReadTransactionsDetail", "ReadTransactionsCredits",
    "ReadTransactionsDebits",
]

@Suite("Gateway · every call meets every rule in order")
struct GatewayTests {
    private static let resourceMetadata = #"resource_metadata="http://localhost:8080/.well-known/oauth-protected-resource/v1""#

    @Test(arguments: Engine.available)
    func `an allowed call passed each rule, is recorded with all of them, and costs one unit`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let token = try await server.tokens(for: app, accounts: 2).access

            let response = try await server.call("/v1/accounts", token: token)

            #expect(response.status == .ok)
            response.keeps("listAccounts")
            #expect(response.headers[.cacheControl] == "no-store")
            let record = try #require(try await server.record(of: response))
            #expect(
                record.checks.map(\.rule) == [
                    "request_id", "token", "possession", "revocation", "app", "address", "burst", "scope", "request", "consent_state", "authentication_level",
                    "permission", "account", "data_window", "idempotency", "route", "daily_quota",
                ])
            #expect(record.checks.map(\.rule) == DecisionRecord.Check.rulesInOrder)
            #expect(record.checks.allSatisfy { $0.result != .failed })
            // Each rule has its letter.
            let kept = try await server.database.read {
                try $0.first("SELECT records FROM decision_pack WHERE request_id = \(record.requestID)")?["records"] as String?
            }
            #expect(kept?.contains("\t") == false)
            #expect(record.outcome == .allowed && record.cost == 1 && record.records == 2 && record.operation == "listAccounts")
            #expect(record.organisationID == app.app.organisationID && record.appID == app.app.id && record.personID != nil && record.consentID != nil)
            #expect(try await server.used(by: app) == 1)
        }
    }

    @Test func `each read operation answers as the contract says`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()
            let token = try await server.consented(app, permissions: everything).token
            let account = try await server.account(token)

            try await server.call("/v1/accounts", token: token).keeps("listAccounts")
            let balance = try await server.call("/v1/accounts/\(account)/balance", token: token)
            let transactions = try await server.call("/v1/accounts/\(account)/transactions?limit=5", token: token)
            let details = try await server.call("/v1/accounts/\(account)/details", token: token)

            #expect([balance, transactions, details].map(\.status) == [.ok, .ok, .ok])
            balance.keeps("getAccountBalance")
            transactions.keeps("listTransactions")
            details.keeps("getAccountDetails")
        }
    }

    // MARK: Token

    @Test func `without a token the answer is 401 and names no error`() async throws {
        try await TestServer.run(.sqlite) { server in
            let response = try await server.get("/v1/accounts")

            response.isRefused(.unauthorized, .missingToken, rule: "token", by: "listAccounts")
            let challenges = #"Bearer realm="wekeza", \#(Self.resourceMetadata), DPoP realm="wekeza", algs="ES256 PS256 EdDSA", \#(Self.resourceMetadata)"#
            #expect(response.headers[.wwwAuthenticate] == challenges)
        }
    }

    @Test func `a token in the address, a form, a cookie or twice in the header is not read`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()
            let token = try await server.tokens(for: app).access
            var twice: HTTPFields = [.authorization: "Bearer \(token)"]
            twice.append(HTTPField(name: .authorization, value: "Bearer \(token)"))

            let responses = [
                try await server.get("/v1/accounts?access_token=\(token)"), try await server.get("/v1/accounts", headers: [.cookie: "access_token=\(token)"]),
                try await server.post("/v1/consents", form: [("access_token", token)]), try await server.get("/v1/accounts", headers: twice),
                try await server.get("/v1/accounts", headers: [.authorization: "Basic \(token)"]),
                try await server.get("/v1/accounts", headers: [.authorization: "Bearer"]),
                try await server.get("/v1/accounts", headers: [.authorization: "Bearer \(token) \(token)"]),
            ]

            #expect(responses.map(\.status) == Array(repeating: .unauthorized, count: responses.count))
            #expect(responses[0].errorCode == "missing_token" && responses[3].errorCode == "invalid_token")
        }
    }

    @Test(arguments: ["a b", "a,b", "\"a\"", "a.b.c;d", "a:b"])
    func `RFC 6750 §2.1 what no token may hold is told apart from a token that is not ours`(text: String) async throws {
        try await TestServer.run(.sqlite) { server in
            let none = try await server.get("/v1/accounts", headers: [.authorization: "Bearer \(text)"])
            let foreign = try await server.get("/v1/accounts", headers: [.authorization: "Bearer a.b.c"])

            #expect(none.status == .unauthorized && none.errorCode == "invalid_token")
            #expect(none.violations.first?["expected"] == "Bearer or DPoP, and a token" && none.violations.first?["got"] == "the scheme Bearer")
            #expect(foreign.violations.first?["got"] == "something else")
        }
    }

    @Test func `the scheme's name has no case`() async throws {
        try await TestServer.run(.sqlite) { server in
            let token = try await server.tokens(for: server.register()).access

            #expect(try await server.get("/v1/accounts", headers: [.authorization: "bEARER \(token)"]).status == .ok)
        }
    }

    @Test func `garbage, an ID token, a refresh token and tokens of another issuer are 401 invalid_token`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()
            let tokens = try await server.tokens(for: app)
            let foreign = try AccessTokenIssuer(keys: server.platform.keys, issuer: "https://other.example.com", randomness: SystemRandom()).issue(
                .init(
                    subject: app.clientID, clientID: app.app.clientID, appID: app.app.id, organisationID: app.app.organisationID, scope: [.accountsRead],
                    environment: "sandbox"), at: server.clock.now)
            let parts = tokens.access.split(separator: ".").map(String.init)
            let unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.\(parts[1])."

            for token in ["x", "a.b.c", unsigned, parts[0] + "." + parts[1] + ".AAAA", tokens.id ?? "", tokens.refresh ?? "", foreign.token.value] {
                let response = try await server.call("/v1/accounts", token: token)
                response.isRefused(.unauthorized, .invalidToken, rule: "token", by: "listAccounts")
                #expect(response.headers[.wwwAuthenticate]?.contains(#"error="invalid_token""#) == true)
                #expect(!response.text.contains(token) || token.count < 6, "the token is told back")
            }
        }
    }

    @Test(arguments: Engine.available)
    func `an expired token is told apart, and its organisation finds the call`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let token = try await server.tokens(for: app).access
            server.clock.advance(by: .minutes(5))

            let response = try await server.call("/v1/accounts", token: token)

            response.isRefused(.unauthorized, .expiredToken, rule: "token", by: "listAccounts")
            let record = try #require(try await server.record(of: response))
            #expect(record.organisationID == app.app.organisationID && record.cost == 0 && record.personID == nil)
        }
    }

    @Test(arguments: Engine.available)
    func `a call that names nobody leaves no record, because nobody could read it`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let token = try await server.tokens(for: app).access
            server.clock.advance(by: .minutes(5))
            func packs() async throws -> Int? {
                try await server.settle()
                return try await server.database.read { try $0.first("SELECT COUNT(*) AS count FROM decision_pack")?["count"] }
            }

            for authorization in [nil, "", "Bearer", "Bearer x", "Bearer a.b.c", "Basic eDp4", "DPoP x"] as [String?] {
                var headers = HTTPFields()
                headers[.authorization] = authorization
                let refused = try await server.get("/v1/accounts", headers: headers)
                #expect(refused.status == .unauthorized)
            }
            let strangers = try await packs()
            let expired = try await server.call("/v1/accounts", token: token)
            let all = try await packs()

            #expect(strangers == 0 && all == 1)
            let record = try await server.record(of: expired)
            #expect(record?.appID == app.app.id)
        }
    }

    @Test(arguments: Engine.available)
    func `a revoked token is refused, and so are the tokens of a revoked grant`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let first = try await server.tokens(for: app)
            let second = try await server.tokens(for: app)
            #expect(try await server.call("/v1/accounts", token: first.access).status == .ok)
            #expect(try await server.call("/v1/accounts", token: second.access).status == .ok)

            _ = try await server.revoke(first.access, by: app)
            _ = try await server.revoke(second.refresh, by: app)
            try await server.settle()

            for token in [first.access, second.access] {
                try await server.call("/v1/accounts", token: token).isRefused(.unauthorized, .revokedToken, rule: "revocation", by: "listAccounts")
            }
        }
    }

    // MARK: App

    @Test(arguments: Engine.available)
    func `a removed app is refused at once`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let token = try await server.tokens(for: app).access
            #expect(try await server.call("/v1/accounts", token: token).status == .ok)

            let now = server.clock.now
            _ = try await server.database.write { try Applications.Apps().remove(app.app.id, by: .commandLine, at: now, requestID: nil, in: $0) }
            try await server.settle()

            let response = try await server.call("/v1/accounts", token: token)
            response.isRefused(.unauthorized, .appInactive, rule: "app", by: "listAccounts")
        }
    }

    @Test func `a token of another environment is refused`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()
            let token = try AccessTokenIssuer(keys: server.platform.keys, issuer: TestServer.issuer.text, randomness: SystemRandom()).issue(
                .init(
                    subject: app.clientID, clientID: app.app.clientID, appID: app.app.id, organisationID: app.app.organisationID, scope: [.consentsWrite],
                    environment: "live"), at: server.clock.now)

            let response = try await server.call("/v1/consents", token: token.token.value)

            response.isRefused(.unauthorized, .invalidToken, rule: "app", by: "listConsents")
        }
    }

    // MARK: Request

    @Test(arguments: [
        ("/v1/accounts?limit=0", "minimum"), ("/v1/accounts?limit=many", "type"), ("/v1/accounts?colour=blue", "unknown"),
        ("/v1/accounts?limit=1&limit=2", "repeated"), ("/v1/accounts?cursor=%00", "request"), ("/v1/accounts?limit=%GG", "request"),
    ])
    func `a request that breaks the contract is 400 with the rule`(uri: String, rule: String) async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()
            let token = try await server.tokens(for: app).access

            let response = try await server.call(uri, token: token)

            response.isRefused(.badRequest, .invalidRequest, rule: rule, by: "listAccounts")
            #expect(try await server.used(by: app) == 0)
        }
    }

    @Test func `line breaks in an id reach no upstream`() async throws {
        try await TestServer.run(.sqlite) { server in
            let token = try await server.tokens(for: server.register()).access
            try await server.behindGateway(ScriptedUpstream { _ in throw BankIsDown() }) { gateway in
                for id in ["acc%0d%0aX-Evil:%201", "acc%00", "acc%20", "..%2f..", "%F0%9F%98%80"] {
                    let response = try await gateway.call("/v1/accounts/\(id)/balance", token: token)
                    response.isRefused(.forbidden, .accountNotInConsent, rule: "account", by: "getAccountBalance")
                }
            }
        }
    }

    @Test func `a caller that accepts no JSON gets 406`() async throws {
        try await TestServer.run(.sqlite) { server in
            let token = try await server.tokens(for: server.register()).access

            let refused = try await server.call("/v1/accounts", token: token, headers: [.accept: "text/html"])
            refused.isRefused(.notAcceptable, .notAcceptable, rule: "request", by: "listAccounts")
            let excepted = try await server.call("/v1/accounts", token: token, headers: [.accept: "application/json;q=0, */*"])
            excepted.isRefused(.notAcceptable, .notAcceptable, rule: "request", by: "listAccounts")
            for accept in ["application/json", "*/*", "text/html, application/*;q=0.1", "application/*;q=0, application/json", ""] {
                #expect(try await server.call("/v1/accounts", token: token, headers: [.accept: accept]).status == .ok, "\(accept)")
            }
        }
    }

    @Test func `other methods are 405 with Allow, HEAD is GET without its body, OPTIONS tells`() async throws {
        try await TestServer.run(.sqlite) { server in
            let token = try await server.tokens(for: server.register()).access

            for method in [HTTPRequest.Method.put, .delete, .patch, .trace, HTTPRequest.Method("PROPFIND")!] {
                let response = try await server.call("/v1/accounts", token: token, method: method)
                #expect(response.status == .methodNotAllowed)
                #expect(response.errorCode == "method_not_allowed")
                #expect(response.headers[.allow] == "GET, HEAD, OPTIONS")
            }
            let head = try await server.call("/v1/accounts", token: token, method: .head)
            #expect(head.status == .ok && head.body.readableBytes == 0)
            let options = try await server.send(.options, "/v1/consents")
            #expect(options.status == .noContent && options.headers[.allow] == "GET, HEAD, OPTIONS, POST")
        }
    }

    // MARK: Scope, consent, permission, account, window

    @Test func `a scope that does not reach is 403 insufficient_scope, and named`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()
            let tokens = try await server.tokens(for: app, [("scope", "accounts.read")])
            let account = try await server.account(tokens.access)

            let response = try await server.call("/v1/accounts/\(account)/transactions", token: tokens.access)
            response.isRefused(.forbidden, .insufficientScope, rule: "scope", by: "listTransactions")
            #expect(
                response.headers[.wwwAuthenticate]
                    == #"Bearer realm="wekeza", error="insufficient_scope", scope="transactions.read", \#(Self.resourceMetadata)"#)

            let consents = try await server.call("/v1/consents", token: tokens.access)
            consents.isRefused(.forbidden, .insufficientScope, rule: "scope", by: "listConsents")
            // Whatever it carries is not looked at.
            let unread = try await server.call("/v1/consents", token: tokens.access, method: .post, json: "no JSON")
            unread.isRefused(.forbidden, .insufficientScope, rule: "scope", by: "createConsent")
            let accounts = try await server.call("/v1/accounts", token: server.appToken(app))
            accounts.isRefused(.forbidden, .insufficientScope, rule: "scope", by: "listAccounts")
        }
    }

    @Test func `a token without a consent reads no accounts`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()
            let token = try AccessTokenIssuer(keys: server.platform.keys, issuer: TestServer.issuer.text, randomness: SystemRandom()).issue(
                .init(
                    subject: app.clientID, clientID: app.app.clientID, appID: app.app.id, organisationID: app.app.organisationID, scope: [.accountsRead],
                    environment: "sandbox"), at: server.clock.now)

            let response = try await server.call("/v1/accounts", token: token.token.value)

            response.isRefused(.forbidden, .consentRequired, rule: "consent_state", by: "listAccounts")
        }
    }

    @Test(arguments: Engine.available)
    func `a withdrawn consent fails the next call, and the record still names the customer`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let (token, consent) = try await server.consented(app, permissions: everything)
            #expect(try await server.call("/v1/accounts", token: token).status == .ok)
            let now = server.clock.now

            try await server.database.write { tx in
                let person = try Consents().find(consent, in: tx)?.personID
                _ = try Consents().revoke(
                    consent, by: .customer, audit: person.map(Events.Actor.person) ?? .system, reason: ConsentReason.withdrawn, at: now, requestID: nil, in: tx)
            }
            try await server.settle()

            let response = try await server.call("/v1/accounts", token: token)
            response.isRefused(.forbidden, .consentRevoked, rule: "consent_state", by: "listAccounts")
            #expect(response.violations.first?["got"]?.hasPrefix("revoked by customer") == true)
            let record = try #require(try await server.record(of: response))
            #expect(record.outcome == .refused && record.rule == "consent_state" && record.personID != nil && record.consentID == consent)
            #expect(record.checks.last == .init(rule: "consent_state", result: .failed, detail: "The customer withdrew the consent."))
        }
    }

    @Test(arguments: Engine.available)
    func `a consent whose time is over fails by the clock, before any job has stamped it`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let (token, consent) = try await server.consented(app, permissions: everything)
            let now = server.clock.now
            try await server.database.write { tx in
                try tx.execute("UPDATE consent SET expires_at = \(now + .minutes(1)) WHERE id = \(consent)")
                try tx.announce(.consent, consent.rawValue, at: now)
            }
            try await server.settle()
            #expect(try await server.call("/v1/accounts", token: token).status == .ok)

            server.clock.advance(by: .minutes(1))

            let response = try await server.call("/v1/accounts", token: token)
            response.isRefused(.forbidden, .consentExpired, rule: "consent_state", by: "listAccounts")
        }
    }

    @Test func `a permission that the consent does not hold is named`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()
            let token = try await server.consented(app, permissions: ["ReadAccountsBasic"]).token
            let account = try await server.account(token)

            let balance = try await server.call("/v1/accounts/\(account)/balance", token: token)
            let details = try await server.call("/v1/accounts/\(account)/details", token: token)

            balance.isRefused(.forbidden, .permissionMissing, rule: "permission", by: "getAccountBalance")
            details.isRefused(.forbidden, .permissionMissing, rule: "permission", by: "getAccountDetails")
            #expect(balance.violations == [["pointer": "/header/Authorization", "rule": "permission", "expected": "ReadBalances", "got": "ReadAccountsBasic"]])
        }
    }

    @Test func `an account outside the consent is 403 in the same words, existing or not`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()
            let mine = try await server.tokens(for: app).access
            let theirs = try await server.account(try await server.tokens(for: app, customer: "brian.parent").access)

            for id in [theirs, "acc_nobody", "nonsense", "x.y", "a%20b", "%C3%A9", String(repeating: "a", count: 65), String(repeating: "a", count: 5000)] {
                let response = try await server.call("/v1/accounts/\(id)/balance", token: mine)
                response.isRefused(.forbidden, .accountNotInConsent, rule: "account", by: "getAccountBalance")
                #expect(response.json["detail"] as? String == "The account is not one that the customer chose.")
            }
        }
    }

    @Test func `dates outside the consent's window are refused, inside and left out they are not`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register(plan: .unlimited)
            let token = try await server.consented(app, permissions: everything, window: ("2026-09-01T00:00:00Z", "2026-10-31T12:00:00Z")).token
            let path = "/v1/accounts/\(try await server.account(token))/transactions"

            for query in ["from=2026-08-31", "from=2026-08-31T23:59:59Z", "to=2026-11-01", "to=2026-10-31T12:00:01Z", "from=2026-09-01&to=2027-01-01"] {
                let response = try await server.call("\(path)?\(query)", token: token)
                response.isRefused(.forbidden, .outsideDataWindow, rule: "data_window", by: "listTransactions")
                #expect(response.violations.first?["expected"] == "2026-09-01T00:00:00Z to 2026-10-31T12:00:00Z")
            }
            try await server.call("\(path)?from=2026-10-02&to=2026-10-01", token: token)
                .isRefused(.badRequest, .invalidRequest, rule: "data_window", by: "listTransactions")
            for query in ["", "?from=2026-09-01&to=2026-10-31", "?from=20260901T000000Z", "?to=2026-10-31T12:00:00%2B00:00"] {
                let response = try await server.call(path + query, token: token)
                #expect(response.status == .ok, "\(query) \(response.text)")
                let booked = (response.json["data"] as? [[String: Any]] ?? []).compactMap { $0["booked_at"] as? String }
                #expect(!booked.isEmpty && booked.allSatisfy { $0 >= "2026-09-01" && $0 <= "2026-10-31T12:00:00Z" }, "\(query)")
            }
        }
    }

    // MARK: Upstream

    @Test(arguments: Engine.available)
    func `a bank that fails costs nothing, and says nothing of why`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let token = try await server.tokens(for: app).access
            try await server.behindGateway(ScriptedUpstream { _ in throw BankIsDown() }) { gateway in
                let response = try await gateway.call("/v1/accounts", token: token)

                response.isRefused(.internalServerError, .internalError, by: "listAccounts")
                #expect(!response.text.contains("BankIsDown"))
                let record = try #require(try await gateway.record(of: response))
                #expect(record.outcome == .failed && record.rule == "upstream" && record.cost == 0)
            }
            try await server.behindGateway(ScriptedUpstream { _ in UpstreamAnswer(status: .gatewayTimeout) }) { gateway in
                try await gateway.call("/v1/accounts", token: token).isRefused(.badGateway, .upstreamFailed, by: "listAccounts")
            }
            try await server.behindGateway(ScriptedUpstream { _ in throw StorageError.unavailable(reason: "gone") }) { gateway in
                let response = try await gateway.call("/v1/accounts", token: token)
                response.isRefused(.serviceUnavailable, .temporarilyUnavailable, by: "listAccounts")
                #expect(response.headers[.retryAfter] == "1")
            }
            #expect(try await server.used(by: app) == 0)
        }
    }

    @Test func `a live app without a live bank gets 503 no_upstream and pays nothing; consents work`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register(environment: .live)
            let (token, _) = try await server.consented(app, permissions: everything)
            let usedBefore = try await server.used(by: app)

            let response = try await server.call("/v1/accounts", token: token)

            response.isRefused(.serviceUnavailable, .noUpstream, rule: "route", by: "listAccounts")
            #expect(response.headers[.retryAfter] != nil)
            #expect(try await server.used(by: app) == usedBefore)
        }
    }

    @Test func `the bank is told what was checked`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()
            let (token, consent) = try await server.consented(app, permissions: everything, window: ("2026-09-01T00:00:00Z", nil))
            let account = try await server.account(token)
            let upstream = ScriptedUpstream { call in
                let told = [
                    call.operation, call.app.id.rawValue, call.consent?.id.rawValue, call.accountID?.rawValue, call.window?.lowerBound.rfc3339,
                    "\(call.parameters.integer("limit") ?? 0)",
                ]
                return .json(JSONObject([("told", .array(told.compactMap { $0.map(JSONValue.string) }))]))
            }
            try await server.behindGateway(upstream) { gateway in
                let response = try await gateway.call("/v1/accounts/\(account)/transactions?limit=7", token: token)
                #expect(response.text == #"{"told":["listTransactions","\#(app.app.id)","\#(consent)","\#(account)","2026-09-01T00:00:00Z","7"]}"#)
            }
        }
    }

    // MARK: Cross-origin

    @Test func `an app's own origin may read the answer, another may not, and none with credentials`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register(.singlePage, redirectURIs: ["https://spa.example.com/callback"])
            let token = try await server.tokens(for: app).access

            let own = try await server.call("/v1/accounts", token: token, headers: [.origin: "https://spa.example.com"])
            let other = try await server.call("/v1/accounts", token: token, headers: [.origin: "https://evil.example.com"])
            let expired = try await server.call("/v1/accounts", token: "x.y.z", headers: [.origin: "https://spa.example.com"])

            #expect(own.headers[.accessControlAllowOrigin] == "https://spa.example.com")
            #expect(own.headers[.accessControlAllowCredentials] == nil)
            #expect(own.headers[.accessControlExposeHeaders]?.contains("X-Request-Id") == true)
            #expect(own.headers[.vary] == "Origin" && other.headers[.vary] == "Origin")
            #expect(other.headers[.accessControlAllowOrigin] == nil)
            #expect(expired.status == .unauthorized && expired.headers[.accessControlAllowOrigin] == "https://spa.example.com")
        }
    }

    @Test func `a preflight needs no token`() async throws {
        try await TestServer.run(.sqlite) { server in
            let response = try await server.send(
                .options, "/v1/consents",
                headers: [.origin: "https://spa.example.com", .accessControlRequestMethod: "POST", .accessControlRequestHeaders: "authorization"])

            #expect(response.status == .noContent)
            #expect(response.headers[.accessControlAllowOrigin] == "https://spa.example.com")
            #expect(response.headers[.accessControlAllowMethods]?.contains("POST") == true)
            #expect(response.headers[.accessControlAllowHeaders]?.contains("Authorization") == true)
            #expect(response.headers[.accessControlAllowCredentials] == nil)
        }
    }

    // MARK: The contract

    @Test func `every operation of the contract has a route`() async throws {
        try await TestServer.run(.sqlite) { server in
            for operation in contract.operations {
                let path = operation.path.replacing("{account_id}", with: "acc_1").replacing("{consent_id}", with: "cns_1").replacing(
                    "{client_id}", with: "app-1")
                let method = try #require(HTTPRequest.Method(operation.method))
                let response = try await server.send(method, path)
                #expect(![.notFound, .methodNotAllowed].contains(response.status), "\(operation.method) \(operation.path)")
                if operation.access != nil { response.isRefused(.unauthorized, .missingToken, by: operation.id) }
            }
        }
    }

    @Test func `every endpoint of the metadata is in the contract`() async throws {
        try await TestServer.run(.sqlite) { server in
            let metadata = try await server.get("/.well-known/openid-configuration")
            metadata.keeps("getOpenIDConfiguration")
            try await server.get("/oauth2/jwks").keeps("getKeys")

            let paths = Set(contract.operations.map(\.path))
            let endpoints = metadata.json.filter { $0.key.hasSuffix("_endpoint") || $0.key == "jwks_uri" }.compactMap { $0.value as? String }
            #expect(endpoints.count >= 6)
            for endpoint in endpoints { #expect(paths.contains(endpoint.replacing(TestServer.issuer.text, with: "")), "\(endpoint)") }
        }
    }
}
