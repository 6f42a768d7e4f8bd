import Applications
import Composition
import Consents
import Contract
import Events
import HTTPTypes
import HummingbirdTesting
import Metering
import OAuth
import OpenBanking
import Primitives
import Storage
import TestSupport
import Testing
import Web

@Suite("RFC 9470 · Step up authentication challenge")
struct RFC9470Tests {
    private let wanted = "urn:wekeza:acr:2"

    /// Puts an app under other rules, which its tokens outlive: from now on it proves itself by this key.
    private func hold(_ app: TestApp, to profile: SecurityProfile, _ key: TestKey, on server: TestServer) async throws {
        var metadata = key.metadata
        metadata.dpopBoundAccessTokens = true
        let change = AppChange(profile: profile, authenticationMethod: .privateKeyJWT, metadata: metadata)
        let now = server.clock.now
        try await server.database.write { tx in
            _ = try Applications.Apps().secure(app.app.id, change, by: .commandLine, at: now, requestID: nil, in: tx).get()
        }
        try await server.settle()
    }

    private func status(_ consent: String, on server: TestServer) async throws -> ConsentStatus? {
        let now = server.clock.now
        return try await server.database.read { try Consents().status(of: ConsentID(trusted: consent), at: now, in: $0) }
    }

    /// A call under a consent, with its key.
    private struct Spending: Sendable {
        let operation, consent: String
        let send: @Sendable () async throws -> TestResponse
    }

    /// Each operation of the contract that lets money leave, approved with a password alone.
    private func spendings(_ app: TestApp, on server: TestServer) async throws -> [Spending] {
        let bill = Bill()
        let (payment, paymentToken) = try await server.approved(bill, for: app)
        let plan = #","frequency":"daily","first_date":"\#(server.inDays(1))""#
        let (order, orderToken) = try await server.approved("standing_order", bill.members + plan, for: app)
        let month = #"{"period":"month","alignment":"consent","amount":{"amount":"9000.00","currency":"KES"}}"#
        let limits =
            #""creditor":{"name":"Kenya Power","account":"KPLC-882-001"},"maximum_amount":{"amount":"5000.00","currency":"KES"},"limits":[\#(month)]"#
        let end = #","expires_at":"\#((server.clock.now + .days(90)).rfc3339)""#
        let (recurring, recurringToken) = try await server.approved("recurring_payment", limits, for: app, more: end)
        let file = try await server.approved(BulkFile(), for: app)
        return [
            Spending(operation: "createPayment", consent: payment) { try await server.pay(bill, under: payment, token: paymentToken, key: "one") },
            Spending(operation: "createStandingOrder", consent: order) {
                try await server.create("/v1/standing-orders", bill.members + plan, under: order, token: orderToken, key: "one")
            },
            Spending(operation: "createTransfer", consent: recurring) {
                try await server.create("/v1/transfers", bill.members, under: recurring, token: recurringToken, key: "one")
            },
            Spending(operation: "executeBulkPayment", consent: file.consent) { try await server.execute(file.id, token: file.token, key: "one") },
        ]
    }

    @Test func `each operation of the contract that uses a consent up is tried here`() throws {
        let spending = contract.operations.filter { $0.access?.spendsConsent == true }.map(\.id)

        #expect(Set(spending) == ["createPayment", "createStandingOrder", "createTransfer", "executeBulkPayment"])
    }

    @Test(arguments: Engine.available, [SecurityProfile.fapi2, .fapi2MessageSigning])
    func `§3 what was approved with a password alone asks for more under a stricter profile, and nothing is spent`(engine: Engine, profile: SecurityProfile)
        async throws
    {
        try await TestServer.run(engine) { server in
            let (app, key) = (try await server.payingApp(), try TestKey())
            let spendings = try await spendings(app, on: server)

            try await hold(app, to: profile, key, on: server)
            for spending in spendings {
                let answer = try await spending.send()
                answer.isRefused(.unauthorized, .insufficientUserAuthentication, rule: "authentication_level", by: spending.operation)
                let challenge = answer.headers[.wwwAuthenticate] ?? ""
                #expect(challenge.hasPrefix(#"Bearer realm="wekeza", error="insufficient_user_authentication", error_description="The customer "#))
                #expect(challenge.contains(#", acr_values="\#(wanted)""#) && challenge.contains("resource_metadata="), "\(challenge)")
                #expect(answer.violations.first?["expected"] == "acr \(wanted)" && answer.violations.first?["got"] == "acr urn:wekeza:acr:1")
                #expect(answer.json["type"] as? String == "http://localhost:8080/docs/errors/insufficient_user_authentication")
                #expect(try await status(spending.consent, on: server) == .authorised)
            }

            // Under the old rules the same key and token do: neither was spent.
            try await hold(app, to: .oauth21, key, on: server)
            for spending in spendings {
                let answer = try await spending.send()
                #expect(answer.status.code < 300 && answer.headers[.idempotencyReplayed] == nil, "\(spending.operation) \(answer.text)")
            }
        }
    }

