import Applications
import Composition
import Consents
import Contract
import Events
import Gateway
import HTTPTypes
import HummingbirdTesting
import Metering
import OAuth
import Primitives
import Storage
import TestSupport
import Testing
import Web

private let sound = """
    {"type":"account_access","permissions":["ReadBalances","ReadAccountsBasic"],"expires_at":"2027-02-19T00:00:00Z","transactions_from":"2026-01-01"}
    """

@Suite("Consents · lodged, read and ended by the app that asks")
struct ConsentTests {
    private func lodge(_ server: TestServer, token: String, body: String = sound) async throws -> TestResponse {
        try await server.call("/v1/consents", token: token, method: .post, json: body)
    }

    @Test(arguments: Engine.available)
    func `a lodged consent waits for its customer, at the address in Location`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let token = try await server.appToken(server.register())

            let response = try await lodge(server, token: token)

            #expect(response.status == .created)
            response.keeps("createConsent")
            let id = try #require(response.json["id"] as? String)
            #expect(response.headers[.location] == "http://localhost:8080/v1/consents/\(id)")
            #expect(response.json["status"] as? String == "awaiting_authorisation")
            #expect(response.json["status_actor"] as? String == "partner")
            #expect(response.json["permissions"] as? [String] == ["ReadAccountsBasic", "ReadBalances"])
            #expect(response.json["transactions_from"] as? String == "2026-01-01T00:00:00Z")
            let read = try await server.call("/v1/consents/\(id)", token: token)
            read.keeps("getConsent")
            #expect(read.json["status"] as? String == "awaiting_authorisation")
        }
    }

    @Test(arguments: [
        (#"{}"#, "required"), (#"{"type":"account_access","permissions":[],"expires_at":"2027-02-19"}"#, "minItems"),
        (sound.replacing("account_access", with: "funds"), "enum"), (sound.replacing("account_access", with: "payment"), "type"),
        (sound.replacing("ReadBalances", with: "ReadEverything"), "enum"),
        (sound.replacing("ReadBalances", with: "ReadAccountsBasic"), "uniqueItems"),
        (sound.replacing(#""type":"#, with: #""colour":"blue","type":"#), "additionalProperties"),
        (sound.replacing("2027-02-19T00:00:00Z", with: "soon"), "format"), (sound.replacing("2027-02-19T00:00:00Z", with: "2026-11-21T06:00:00Z"), "term"),
        (sound.replacing("2027-02-19T00:00:00Z", with: "2028-01-01T00:00:00Z"), "term"),
        (sound.replacing("2026-01-01", with: #"2026-01-01","transactions_to":"2025-01-01"#), "window"), (#"[]"#, "type"), (#""x""#, "type"),
    ])
    func `a body that breaks a rule is 400 with the rule`(body: String, rule: String) async throws {
        try await TestServer.run(.sqlite) { server in
            let token = try await server.appToken(server.register())

            try await lodge(server, token: token, body: body).isRefused(.badRequest, .invalidRequest, rule: rule, by: "createConsent")
        }
    }

    @Test(arguments: [
        (#"["ReadBalances"]"#, "permissions.accounts"), (#"["ReadAccountsBasic","ReadTransactionsDetail"]"#, "permissions.transactions.direction"),
        (#"["ReadAccountsBasic","ReadTransactionsCredits"]"#, "permissions.transactions.level"),
    ])
    func `permissions that do not go together are 400 invalid_permissions`(permissions: String, rule: String) async throws {
        try await TestServer.run(.sqlite) { server in
            let token = try await server.appToken(server.register())

            let response = try await lodge(
                server, token: token, body: sound.replacing(#"["ReadBalances","ReadAccountsBasic"]"#, with: permissions))

            response.isRefused(.badRequest, .invalidPermissions, rule: rule, by: "createConsent")
            #expect(response.violations.first?["pointer"] == "/permissions")
        }
    }

    @Test func `what is no JSON is 400, another type 415, too much 413`() async throws {
        try await TestServer.run(.sqlite) { server in
            let token = try await server.appToken(server.register())

            for body in ["", "{", String(repeating: "[", count: 5000)] {
                try await lodge(server, token: token, body: body).isRefused(.badRequest, .malformedBody, rule: "request", by: "createConsent")
            }
            let twice = try await lodge(server, token: token, body: #"{"type":"account_access","type":"account_access"}"#)
            twice.isRefused(.badRequest, .malformedBody, rule: "unique_member", by: "createConsent")
            #expect(twice.violations.first?["pointer"] == "/type")
            try await lodge(server, token: token, body: String(repeating: " ", count: 1 << 20) + "{}")
                .isRefused(.contentTooLarge, .bodyTooLarge, rule: "request", by: "createConsent")
            let form = try await server.post("/v1/consents", form: [("type", "account_access")], headers: [.authorization: "Bearer \(token)"])
            form.isRefused(.unsupportedMediaType, .unsupportedMediaType, rule: "request", by: "createConsent")
        }
    }

    @Test(arguments: Engine.available)
    func `the way of a consent is told: lodged, approved with its accounts, withdrawn by the customer`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let (_, consent) = try await server.consented(app, permissions: ["ReadAccountsBasic", "ReadBalances"], accounts: 2)
            let token = try await server.appToken(app)

            let authorised = try await server.call("/v1/consents/\(consent)", token: token)
            authorised.keeps("getConsent")
            #expect(authorised.json["status"] as? String == "authorised")
            #expect((authorised.json["accounts"] as? [String])?.count == 2)

            let browser = TestBrowser(server)
            try await browser.open("/my/sign-in")
            try await browser.submit("password", [("username", "amina.traveler"), ("password", "sandbox")])
            try await browser.open("/my/consents/\(consent)")
            let stop = try #require(await browser.forms.first { $0.action.hasSuffix("/stop") })
            try await browser.submit(stop, [])

            let withdrawn = try await server.call("/v1/consents/\(consent)", token: token)
            withdrawn.keeps("getConsent")
            #expect(withdrawn.json["status"] as? String == "revoked")
            #expect(withdrawn.json["status_actor"] as? String == "customer")
            let history = withdrawn.json["history"] as? [[String: String]] ?? []
            #expect(history.map { $0["status"] } == ["awaiting_authorisation", "authorised", "revoked"])
            #expect(history.map { $0["actor"] } == ["partner", "customer", "customer"])

            // The app's own end comes too late, and does not rewrite the customer's.
            #expect(try await server.call("/v1/consents/\(consent)", token: token, method: .delete).status == .noContent)
            let after = try await server.call("/v1/consents/\(consent)", token: token)
            #expect(after.json["status_actor"] as? String == "customer" && (after.json["history"] as? [Any])?.count == 3)
        }
    }

    @Test(arguments: Engine.available)
    func `the app ends a consent: 204, again 204, revoked by partner, and the next call fails`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let (access, consent) = try await server.consented(app, permissions: ["ReadAccountsBasic"])
            #expect(try await server.call("/v1/accounts", token: access).status == .ok)
            let token = try await server.appToken(app)

            let first = try await server.call("/v1/consents/\(consent)", token: token, method: .delete)
            let second = try await server.call("/v1/consents/\(consent)", token: token, method: .delete)

            #expect([first.status, second.status] == [.noContent, .noContent])
            first.keeps("deleteConsent")
            let read = try await server.call("/v1/consents/\(consent)", token: token)
            #expect(read.json["status"] as? String == "revoked" && read.json["status_actor"] as? String == "partner")
            #expect((read.json["history"] as? [Any])?.count == 3)
            try await server.call("/v1/accounts", token: access).isRefused(.forbidden, .consentRevoked, rule: "consent_state", by: "listAccounts")
        }
    }

    @Test func `another app's consent looks like one that does not exist`() async throws {
        try await TestServer.run(.sqlite) { server in
            let mine = try await server.appToken(server.register())
            let theirs = try await server.appToken(server.register(name: "Other"))
            let foreign = try await lodge(server, token: theirs).json["id"] as? String ?? ""

            for id in [foreign, "cns_nobody", "nonsense", "a.b", "%2e%2e%2f", String(repeating: "a", count: 65)] {
                try await server.call("/v1/consents/\(id)", token: mine).isRefused(.notFound, .notFound, by: "getConsent")
                try await server.call("/v1/consents/\(id)", token: mine, method: .delete).isRefused(.notFound, .notFound, by: "deleteConsent")
            }
            let read = try await server.call("/v1/consents/\(foreign)", token: theirs)
            #expect(read.json["status"] as? String == "awaiting_authorisation")
        }
    }

    @Test(arguments: Engine.available)
    func `the list goes on page by page, stable while new consents come`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register(plan: .unlimited)
            let token = try await server.appToken(app)
            var lodged: Set<String> = []
            for _ in 0..<5 { lodged.insert(try await lodge(server, token: token).json["id"] as? String ?? "") }

            var seen: [String] = []
            var next: String? = "/v1/consents?limit=2"
            while let uri = next {
                let page = try await server.call(uri, token: token)
                page.keeps("listConsents")
                seen += (page.json["data"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }
                next = ((page.json["links"] as? [String: String])?["next"]).map { $0.replacing(TestServer.issuer.text, with: "") }
                server.clock.advance(by: .seconds(1))
                _ = try await lodge(server, token: token)
            }

            #expect(seen.count == 5 && Set(seen) == lodged)
            try await server.call("/v1/consents?cursor=Y25zX25vYm9keQ", token: token)
                .isRefused(.badRequest, .invalidRequest, rule: "cursor", by: "listConsents")
        }
    }

    @Test(arguments: Engine.available)
    func `nobody authorised it within a day: it has expired`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let id = try await lodge(server, token: server.appToken(app)).json["id"] as? String ?? ""
            server.clock.advance(by: .hours(24))

            let read = try await server.call("/v1/consents/\(id)", token: server.appToken(app))

            read.keeps("getConsent")
            #expect(read.json["status"] as? String == "expired" && read.json["status_reason"] as? String == "never_authorised")
            #expect((read.json["history"] as? [[String: String]])?.last?["status"] == "expired")
        }
    }
}

@Suite("Consents · Idempotency-Key")
struct ConsentIdempotencyTests {
    private func lodge(_ server: TestServer, token: String, key: String, body: String = sound) async throws -> TestResponse {
        try await server.call("/v1/consents", token: token, method: .post, json: body, headers: [.idempotencyKey: key])
    }

    private func consents(_ server: TestServer, token: String) async throws -> Int {
        (try await server.call("/v1/consents", token: token).json["data"] as? [Any])?.count ?? 0
    }

    @Test(arguments: Engine.available)
    func `the same request again gets the first answer, and costs nothing`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let token = try await server.appToken(app)
            let first = try await lodge(server, token: token, key: "k-1")
            let used = try await server.used(by: app)

            // The same body, spelled otherwise.
            let again = try await lodge(server, token: token, key: "k-1", body: sound.replacing(#"":"#, with: #"" : "#))

            #expect(again.status == .created && again.text == first.text)
            #expect(again.headers[.location] == first.headers[.location])
            #expect(first.headers[.idempotencyReplayed] == nil && again.headers[.idempotencyReplayed] == "true")
            again.keeps("createConsent")
            #expect(try await server.used(by: app) == used)
            #expect(try await server.record(of: again)?.cost == 0)
            #expect(try await consents(server, token: token) == 1)
        }
    }

    @Test(arguments: Engine.available)
    func `another body under the same key is 422`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let token = try await server.appToken(server.register())
            _ = try await lodge(server, token: token, key: "k-1")

            let other = try await lodge(server, token: token, key: "k-1", body: sound.replacing("2027-02-19", with: "2027-02-20"))

            other.isRefused(.unprocessableContent, .idempotencyKeyReused, rule: "idempotency", by: "createConsent")
        }
    }

    @Test(arguments: Engine.available)
    func `a key belongs to its app`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let first = try await lodge(server, token: server.appToken(server.register()), key: "k-1")
            let second = try await lodge(server, token: server.appToken(server.register(name: "Other")), key: "k-1")

            #expect(second.status == .created && second.json["id"] as? String != first.json["id"] as? String)
        }
    }

    @Test(arguments: Engine.available)
    func `twenty at once, five rounds: one consent each, and no other answer than the first, or 409`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register(plan: .unlimited)
            let token = try await server.appToken(app)
            for round in 1...5 {
                let responses = try await withThrowingTaskGroup(of: TestResponse.self) { group in
                    for _ in 0..<20 { group.addTask { try await lodge(server, token: token, key: "round-\(round)") } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }

                let created = responses.filter { $0.status == .created }
                #expect(Set(created.map(\.text)).count == 1)
                #expect(created.filter { $0.headers[.idempotencyReplayed] == nil }.count == 1)
                #expect(responses.allSatisfy { $0.status == .created || $0.status == .conflict })
                for refused in responses where refused.status == .conflict {
                    refused.isRefused(.conflict, .idempotencyInFlight, rule: "idempotency", by: "createConsent")
                }
                #expect(try await consents(server, token: token) == round)
            }
        }
    }

    @Test(arguments: Engine.available)
    func `a claim whose process died is in flight for a minute, then free for its own body`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let token = try await server.appToken(app)
            let other = sound.replacing("2027-02-19T00:00:00Z", with: "2027-02-18T00:00:00Z")
            _ = try await lodge(server, token: token, key: "k-0")
            try await server.database.write { [now = server.clock.now] tx in
                let row = try tx.first("SELECT payload FROM idempotency_key WHERE key = 'k-0'")
                let claim = IdempotencyClaim(
                    appID: app.app.id, route: "createConsent", key: "k-1", payload: try #require(row)["payload"], token: RequestID(trusted: "req_dead"))
                _ = try IdempotencyRecords().claim(claim, at: now, in: tx)
            }

            for isLate in [false, true] {
                if isLate { server.clock.advance(by: .seconds(61)) }
                try await lodge(server, token: token, key: "k-1", body: other)
                    .isRefused(.unprocessableContent, .idempotencyKeyReused, rule: "idempotency", by: "createConsent")
                let answer = try await lodge(server, token: token, key: "k-1")
                #expect(answer.status == (isLate ? .created : .conflict), "\(answer.text)")
            }
        }
    }

    @Test(arguments: Engine.available)
    func `a refused request leaves its key free, and an answered one keeps it for a day, also by a clock two hours ahead`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let refused = try await lodge(
                server, token: server.appToken(app), key: "k-1", body: sound.replacing("2027-02-19T00:00:00Z", with: "2020-01-01T00:00:00Z"))
            let first = try await lodge(server, token: server.appToken(app), key: "k-1")
            server.clock.advance(by: .hours(26))
            let again = try await lodge(server, token: server.appToken(app), key: "k-1")
            server.clock.advance(by: .hours(3))
            let second = try await lodge(server, token: server.appToken(app), key: "k-1")

            #expect(refused.status == .badRequest && first.status == .created && second.status == .created)
            #expect(again.text == first.text && again.headers[.idempotencyReplayed] == "true")
            #expect(first.json["id"] as? String != second.json["id"] as? String)
        }
    }

    @Test(arguments: ["", String(repeating: "k", count: 41), "a b"])
    func `a key that is not 1 to 40 visible ASCII characters is 400`(key: String) async throws {
        try await TestServer.run(.sqlite) { server in
            let response = try await lodge(server, token: server.appToken(server.register()), key: key)

            response.isRefused(.badRequest, .invalidIdempotencyKey, by: "createConsent")
        }
    }
}
