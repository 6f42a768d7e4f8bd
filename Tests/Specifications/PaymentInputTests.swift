import Applications
import Bank
import Foundation
import Gateway
import HTTPTypes
import HummingbirdTesting
import OAuth
import OpenBanking
import Payments
import Primitives
import Storage
import TestSupport
import Testing
import Web

/// Texts that are no amount to pay in shillings: none, nothing, less, spelled otherwise, with more decimals or digits than there are.
let badAmounts = ["", "0", "0.00", "-1.00", "+1.00", "1e3", "1E-2", "0x10", "10.001", "1,000.00", "10.", ".10", " 1.00", "NaN", "99999999999999.00"]

extension TestServer {
    /// A customer's accounts, those among them that no app sees.
    func accounts(of signInName: String) async throws -> [Account] {
        try await database.read { tx in
            let row = try tx.first("SELECT id FROM person WHERE sign_in_name = \(signInName)")
            return try row.map { try Accounts().list(of: try $0["id"], in: tx) } ?? []
        }
    }

    /// An account in shillings that a customer has beside this one, with nothing on it.
    func openAccount(beside account: Account) async throws -> (id: AccountID, number: String) {
        let new = NewAccount(
            id: .random(from: SystemRandom()), world: account.world, holders: [AccountHolder(person: account.holder, name: "Its holder")],
            name: "An empty account", product: "Wekeza Everyday",
            kind: .current, currency: .kes, number: "0112000000001", openedAt: clock.now - .days(400))
        let isOpen = try await database.write { try Accounts().open(new, in: $0) }
        #expect(isOpen)
        return (new.id, new.number)
    }

    func close(_ account: AccountID) async throws {
        let isClosed = try await database.write { [now = clock.now] in
            try Accounts().setStatus(.closed, of: account, because: "it was closed", at: now, in: $0)
        }
        #expect(isClosed)
    }
}

@Suite("Bad input at payments, over HTTP")
struct PaymentInputTests {
    @Test(arguments: Engine.available) func `an amount that is none is refused by name, and nothing moves`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let (consent, token) = try await server.approved(for: app)

            for amount in badAmounts {
                let refusal = try await server.pay(Bill(amount: amount), under: consent, token: token)
                refusal.isRefused(.badRequest, .invalidRequest, by: "createPayment")
                #expect(refusal.violations.map { $0["pointer"] } == ["/amount/amount"], "\(amount)")
            }
            #expect(try await server.consentStatus(consent, app) == "authorised")
            #expect(try await server.payments(app).isEmpty)
        }
    }

    @Test(arguments: Engine.available) func `an account of this bank that cannot be paid is refused by rule, and the consent stays`(engine: Engine) async throws
    {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let brian = try #require(try await server.accounts(of: "brian.parent").first)
            let closed = try await server.openAccount(beside: brian)
            let dollars = try #require(try await server.accounts(of: "amina.traveler").first { $0.currency == .usd })
            let plan = #","frequency":"weekly","first_date":"\#(server.inDays(1))""#
            var approved: [(path: String, members: String, consent: String, token: String, rule: String, operation: String)] = []
            for (number, rule) in [(closed.number, "account_status"), (dollars.number, "currency")] {
                let bill = Bill(amount: "10.00", account: number)
                let (first, token) = try await server.approved(bill, for: app)
                approved.append(("/v1/payments", bill.members, first, token, rule, "createPayment"))
                let (second, another) = try await server.approved("standing_order", bill.members + plan, for: app)
                approved.append(("/v1/standing-orders", bill.members + plan, second, another, rule, "createStandingOrder"))
            }
            try await server.close(closed.id)

            for (path, members, consent, token, rule, operation) in approved {
                let refusal = try await server.create(path, members, under: consent, token: token)
                refusal.isRefused(.unprocessableContent, .creditorAccountRefused, rule: rule, by: operation)
                #expect(refusal.violations.first?["pointer"] == "/creditor/account")
                #expect(try await server.consentStatus(consent, app) == "authorised")
            }
            #expect(try await server.payments(app).isEmpty)
        }
    }

    @Test(arguments: Engine.available) func `an unknown debtor account and another customer's look alike: none of one's own pays`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let foreign = try #require(try await server.accounts(of: "brian.parent").first { $0.currency == .kes && $0.status == .open })

            var pages: [String] = []
            for account in ["acc_unknown", foreign.id.rawValue] {
                let lodged = try await server.lodgePayment(Bill(), app, more: #","debtor_account":"\#(account)""#)
                #expect(lodged.status == .created, "\(lodged.text)")
                let consent = lodged.json["id"] as? String ?? ""
                let browser = TestBrowser(server)
                try await browser.open(server.authorizationURI(app, server.detail(consent)))
                try await browser.submit("password", [("username", "amina.traveler"), ("password", "sandbox")])
                pages.append(await browser.page)
                #expect(await browser.forms.flatMap(\.options).allSatisfy { $0.name != "accounts" })
                #expect(try await server.consentStatus(consent, app) == "awaiting_authorisation")
            }
            #expect(pages.allSatisfy { $0.contains("None of your accounts can pay this") && !$0.contains(foreign.number) })
            for text in ["", "acc 1", "acc_\u{0}", String(repeating: "a", count: 65)] {
                let json = try #require(String(data: JSONEncoder().encode(text), encoding: .utf8))
                let refusal = try await server.lodgePayment(Bill(), app, more: #","debtor_account":\#(json)"#)
                refusal.isRefused(.badRequest, .invalidRequest, by: "createConsent")
                #expect(refusal.violations.first?["pointer"] == "/debtor_account", "\(text)")
            }
        }
    }

    @Test(arguments: Engine.available) func `a member that stands twice is refused by its place, and nothing moves`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let (consent, token) = try await server.approved(for: app)
            let members = Bill().members
            let bodies = [
                (members + #","reference":"Bill 77""#, "/reference"), (members + #","consent_id":"cns_other""#, "/consent_id"),
                (members.replacing(#""currency":"KES""#, with: #""currency":"KES","amount":"1.00""#), "/amount/amount"),
                (members.replacing(#""account":"#, with: #""\u0061ccount":"KPLC-882-002","account":"#), "/creditor/account"),
            ]

            for (body, pointer) in bodies {
                let refusal = try await server.create("/v1/payments", body, under: consent, token: token)
                refusal.isRefused(.badRequest, .malformedBody, rule: "unique_member", by: "createPayment")
                #expect(refusal.violations.first?["pointer"] == pointer, "\(refusal.text)")
            }
            #expect(try await server.consentStatus(consent, app) == "authorised")
        }
    }

    @Test(arguments: Engine.available) func `half a body is refused wherever it is cut, and its key is free`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp(.unlimited)
            let (consent, token) = try await server.approved(for: app)
            let body = #"{"consent_id":"\#(consent)",\#(Bill().members)}"#

            for cut in stride(from: 1, to: body.count, by: 7) {
                try await server.call(
                    "/v1/payments", token: token, method: .post, json: String(body.prefix(cut)), headers: [.idempotencyKey: "half"]
                ).isRefused(.badRequest, .malformedBody, by: "createPayment")
            }
            #expect(try await server.payments(app).isEmpty)
            #expect(try await server.pay(under: consent, token: token, key: "half").status == .created)
        }
    }
}
