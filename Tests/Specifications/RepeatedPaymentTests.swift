import Applications
import Consents
import Foundation
import Gateway
import HTTPTypes
import HummingbirdTesting
import Metering
import OpenBanking
import Payments
import Primitives
import Storage
import TestSupport
import Testing
import Web

/// A request's answer is kept under its key, a refusal by a rule of the bank too. Where its first transaction commits and then it fails, the gateway lets the key
/// go, and what was made stands.
@Suite("Requests that come again, over HTTP")
struct RepeatedPaymentTests {
    /// Makes the request at a bank that does this and then fails.
    private func fail(
        _ path: String, _ members: String, under consent: String, token: String, _ server: TestServer,
        after work: @escaping @Sendable (any WriteTransaction, PersonID) throws -> Void
    ) async throws {
        let failing = ScriptedUpstream { call in
            try await server.database.write { tx in
                guard let person = try Consents().find(ConsentID(trusted: consent), in: tx)?.personID else { throw BankIsDown() }
                try work(tx, person)
            }
            throw BankIsDown()
        }
        try await server.behindGateway(failing) { gateway in
            let answer = try await gateway.create(path, members, under: consent, token: token, key: "once")
            #expect(answer.status.code >= 500, "\(answer.text)")
        }
        try await server.settle()
    }

    private func instruction(_ bill: Bill) throws -> PaymentInstruction {
        try PaymentInstruction(
            amount: bill.amount, currency: bill.currency, creditorName: bill.name, creditorAccount: bill.account, reference: bill.reference)
    }

    private func receive(_ bill: Bill, under consent: String, as kind: PaymentKind, by app: TestApp, at now: Timestamp) throws
        -> @Sendable (any WriteTransaction, PersonID) throws -> Void
    {
        let instruction = try instruction(bill)
        return { tx, person in
            _ = try PaymentBooks().receive(
                NewPayment(
                    appID: app.app.id, organisationID: app.app.organisationID, personID: person, consentID: ConsentID(trusted: consent), kind: kind,
                    instruction: instruction, idempotencyKey: "once"), at: now, in: tx)
        }
    }