    @Test func `RFC 9449 §7-1 a token that is bound to a key is challenged under its scheme`() async throws {
        try await TestServer.run(.sqlite) { server in
            let (app, key) = (try await server.payingApp(), try TestKey())
            let consent = try await server.lodgePayment(Bill(), app).json["id"] as? String ?? ""
            var headers = app.basic
            headers[.dpop] = try key.proof(at: server.clock.now)
            let answer = try await server.redeem(server.authorize(app, server.detail(consent)), by: app, headers: headers)
            let token = answer.json["access_token"] as? String ?? ""
            try await hold(app, to: .fapi2, key, on: server)

            let proof = try key.proof("POST", "/v1/payments", token: token, at: server.clock.now)
            let refused = try await server.post(
                "/v1/payments", json: #"{"consent_id":"\#(consent)",\#(Bill().members)}"#,
                headers: [.authorization: "DPoP \(token)", .dpop: proof, .idempotencyKey: "one"])

            refused.isRefused(.unauthorized, .insufficientUserAuthentication, by: "createPayment")
            let challenge = refused.headers[.wwwAuthenticate] ?? ""
            #expect(challenge.hasPrefix(#"DPoP realm="wekeza", error="insufficient_user_authentication", "#), "\(challenge)")
            #expect(challenge.contains(#", acr_values="\#(wanted)", algs="ES256"#), "\(challenge)")
        }
    }

    @Test(arguments: Engine.available, [nil, "urn:wekeza:acr:1", "urn:wekeza:acr:2"])
    func `§4 what the customer approved with a code goes on under any profile, whatever the app wished for`(engine: Engine, wish: String?) async throws {
        try await TestServer.run(engine) { server in
            let (app, key) = (try await server.payingApp(), try TestKey())
            let (phone, enrolled) = try await server.enrolled(.customer)
            let consent = try await server.lodgePayment(Bill(), app).json["id"] as? String ?? ""
            let browser = TestBrowser(server, cookies: await enrolled.cookies)
            try await browser.open(server.authorizationURI(app, server.detail(consent) + [("acr_values", wanted)]))
            server.clock.advance(by: .seconds(60))
            try await browser.submit("code", [("code", phone.code(at: server.clock.now))])
            let wishes = wish.map { [("acr_values", $0)] } ?? []
            let answer = try await server.redeem(server.authorize(app, server.detail(consent) + wishes, browser: browser), by: app)
            try await hold(app, to: .fapi2, key, on: server)

            let paid = try await server.pay(under: consent, token: answer.json["access_token"] as? String ?? "")

            #expect(paid.status == .created, "\(paid.text)")
            let record = try #require(try await server.record(of: paid))
            #expect(record.checks.contains(.init(rule: "authentication_level", result: .passed, detail: wanted)))
        }
    }

    @Test func `reading and asking for funds need no code, and a payment that was made is told again`() async throws {
        try await TestServer.run(.sqlite) { server in
            let (app, key) = (try await server.payingApp(), try TestKey())
            let (consent, token) = try await server.approved(for: app)
            let (waiting, other) = try await server.approved(for: app)
            let accounts = try await server.tokens(for: app, [("scope", "accounts.read")]).access
            let paid = try await server.pay(under: consent, token: token, key: "one")
            try await hold(app, to: .fapi2, key, on: server)

            #expect(try await server.call("/v1/accounts", token: accounts).status == .ok)
            let funds = try await server.call("/v1/funds-confirmations", token: other, method: .post, json: #"{"consent_id":"\#(waiting)"}"#)
            #expect(funds.status == .ok, "\(funds.text)")
            let again = try await server.pay(under: consent, token: token, key: "one")
            #expect(again.text == paid.text && again.headers[.idempotencyReplayed] == "true")
            try await server.pay(under: consent, token: token, key: "two").isRefused(.forbidden, .consentConsumed, by: "createPayment")
        }
    }

    @Test func `the documentation explains the error`() async throws {
        try await TestServer.run(.sqlite) { server in
            let page = try await server.get("/docs/errors/insufficient_user_authentication", headers: [.accept: "text/html"])

            #expect(page.status == .ok && page.text.contains("insufficient_user_authentication") && page.text.contains("acr_values"))
        }
    }
}
