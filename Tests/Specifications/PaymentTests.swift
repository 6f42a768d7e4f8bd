import Applications
import Foundation
import Gateway
import HTTPTypes
import HummingbirdTesting
import JSON
import OAuth
import OpenBanking
import Payments
import Primitives
import Storage
import TestSupport
import Testing
import Web

@Suite("Payments over HTTP")
struct PaymentTests {
    @Test(arguments: Engine.available) func `PY-01 a customer approves exactly one payment, and the app makes it`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let lodged = try await server.lodgePayment(Bill(), app)
            #expect(lodged.status == .created, "\(lodged.text)")
            lodged.keeps("createConsent")
            let consent = lodged.json["id"] as? String ?? ""

            let browser = TestBrowser(server)
            try await browser.open(server.authorizationURI(app, server.detail(consent)))
            try await browser.submit("password", [("username", "amina.traveler"), ("password", "sandbox")])
            let page = await browser.page
            for text in ["asks to pay KES 1,250.00", "Kenya Power", "KPLC-882-001", "Bill 77", "Which account pays?"] {
                #expect(page.contains(text), "\(text)")
            }

            let authorization = try await server.authorize(app, server.detail(consent), browser: browser)
            let answer = try await server.redeem(authorization, by: app)
            let details = answer.json["authorization_details"] as? [[String: String]]
            #expect(details == [["type": "payment", "consent_id": consent]])
            #expect(answer.json["scope"] as? String == "openid payments.write")

            let paid = try await server.pay(under: consent, token: answer.json["access_token"] as? String ?? "")
            #expect(paid.status == .created, "\(paid.text)")
            paid.keeps("createPayment")
            #expect(paid.json["status"] as? String == "accepted" && paid.json["status_code"] as? String == "ACSP")
            #expect(try await server.consentStatus(consent, app) == "consumed")