    /// A consent for draws of this much in all, and its token.
    private func drawing(_ most: String = "9000.00", for app: TestApp, _ server: TestServer) async throws -> (consent: String, token: String) {
        let amount = #"{"amount":"\#(most)","currency":"KES"}"#
        let terms =
            #""creditor":{"name":"Kenya Power","account":"KPLC-882-001"},"maximum_amount":\#(amount),"limits":["#
            + #"{"period":"month","alignment":"consent","amount":\#(amount)}]"#
        let expiry = (server.clock.now + .days(90)).rfc3339
        return try await server.approved("recurring_payment", terms, for: app, more: #","expires_at":"\#(expiry)""#)
    }

    private static let others = [
        Bill(amount: "1250.01"), Bill(currency: "USD"), Bill(name: "Kenya  Power"), Bill(account: "KPLC-882-002"), Bill(reference: "Bill 78"),
    ]

    @Test(arguments: Engine.available) func `a key whose claim got no answer is free at once`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let (consent, token) = try await server.approved(for: app)
            let deaf = DeafDatabase(server.database)
            deaf.losesAnswers = true

            let unanswered = try await server.behindGateway(ScriptedUpstream { _ in throw BankIsDown() }, keys: deaf) { gateway in
                try await gateway.create("/v1/payments", Bill().members, under: consent, token: token, key: "once").status
            }
            let again = try await server.pay(under: consent, token: token, key: "once")

            #expect(unanswered == .serviceUnavailable)
            #expect(again.status == .created, "\(again.text)")
        }
    }

    @Test(arguments: Engine.available) func `what the bank says no to stays refused under its key, and may be done under another`(engine: Engine)
        async throws
    {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let bill = Bill(amount: "9999999999.00")
            let (consent, token) = try await drawing(bill.amount, for: app, server)

            let refused = try await server.create("/v1/transfers", bill.members, under: consent, token: token, key: "once")
            // The bank lends that much.
            try await server.database.write { try $0.execute("UPDATE account SET overdraft_limit = 1000000000000 WHERE owner = 'customer'") }
            let again = try await server.create("/v1/transfers", bill.members, under: consent, token: token, key: "once")
            let other = try await server.create("/v1/transfers", Bill().members, under: consent, token: token, key: "once")
            let anew = try await server.create("/v1/transfers", bill.members, under: consent, token: token, key: "twice")

            refused.isRefused(.unprocessableContent, .insufficientFunds, rule: "funds", by: "createTransfer")
            again.isRefused(.unprocessableContent, .insufficientFunds, rule: "funds", by: "createTransfer")
            #expect(again.text == refused.text && again.headers[.contentType] == refused.headers[.contentType])
            #expect(refused.headers[.idempotencyReplayed] == nil && again.headers[.idempotencyReplayed] == "true")
            other.isRefused(.unprocessableContent, .idempotencyKeyReused, rule: "idempotency", by: "createTransfer")
            #expect(anew.status == .created && anew.headers[.idempotencyReplayed] == nil, "\(anew.text)")
            let record = try #require(try await server.record(of: again))
            #expect(record.outcome == .refused && record.cost == 0 && record.problem == refused.text)
        }
    }

    @Test(arguments: Engine.available, [ErrorCode.consentRevoked, .consentExpired])
    func `a draw is told to its own body when its consent has ended, and nothing new begins`(engine: Engine, end: ErrorCode) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let (consent, token) = try await drawing(for: app, server)
            let first = try await server.create("/v1/transfers", Bill().members, under: consent, token: token, key: "once")
            if end == .consentRevoked {
                let bearer: HTTPFields = [.authorization: "Bearer \(try await server.appToken(app))"]
                _ = try await server.send(.delete, "/v1/consents/\(consent)", headers: bearer)
            } else {
                try await server.database.write { [now = server.clock.now] tx in
                    try tx.execute("UPDATE consent SET expires_at = \(now + .minutes(1)) WHERE id = \(ConsentID(trusted: consent))")
                    try tx.announce(.consent, consent, at: now)
                }
                server.clock.advance(by: .minutes(1))
            }
            try await server.settle()

            let again = try await server.create("/v1/transfers", Bill().members, under: consent, token: token, key: "once")

            #expect(first.status == .created && again.status == .created, "\(again.text)")
            #expect(again.text == first.text && again.headers[.location] == first.headers[.location])
            #expect(again.headers[.idempotencyReplayed] == "true")
            for (bill, key) in [(Bill(), "twice"), (Bill(amount: "100.00"), "once")] {
                try await server.create("/v1/transfers", bill.members, under: consent, token: token, key: key)
                    .isRefused(.forbidden, end, rule: "consent_state", by: "createTransfer")
            }
            let list = try await server.call("/v1/transfers", token: server.paymentsToken(app)).json["data"] as? [[String: Any]]
            #expect(list?.count == 1)
        }
    }

    @Test(arguments: Engine.available) func `PY-03 a payment is told to its own body, and another is refused`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let (consent, token) = try await server.approved(for: app)
            try await fail(
                "/v1/payments", Bill().members, under: consent, token: token, server,
                after: try receive(Bill(), under: consent, as: .payment, by: app, at: server.clock.now))

            for other in Self.others {
                try await server.pay(other, under: consent, token: token, key: "once")
                    .isRefused(.unprocessableContent, .idempotencyKeyReused, rule: "idempotency", by: "createPayment")
            }
            let again = try await server.pay(under: consent, token: token, key: "once")

            #expect(again.status == .created, "\(again.text)")
            #expect(try await server.payments(app).map { $0["id"] as? String } == [again.json["id"] as? String])
        }
    }

    @Test(arguments: Engine.available) func `PY-03 a transfer is told to its own body, and another is refused`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let (consent, token) = try await drawing(for: app, server)
            try await fail(
                "/v1/transfers", Bill().members, under: consent, token: token, server,
                after: try receive(Bill(), under: consent, as: .transfer, by: app, at: server.clock.now))

            for other in Self.others {
                try await server.create("/v1/transfers", other.members, under: consent, token: token, key: "once")
                    .isRefused(.unprocessableContent, .idempotencyKeyReused, rule: "idempotency", by: "createTransfer")
            }
            let again = try await server.create("/v1/transfers", Bill().members, under: consent, token: token, key: "once")

            #expect(again.status == .created, "\(again.text)")
            let list = try await server.call("/v1/transfers", token: server.paymentsToken(app)).json["data"] as? [[String: Any]]
            #expect(list?.map { $0["id"] as? String } == [again.json["id"] as? String])
        }
    }

    @Test(arguments: Engine.available) func `PY-03 a standing order is told to its own body, and another is refused`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let day = BankCalendar.day(of: server.clock.now).adding(days: 1)
            let plan = #","frequency":"weekly","first_date":"\#(day)""#
            let (consent, token) = try await server.approved("standing_order", Bill().members + plan, for: app)
            let (instruction, weekly) = (try instruction(Bill()), try #require(StandingOrderPlan(frequency: .weekly, firstDate: day, lastDate: nil)))
            try await fail("/v1/standing-orders", Bill().members + plan, under: consent, token: token, server) { [now = server.clock.now] tx, person in
                _ = try PaymentBooks().take(
                    NewStandingOrder(
                        appID: app.app.id, personID: person, consentID: ConsentID(trusted: consent), instruction: instruction, plan: weekly,
                        idempotencyKey: "once"), at: now, in: tx)
            }

            let others =
                Self.others.map { $0.members + plan } + [
                    Bill().members + plan.replacing("weekly", with: "monthly"), Bill().members + plan + #","last_date":"\#(day.adding(days: 70))""#,
                ]
            for other in others {
                try await server.create("/v1/standing-orders", other, under: consent, token: token, key: "once")
                    .isRefused(.unprocessableContent, .idempotencyKeyReused, rule: "idempotency", by: "createStandingOrder")
            }
            let again = try await server.create("/v1/standing-orders", Bill().members + plan, under: consent, token: token, key: "once")

            #expect(again.status == .created, "\(again.text)")
            let list = try await server.call("/v1/standing-orders", token: server.paymentsToken(app)).json["data"] as? [[String: Any]]
            #expect(list?.map { $0["id"] as? String } == [again.json["id"] as? String])
        }
    }
}
