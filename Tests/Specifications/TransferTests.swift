import Bank
import Foundation
import Gateway
import HTTPTypes
import HummingbirdTesting
import Identity
import OAuth
import OpenBanking
import Payments
import Primitives
import Storage
import TestSupport
import Testing
import Web

private let power = #""creditor":{"name":"Kenya Power","account":"KPLC-882-001"}"#

private func limits(_ maximum: String = "500.00", _ month: String = "800.00", alignment: String = "consent", to creditor: String? = power) -> String {
    let members = [
        creditor, #""maximum_amount":{"amount":"\#(maximum)","currency":"KES"}"#,
        #""limits":[{"period":"month","alignment":"\#(alignment)","amount":{"amount":"\#(month)","currency":"KES"}}]"#,
    ]
    return members.compactMap { $0 }.joined(separator: ",")
}

@Suite("Recurring payments over HTTP")
struct TransferTests {
    private func expiry(_ server: TestServer, days: Int64 = 90) -> String { #","expires_at":"\#((server.clock.now + .days(days)).rfc3339)""# }

    private func draw(_ amount: String, account: String = "KPLC-882-001") -> String { Bill(amount: amount, account: account).members }

    @Test(arguments: Engine.available) func `a customer sees the limits, and the app draws within them without asking again`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let lodged = try await server.lodge("recurring_payment", limits(), app, more: expiry(server))
            let consent = lodged.json["id"] as? String ?? ""
            let browser = TestBrowser(server)
            try await browser.open(server.authorizationURI(app, server.detail(consent)))
            try await browser.submit("password", [("username", "amina.traveler"), ("password", "sandbox")])
            let page = await browser.page
            for text in ["asks to pay Kenya Power again and again", "Each time at most", "KES 500.00", "In a month", "at most KES 800.00"] {
                #expect(page.contains(text), "\(text)")
            }
            let authorization = try await server.authorize(app, server.detail(consent), browser: browser)
            let token = try await server.redeem(authorization, by: app).json["access_token"] as? String ?? ""

            let first = try await server.create("/v1/transfers", draw("500.00"), under: consent, token: token)
            #expect(first.status == .created, "\(first.text)")
            first.keeps("createTransfer")
            #expect(try await server.create("/v1/transfers", draw("300.00"), under: consent, token: token).status == .created)
            let refusal = try await server.create("/v1/transfers", draw("0.01"), under: consent, token: token)
            refusal.isRefused(.unprocessableContent, .limitExceeded, rule: "limit.month", by: "createTransfer")
            #expect(refusal.violations.first?["expected"]?.hasPrefix("at most 0.00 until ") == true)
            #expect(try await server.consentStatus(consent, app) == "authorised")

            let read = try await server.call("/v1/transfers/\(first.json["id"] as? String ?? "")", token: server.paymentsToken(app))
            read.keeps("getTransfer")
            let list = try await server.call("/v1/transfers", token: server.paymentsToken(app))
            list.keeps("listTransfers")
            #expect((list.json["data"] as? [[String: Any]])?.count == 2)
            #expect(try await server.payments(app).isEmpty)
            #expect(
                try await server.call("/v1/payments/\(first.json["id"] as? String ?? "")", token: server.paymentsToken(app)).status == .notFound)
        }
    }

    @Test(arguments: Engine.available) func `without a creditor, it moves between the customer's own accounts only`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let (consent, token) = try await server.approved("recurring_payment", limits(to: nil), for: app, more: expiry(server))
            let (own, others) = try await server.database.read { tx in
                let people = try tx.all("SELECT id, sign_in_name FROM person WHERE sign_in_name IN ('amina.traveler', 'brian.parent')")
                let ids = try Dictionary(uniqueKeysWithValues: people.map { (try $0["sign_in_name"] as String, try $0["id"] as PersonID) })
                let amina = try Accounts().list(of: try #require(ids["amina.traveler"]), in: tx).filter { $0.currency == .kes && $0.isShareable }
                let brian = try Accounts().list(of: try #require(ids["brian.parent"]), in: tx)
                return (amina.map(\.number), brian.map(\.number))
            }
            let debtor = try await server.call("/v1/consents/\(consent)", token: server.appToken(app)).json["accounts"] as? [String]
            let debtorNumber = try await server.database.read { tx in
                try Accounts().find(AccountID(trusted: debtor?.first ?? ""), in: tx)?.number
            }
            let target = try #require(own.first { $0 != debtorNumber })

            let moved = try await server.create("/v1/transfers", draw("100.00", account: target), under: consent, token: token)
            #expect(moved.status == .created, "\(moved.text)")
            for account in [try #require(others.first), "KPLC-882-001"] {
                try await server.create("/v1/transfers", draw("100.00", account: account), under: consent, token: token)
                    .isRefused(.unprocessableContent, .creditorAccountRefused, rule: "own_account", by: "createTransfer")
            }
        }
    }

    @Test(arguments: Engine.available) func `nothing is swept to the account itself, to one in another currency or to a closed one`(engine: Engine) async throws
    {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let (consent, token) = try await server.approved("recurring_payment", limits(to: nil), for: app, more: expiry(server))
            let debtor = try await server.call("/v1/consents/\(consent)", token: server.appToken(app)).json["accounts"] as? [String]
            let own = try await server.accounts(of: "amina.traveler")
            let itself = try #require(own.first { $0.id.rawValue == debtor?.first })
            let closed = try await server.openAccount(beside: itself)
            let dollars = try #require(own.first { $0.currency == .usd })
            try await server.close(closed.id)

            for (number, rule) in [(itself.number, "self_payment"), (dollars.number, "currency"), (closed.number, "account_status")] {
                let refusal = try await server.create("/v1/transfers", draw("100.00", account: number), under: consent, token: token)
                refusal.isRefused(.unprocessableContent, .creditorAccountRefused, rule: rule, by: "createTransfer")
                #expect(refusal.violations.first?["pointer"] == "/creditor/account")
            }
            #expect((try await server.call("/v1/transfers", token: server.paymentsToken(app)).json["data"] as? [Any])?.isEmpty == true)
        }
    }

    @Test(arguments: Engine.available) func `an amount that is none is refused by name, and nothing moves`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let (consent, token) = try await server.approved("recurring_payment", limits(), for: app, more: expiry(server))

            for amount in badAmounts {
                let refusal = try await server.create("/v1/transfers", draw(amount), under: consent, token: token)
                refusal.isRefused(.badRequest, .invalidRequest, by: "createTransfer")
                #expect(refusal.violations.map { $0["pointer"] } == ["/amount/amount"], "\(amount)")
            }
            let more = try await server.create("/v1/transfers", draw("9999999999999.99"), under: consent, token: token)
            more.isRefused(.unprocessableContent, .limitExceeded, rule: "limit.maximum", by: "createTransfer")
            let foreign = try await server.create("/v1/transfers", Bill(amount: "1.00", currency: "USD").members, under: consent, token: token)
            foreign.isRefused(.unprocessableContent, .paymentDiffers, by: "createTransfer")
            #expect(foreign.violations.first?["pointer"] == "/amount/currency")
            #expect((try await server.call("/v1/transfers", token: server.paymentsToken(app)).json["data"] as? [Any])?.isEmpty == true)
        }
    }

    @Test(arguments: Engine.available) func `a customer sees what a first period that the calendar cuts short is worth`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let lodged = try await server.lodge("recurring_payment", limits(alignment: "calendar"), app, more: expiry(server))
            let consent = lodged.json["id"] as? String ?? ""
            let browser = TestBrowser(server)
            try await browser.open(server.authorizationURI(app, server.detail(consent)))
            try await browser.submit("password", [("username", "amina.traveler"), ("password", "sandbox")])

            // 21 November: ten of thirty days.
            let page = await browser.page
            for text in ["In a calendar month", "at most KES 800.00", "In the first one, before 1 December 2026", "at most KES 266.66"] {
                #expect(page.contains(text), "\(text)")
            }
            let authorization = try await server.authorize(app, server.detail(consent), browser: browser)
            let token = try await server.redeem(authorization, by: app).json["access_token"] as? String ?? ""
            let refusal = try await server.create("/v1/transfers", draw("266.67"), under: consent, token: token)
            refusal.isRefused(.unprocessableContent, .limitExceeded, rule: "limit.month", by: "createTransfer")
            #expect(refusal.violations.first?["expected"]?.hasPrefix("at most 266.66 until ") == true)
        }
    }

    @Test(arguments: Engine.available) func `20 keys at once on one consent stay within its limit`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let (consent, token) = try await server.approved("recurring_payment", limits("100.00", "300.00"), for: app, more: expiry(server))
            let answers = try await withThrowingTaskGroup(of: HTTPResponse.Status.self) { group in
                for _ in 0..<20 { group.addTask { try await server.create("/v1/transfers", draw("100.00"), under: consent, token: token).status } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.filter { $0 == .created }.count == 3)
            #expect(answers.filter { $0 == .unprocessableContent }.count == 17)
        }
    }

    @Test(arguments: Engine.available) func `terms that break a rule are refused by member`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let cases: [(member: String, more: String, pointer: String)] = [
                (limits(), "", "/expires_at"),
                (limits("0"), expiry(server), "/recurring_payment/maximum_amount/amount"),
                (limits("500.00", "-1.00"), expiry(server), "/recurring_payment/limits/0/amount/amount"),
                (limits("500.00", "1e3"), expiry(server), "/recurring_payment/limits/0/amount/amount"),
                (
                    limits().replacing("month", with: "fortnight").replacing(#""consent""#, with: #""calendar""#), expiry(server),
                    "/recurring_payment/limits/0/alignment"
                ),
                (
                    limits().replacing(#"800.00","currency":"KES"#, with: #"800.00","currency":"USD"#), expiry(server),
                    "/recurring_payment/limits/0/amount/currency"
                ),
                (limits() + #","valid_from":"2100-01-01T00:00:00Z""#, expiry(server), "/recurring_payment/valid_from"),
                (limits(to: #""creditor":{"name":"K","account":"x"}"#), expiry(server), "/recurring_payment/creditor/account"),
            ]
            for (member, more, pointer) in cases {
                let refusal = try await server.lodge("recurring_payment", member, app, more: more)
                refusal.isRefused(.badRequest, .invalidRequest, by: "createConsent")
                #expect(refusal.violations.first?["pointer"] == pointer, "\(refusal.text)")
            }
        }
    }

    @Test(arguments: Engine.available) func `each operation takes its own type of consent`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let (recurring, token) = try await server.approved("recurring_payment", limits(), for: app, more: expiry(server))
            try await server.pay(under: recurring, token: token).isRefused(.unprocessableContent, .consentTypeMismatch, by: "createPayment")
            let (single, other) = try await server.approved(for: app)
            try await server.create("/v1/transfers", draw("10.00"), under: single, token: other)
                .isRefused(.unprocessableContent, .consentTypeMismatch, by: "createTransfer")
            #expect(try await server.consentStatus(single, app) == "authorised")
        }
    }

    @Test(arguments: Engine.available) func `funds are confirmed for what was approved, and nobody finds a balance by asking`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            func confirm(_ consent: String, _ token: String, amount: String? = nil) async throws -> TestResponse {
                let amount = amount.map { #","amount":{"amount":"\#($0)","currency":"KES"}"# } ?? ""
                return try await server.call("/v1/funds-confirmations", token: token, method: .post, json: #"{"consent_id":"\#(consent)"\#(amount)}"#)
            }
            let (consent, token) = try await server.approved(for: app)
            let yes = try await confirm(consent, token)
            yes.keeps("confirmFunds")
            #expect(yes.status == .ok && yes.json["funds_available"] as? Bool == true, "\(yes.text)")
            try await confirm(consent, token, amount: "1250.01").isRefused(.unprocessableContent, .paymentDiffers, by: "confirmFunds")

            let (large, second) = try await server.approved(Bill(amount: "9999999999.00"), for: app)
            #expect(try await confirm(large, second).json["funds_available"] as? Bool == false)

            let (recurring, third) = try await server.approved("recurring_payment", limits(), for: app, more: expiry(server))
            #expect(try await confirm(recurring, third, amount: "500.00").json["funds_available"] as? Bool == true)
            try await confirm(recurring, third).isRefused(.badRequest, .invalidRequest, rule: "required", by: "confirmFunds")
            try await confirm(recurring, third, amount: "500.01").isRefused(.unprocessableContent, .limitExceeded, by: "confirmFunds")
            _ = try await server.create("/v1/transfers", draw("500.00"), under: recurring, token: third)
            #expect(try await confirm(recurring, third, amount: "300.01").json["funds_available"] as? Bool == false)

            _ = try await server.pay(under: consent, token: token)
            try await server.settle()
            try await confirm(consent, token).isRefused(.forbidden, .consentConsumed, by: "confirmFunds")
        }
    }
}