            server.clock.advance(by: .seconds(6))
            try await server.database.write { _ = try PaymentBooks().settleDue(at: server.clock.now, in: $0) }
            let read = try await server.get(
                paid.location?.replacingOccurrences(of: TestServer.issuer.text, with: "") ?? "",
                headers: [.authorization: "Bearer \(try await server.paymentsToken(app))"])
            read.keeps("getPayment")
            let timeline = (read.json["timeline"] as? [[String: String]])?.compactMap { $0["status"] }
            #expect(timeline == ["received", "accepted", "settled"])
        }
    }

    @Test(arguments: Engine.available) func `PY-02 the same key and body is answered with the first answer, also when the consent is used up`(engine: Engine)
        async throws
    {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let (consent, token) = try await server.approved(for: app)

            let first = try await server.pay(under: consent, token: token, key: "once")
            let again = try await server.pay(under: consent, token: token, key: "once")

            #expect(first.status == .created && again.status == .created, "\(again.text)")
            #expect(again.text == first.text && again.headers[.idempotencyReplayed] == "true")
            #expect(try await server.payments(app).count == 1)
        }
    }

    @Test(arguments: Engine.available) func `PY-03 the same key with another body is refused, and another key finds the consent used up`(engine: Engine)
        async throws
    {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let (consent, token) = try await server.approved(for: app)
            _ = try await server.pay(under: consent, token: token, key: "once")

            try await server.pay(Bill(amount: "1250.01"), under: consent, token: token, key: "once")
                .isRefused(.unprocessableContent, .idempotencyKeyReused, by: "createPayment")
            try await server.pay(under: consent, token: token, key: "twice")
                .isRefused(.forbidden, .consentConsumed, rule: "consent_state", by: "createPayment")
            #expect(try await server.payments(app).count == 1)
        }
    }

    @Test(arguments: Engine.available) func `PY-04 no key, an empty one, a long one: 400`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let (consent, token) = try await server.approved(for: app)

            for key in [nil, "", String(repeating: "k", count: 41), "a b", "a\tb", "a\u{7}b", "a\u{1B}b", "a\u{7F}b", "é"] {
                try await server.pay(under: consent, token: token, key: key).isRefused(.badRequest, .invalidIdempotencyKey, by: "createPayment")
            }
            #expect(try await server.consentStatus(consent, app) == "authorised")
        }
    }

    @Test(arguments: Engine.available) func `PY-15 a key belongs to its app and its operation`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let (app, other) = (try await server.payingApp(), try await server.payingApp())
            let (consent, token) = try await server.approved(for: app)
            let (another, second) = try await server.approved(for: other)
            let plan = #","frequency":"daily","first_date":"\#(server.inDays(1))""#
            let (order, third) = try await server.approved("standing_order", Bill().members + plan, for: app)

            let paid = try await server.pay(under: consent, token: token, key: "the-same")
            let others = try await server.pay(under: another, token: second, key: "the-same")
            let ordered = try await server.create("/v1/standing-orders", Bill().members + plan, under: order, token: third, key: "the-same")

            for answer in [paid, others, ordered] { #expect(answer.status == .created && answer.headers[.idempotencyReplayed] == nil, "\(answer.text)") }
            #expect(Set([paid, others, ordered].compactMap { $0.json["id"] as? String }).count == 3)
        }
    }

    @Test(arguments: Engine.available) func `PY-05 20 copies at once: one payment, and every 201 is the same`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            for round in 0..<5 {
                let bill = Bill(amount: "10.00", reference: "Round \(round)")
                let (consent, token) = try await server.approved(bill, for: app)

                let answers = try await withThrowingTaskGroup(of: TestResponse.self) { group in
                    for _ in 0..<20 { group.addTask { try await server.pay(bill, under: consent, token: token, key: "round-\(round)") } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }

                #expect(answers.allSatisfy { [.created, .conflict].contains($0.status) })
                #expect(Set(answers.filter { $0.status == .created }.compactMap { $0.json["id"] as? String }).count == 1)
                #expect(try await server.payments(app).count == round + 1)
            }
        }
    }

    @Test(arguments: Engine.available) func `PY-09 each member that differs from the approval is named, and nothing moves`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let (consent, token) = try await server.approved(for: app)

            for (bill, pointer) in [
                (Bill(amount: "1250.01"), "/amount/amount"), (Bill(currency: "USD"), "/amount/currency"), (Bill(name: "Kenya  Power"), "/creditor/name"),
                (Bill(account: "KPLC-882-002"), "/creditor/account"), (Bill(reference: "Bill 78"), "/reference"),
            ] {
                let refusal = try await server.pay(bill, under: consent, token: token)
                refusal.isRefused(.unprocessableContent, .paymentDiffers, rule: "dynamic_linking", by: "createPayment")
                #expect(refusal.violations.first?["pointer"] == pointer)
            }
            #expect(try await server.consentStatus(consent, app) == "authorised")
            #expect(try await server.pay(under: consent, token: token).status == .created)
        }
    }

    @Test(arguments: Engine.available) func `PY-10 a token pays under its own consent alone`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let (app, other) = (try await server.payingApp(), try await server.payingApp())
            let (consent, _) = try await server.approved(for: app)
            let (own, token) = try await server.approved(for: other)

            try await server.pay(under: consent, token: token).isRefused(.forbidden, .consentRequired, rule: "consent", by: "createPayment")
            #expect(try await server.consentStatus(consent, app) == "authorised")
            #expect(try await server.consentStatus(own, other) == "authorised")
        }
    }

    @Test(arguments: Engine.available) func `a payment consent reads no accounts, and an account consent pays nothing`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let (consent, token) = try await server.approved(for: app)
            let reading = try await server.tokens(for: app).access

            try await server.call("/v1/accounts", token: token).isRefused(.forbidden, .insufficientScope, by: "listAccounts")
            try await server.pay(under: consent, token: reading).isRefused(.forbidden, .insufficientScope, by: "createPayment")
            try await server.pay(under: consent, token: server.paymentsToken(app)).isRefused(.forbidden, .consentRequired, by: "createPayment")
        }
    }

    @Test(arguments: Engine.available) func `PY-14 a withdrawn consent and an expired one pay nothing`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let (withdrawn, first) = try await server.approved(for: app)
            _ = try await server.send(.delete, "/v1/consents/\(withdrawn)", headers: [.authorization: "Bearer \(try await server.appToken(app))"])
            try await server.settle()
            try await server.pay(under: withdrawn, token: first).isRefused(.forbidden, .consentRevoked, by: "createPayment")

            let expiry = (server.clock.now + .seconds(60)).rfc3339
            let expiring = try await server.lodgePayment(Bill(), app, more: #","expires_at":"\#(expiry)""#).json["id"] as? String ?? ""
            let second = try await server.tokens(for: app, server.detail(expiring)).access
            server.clock.advance(by: .seconds(61))
            let late = try await server.pay(under: expiring, token: second)
            #expect([.forbidden, .unauthorized].contains(late.status), "\(late.text)")
            #expect(try await server.payments(app).isEmpty)
        }
    }

    @Test(arguments: Engine.available)
    func `a withdrawn consent's token is refused at the app's own operations too; a used-up one's asks for its payment`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let (withdrawn, ended) = try await server.approved(for: app)
            let (used, token) = try await server.approved(for: app)
            let id = try await server.pay(under: used, token: token).json["id"] as? String ?? ""
            #expect(try await server.call("/v1/payments", token: ended).status == .ok)

            _ = try await server.send(.delete, "/v1/consents/\(withdrawn)", headers: [.authorization: "Bearer \(try await server.appToken(app))"])
            try await server.settle()

            let list = try await server.call("/v1/payments", token: ended)
            let one = try await server.call("/v1/payments/\(id)", token: ended)
            list.isRefused(.forbidden, .consentRevoked, rule: "consent_state", by: "listPayments")
            one.isRefused(.forbidden, .consentRevoked, rule: "consent_state", by: "getPayment")
            #expect(try await server.consentStatus(used, app) == "consumed")
            #expect(try await server.call("/v1/payments/\(id)", token: token).status == .ok)
            #expect(try await server.call("/v1/payments/\(id)", token: server.paymentsToken(app)).status == .ok)
        }
    }

    @Test func `a live bank is given no payment, whose consent it could not use up`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register(scopes: ScopeSet(Scope.allCases), environment: .live)
            let (consent, token) = try await server.approved(for: app)

            try await server.behindGateway(
                ScriptedUpstream { call in
                    Issue.record("\(call.operation) was forwarded")
                    return .noContent
                }
            ) { gateway in
                try await gateway.pay(under: consent, token: token).isRefused(.serviceUnavailable, .noUpstream, rule: "route", by: "createPayment")
            }
            #expect(try await server.consentStatus(consent, app) == "authorised")
        }
    }

    @Test(arguments: Engine.available) func `more than there is: 422, and the consent stays`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let bill = Bill(amount: "9999999999.00")
            let (consent, token) = try await server.approved(bill, for: app)

            let refusal = try await server.pay(bill, under: consent, token: token)

            refusal.isRefused(.unprocessableContent, .insufficientFunds, rule: "funds", by: "createPayment")
            #expect(try await server.consentStatus(consent, app) == "authorised")
        }
    }

    @Test(arguments: Engine.available) func `another app's payment looks like none`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let (app, other) = (try await server.payingApp(), try await server.payingApp())
            let (consent, token) = try await server.approved(for: app)
            let id = try await server.pay(under: consent, token: token).json["id"] as? String ?? ""

            for path in [id, "pay_unknown", "acc_1", "%00", "a.b"] {
                try await server.call("/v1/payments/\(path)", token: server.paymentsToken(other)).isRefused(.notFound, .notFound, by: "getPayment")
            }
            #expect(try await server.payments(other).isEmpty)
        }
    }

    @Test(arguments: Engine.available) func `the list is paged, and no payment comes twice or is left out`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            var made: Set<String> = []
            for number in 0..<5 {
                let bill = Bill(amount: "1\(number).00")
                let (consent, token) = try await server.approved(bill, for: app)
                made.insert(try await server.pay(bill, under: consent, token: token).json["id"] as? String ?? "")
            }

            var (uri, seen): (String?, [String]) = ("/v1/payments?limit=2", [])
            let token = try await server.paymentsToken(app)
            while let next = uri {
                let page = try await server.call(next, token: token)
                page.keeps("listPayments")
                seen += (page.json["data"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }
                uri = ((page.json["links"] as? [String: String])?["next"])?.replacingOccurrences(of: TestServer.issuer.text, with: "")
            }

            #expect(seen.count == 5 && Set(seen) == made)
            try await server.call("/v1/payments?cursor=zzz", token: token).isRefused(.badRequest, .invalidRequest, by: "listPayments")
        }
    }
}
