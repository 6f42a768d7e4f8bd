import Applications
import Bank
import Consents
import Events
import Foundation
import HTTPTypes
import HummingbirdTesting
import JSON
import OAuth
import OpenBanking
import Primitives
import Storage
import TestSupport
import Testing
import Web

@Suite("Payment consents")
struct PaymentConsentTests {
    @Test(arguments: [
        (#""amount":{"amount":"0","currency":"KES"}"#, "/payment/amount/amount"), (#""amount":{"amount":"-5.00","currency":"KES"}"#, "/payment/amount/amount"),
        (#""amount":{"amount":"1.001","currency":"KES"}"#, "/payment/amount/amount"),
        (#""amount":{"amount":"1e3","currency":"KES"}"#, "/payment/amount/amount"),
        (#""amount":{"amount":"99999999999999999999","currency":"KES"}"#, "/payment/amount/amount"),
        (#""amount":{"amount":"5","currency":"EUR"}"#, "/payment/amount/currency"),
        (#""amount":{"amount":5,"currency":"KES"}"#, "/payment/amount/amount"), (#""amount":"5""#, "/payment/amount"),
    ]) func `an amount that is none is refused by name`(amount: String, pointer: String) async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.payingApp()
            let body = #"{"type":"payment","payment":{\#(amount),"creditor":{"name":"Kenya Power","account":"KPLC-882-001"},"reference":"Bill"}}"#

            let refusal = try await server.call("/v1/consents", token: server.appToken(app), method: .post, json: body)

            refusal.isRefused(.badRequest, .invalidRequest, by: "createConsent")
            #expect(refusal.violations.first?["pointer"] == pointer, "\(refusal.text)")
        }
    }

    @Test func `what belongs to the other type is refused by name`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.payingApp()
            for (body, pointer) in [
                (#"{"type":"payment"}"#, "/payment"), (#"{"type":"payment","payment":{\#(Bill().members)},"permissions":["ReadBalances"]}"#, "/permissions"),
                (#"{"type":"account_access","permissions":["ReadAccountsBasic"],"expires_at":"2027-02-19T00:00:00Z","payment":{\#(Bill().members)}}"#, "/type"),
                (#"{"type":"account_access"}"#, "/permissions"), (#"{"type":"payment","payment":{\#(Bill().members)},"payment":{\#(Bill().members)}}"#, ""),
                (#"{"type":"payment","payment":{\#(Bill().members)},"expires_at":"2020-01-01T00:00:00Z"}"#, "/expires_at"),
            ] {
                let refusal = try await server.call("/v1/consents", token: server.appToken(app), method: .post, json: body)
                #expect(refusal.status == .badRequest, "\(refusal.text)")
                if !pointer.isEmpty { #expect(refusal.violations.first?["pointer"] == pointer, "\(refusal.text)") }
            }
        }
    }

    @Test(arguments: Engine.available) func `the type of the authorization detail is the consent's`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let payment = try await server.lodgePayment(Bill(), app).json["id"] as? String ?? ""
            let access = try await server.lodge(app, permissions: ["ReadAccountsBasic"])

            for (type, consent) in [("account_access", payment), ("payment", access)] {
                let answer = try await server.answer(
                    app, [("authorization_details", #"[{"type":"\#(type)","consent_id":"\#(consent)"}]"#), ("scope", "openid")])
                #expect(answer["error"] == "invalid_authorization_details")
            }
        }
    }

    @Test(arguments: Engine.available) func `one account pays: none, two, or one of another currency is refused`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let consent = try await server.lodgePayment(Bill(), app).json["id"] as? String ?? ""
            let browser = TestBrowser(server)
            try await browser.open(server.authorizationURI(app, server.detail(consent)))
            try await browser.submit("password", [("username", "amina.traveler"), ("password", "sandbox")])
            let offered = await browser.forms.flatMap(\.options).filter { $0.name == "accounts" }.map(\.value)
            let own = try await server.database.read { tx -> [Account] in
                try Accounts().list(offered.compactMap { AccountID($0) }, in: tx)
            }
            #expect(!own.isEmpty && own.allSatisfy { $0.currency == .kes })
            let dollars = try #require(
                try await server.database.read { tx in try Accounts().list(of: own[0].holder, in: tx).first { $0.currency == .usd } })

            for chosen in [[], [offered[0], dollars.id.rawValue], [dollars.id.rawValue]] {
                try await browser.submit("decision", [("decision", "approve")] + chosen.map { ("accounts", $0) })
                #expect(await browser.left == nil)
                #expect(await browser.page.contains("There is a problem"))
            }
            #expect(try await server.consentStatus(consent, app) == "awaiting_authorisation")
        }
    }

    @Test(arguments: Engine.available) func `the account that the app named is the only one that pays`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let reading = try await server.tokens(for: app, accounts: 2).access
            let list = try await server.call("/v1/accounts", token: reading).json["data"] as? [[String: Any]] ?? []
            let named = try #require(list.first { $0["currency"] as? String == "KES" }?["id"] as? String)
            let consent = try await server.lodgePayment(Bill(), app, more: #","debtor_account":"\#(named)""#).json["id"] as? String ?? ""

            let browser = TestBrowser(server)
            try await browser.open(server.authorizationURI(app, server.detail(consent)))
            try await browser.submit("password", [("username", "amina.traveler"), ("password", "sandbox")])

            #expect(await browser.forms.flatMap(\.options).filter { $0.name == "accounts" }.map(\.value) == [named])
        }
    }

    @Test(arguments: Engine.available)
    func `a profile asks every customer for a second factor, and who goes on without approves nothing`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let key = try TestKey()
            var metadata = key.metadata
            metadata.dpopBoundAccessTokens = true
            let app = try await server.register(
                method: .privateKeyJWT, scopes: ScopeSet(Scope.allCases), profile: .fapi2, metadata: metadata)
            let consent = try await server.database.write { [now = server.clock.now] tx in
                let instruction = PaymentInstruction(
                    stored: Money(minorUnits: 125_000, currency: .kes), creditor: Creditor(name: "Kenya Power", account: "KPLC-882-001"), reference: "Bill")
                let new = NewConsent(
                    appID: app.app.id, organisationID: app.app.organisationID,
                    payment: PaymentTerms(order: .single(instruction, executionDate: nil), debtorAccount: nil), expiresAt: now + .hours(1))
                return try Consents().lodge(new, by: .app(app.app.id), at: now, requestID: nil, in: tx).id
            }
            let request = (Parameters(urlEncoded: String(server.authorizationURI(app, server.detail(consent.rawValue)).dropFirst(18)))?.pairs ?? [])
                .filter { $0.name != "client_id" }
            let assertion = app.fields(try key.assertion(of: app.clientID, at: server.clock.now))
            let pushed = try await server.post("/oauth2/par", form: request + assertion)
            #expect(pushed.status == .created, "\(pushed.text)")
            let uri = Parameters.encode(pushed.json["request_uri"] as? String ?? "")

            let browser = TestBrowser(server)
            try await browser.open("/oauth2/authorize?client_id=\(app.clientID)&request_uri=\(uri)")
            try await browser.submit("password", [("username", "amina.traveler"), ("password", "sandbox")])
            #expect(await browser.heading == "Turn on two-step sign-in?")
            try await browser.open(try #require(await browser.links.first { $0.hasPrefix("/oauth2/authorize/without-code") }))

            let answer = Parameters(urlEncoded: String(await browser.left?.split(separator: "?").last ?? ""))
            #expect(answer?["error"] == "unmet_authentication_requirements")
            #expect(try await server.database.read { try Consents().find(consent, in: $0)?.storedStatus } == .awaitingAuthorisation)
        }
    }

    @Test(arguments: Engine.available) func `who has a second factor approves a payment with it`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let (phone, browser) = try await server.enrolled(.customer)
            let consent = try await server.lodgePayment(Bill(), app).json["id"] as? String ?? ""
            let weak = TestBrowser(server, cookies: await browser.cookies)

            try await weak.open(server.authorizationURI(app, server.detail(consent)))
            #expect(await weak.page.contains("One-time code"))
            server.clock.advance(by: .seconds(60))
            try await weak.submit("code", [("code", phone.code(at: server.clock.now))])
            #expect(await weak.page.contains("Which account pays?"))
            let answer = try await server.redeem(server.authorize(app, server.detail(consent), browser: weak), by: app)

            #expect(try await server.claims(answer.json["access_token"] as? String)?["acr"]?.string == "urn:wekeza:acr:2")
        }
    }

    @Test(arguments: Engine.available) func `OpenID Connect Core §3.1.2.1 a payment is never approved without a page`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let (_, browser) = try await server.enrolled(.customer)
            let consent = try await server.lodgePayment(Bill(), app).json["id"] as? String ?? ""
            let weak = TestBrowser(server, cookies: await browser.cookies)

            let answer = try await server.answer(app, server.detail(consent) + [("prompt", "none")], browser: weak)

            #expect(answer["error"] == "consent_required")
            #expect(try await server.consentStatus(consent, app) == "awaiting_authorisation")
        }
    }

    @Test(arguments: Engine.available) func `a plain payments.write without a lodged payment is refused`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()

            #expect(try await server.answer(app, [("scope", "openid payments.write")])["error"] == "invalid_scope")
        }
    }
}
