import Applications
import Contract
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

extension TestServer {
    /// Pays under a scenario's header.
    func pay(_ bill: Bill = Bill(), under consent: String, token: String, key: String = UUID().uuidString, scenario: String?) async throws -> TestResponse {
        var headers: HTTPFields = [.idempotencyKey: key]
        headers[HTTPField.Name("X-Sandbox-Scenario")!] = scenario  // a constant that parses
        return try await call(
            "/v1/payments", token: token, method: .post, json: #"{"consent_id":"\#(consent)",\#(bill.members)}"#, headers: headers)
    }

    /// Lets a minute pass, with what the job does in it.
    func letAMinutePass() async throws {
        for _ in 0..<3 {
            clock.advance(by: .seconds(20))
            try await database.write { tx in
                _ = try PaymentBooks().lookDue(at: clock.now, in: tx)
                _ = try PaymentBooks().settleDue(at: clock.now, in: tx)
            }
        }
    }

    /// The payment of a consent, as its app reads it.
    func payment(of consent: String, by app: TestApp) async throws -> [String: Any]? {
        try await payments(app).first { $0["consent_id"] as? String == consent }
    }
}

extension [String: Any] {
    fileprivate var steps: [String] { (self["timeline"] as? [[String: String]] ?? []).compactMap { $0["status"] } }
    fileprivate var notes: [String: Any] { self["sandbox"] as? [String: Any] ?? [:] }
    fileprivate var risk: [String: Any] { notes["risk"] as? [String: Any] ?? [:] }
}

@Suite("Payment scenarios")
struct ScenarioTests {
    @Test func `each has a name, an amount and an account of its own, which a consent can name`() throws {
        let all = PaymentScenario.all

        #expect(Set(all.map(\.name)).count == all.count && Set(all.map(\.amount)).count == all.count && Set(all.map(\.creditorAccount)).count == all.count)
        for scenario in all {
            let instruction = try PaymentInstruction(
                amount: Money(minorUnits: scenario.amount, currency: .kes).decimal, currency: "KES", creditorName: "Kenya Power",
                creditorAccount: scenario.creditorAccount, reference: "Bill 77")
            #expect(PaymentScenario.calledUp(by: instruction) == scenario)
            #expect(scenario.words.hasSuffix("."), "\(scenario.name)")
        }
    }

    @Test(arguments: Engine.available) func `each keeps its promise, from the first answer to the last status`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            for scenario in PaymentScenario.all {
                let (consent, token) = try await server.robotApproved(for: app)

                let answer = try await server.pay(under: consent, token: token, scenario: scenario.name)
                try await server.letAMinutePass()

                let promise = scenario.promise
                #expect(answer.status.code == promise.status && answer.errorCode == promise.code, "\(scenario.name): \(answer.text)")
                answer.keeps("createPayment")
                let payment = try await server.payment(of: consent, by: app)
                #expect(payment?.steps ?? [] == promise.timeline.map(\.rawValue), "\(scenario.name)")
                #expect(payment?["status_reason"] as? String == promise.reason?.rawValue, "\(scenario.name)")
                #expect(payment?["reason_code"] as? String == promise.reason?.iso20022, "\(scenario.name)")
                if let payment { #expect(payment.notes["scenario"] as? String == scenario.name) }
                // What was refused left the approval as it was.
                #expect(try await server.consentStatus(consent, app) == (payment == nil ? "authorised" : "consumed"), "\(scenario.name)")
            }
            try await server.call("/v1/payments", token: server.paymentsToken(app)).keeps("listPayments")
        }
    }

    @Test func `the creditor's account calls one up, or else the amount, and the header wins over both`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.payingApp()
            for scenario in PaymentScenario.all {
                let amount = Money(minorUnits: scenario.amount, currency: .kes).decimal
                for bill in [Bill(account: scenario.creditorAccount), Bill(amount: amount)] {
                    let (consent, token) = try await server.robotApproved(bill, for: app)

                    let answer = try await server.pay(bill, under: consent, token: token, scenario: nil)

                    #expect(answer.status.code == scenario.promise.status && answer.errorCode == scenario.promise.code, "\(scenario.name): \(answer.text)")
                }
            }

            let bill = Bill(amount: "40.21", account: "SANDBOX-BLOCKED")
            let (consent, token) = try await server.robotApproved(bill, for: app)
            #expect(try await server.pay(bill, under: consent, token: token, scenario: "settled").json["status"] as? String == "accepted")
            let (second, another) = try await server.robotApproved(bill, for: app)
            #expect(try await server.pay(bill, under: second, token: another, scenario: nil).json["status"] as? String == "blocked")
        }
    }

    @Test func `a name that is none is refused with the names there are, and nothing moves`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.payingApp()
            let (consent, token) = try await server.robotApproved(for: app)

            for name in ["bankruptcy", "", "HELD", "held, held"] {
                let refusal = try await server.pay(under: consent, token: token, scenario: name)
                refusal.isRefused(.badRequest, .invalidRequest, rule: "scenario", by: "createPayment")
                let violation = try #require(refusal.violations.first)
                #expect(violation["pointer"] == "/header/X-Sandbox-Scenario")
                for scenario in PaymentScenario.all { #expect(violation["expected"]?.contains(scenario.name) == true) }
            }
            #expect(try await server.consentStatus(consent, app) == "authorised")
        }
    }

    @Test func `other operations do not read the header`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.payingApp()
            let headers: HTTPFields = [HTTPField.Name("X-Sandbox-Scenario")!: "bankruptcy"]  // a constant that parses

            #expect(try await server.call("/v1/payments", token: server.paymentsToken(app), headers: headers).status == .ok)
            let lodged = try await server.call(
                "/v1/consents", token: server.appToken(app), method: .post, json: #"{"type":"payment","payment":{\#(Bill(amount: "40.11").members)}}"#,
                headers: headers)
            #expect(lodged.status == .created, "\(lodged.text)")
        }
    }

    @Test func `a live app's header, account and amount call up nothing`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register(scopes: ScopeSet(Scope.allCases), environment: .live)
            for (bill, name) in [
                (Bill(), "insufficient_funds"), (Bill(), "bankruptcy"), (Bill(account: "SANDBOX-INTERNAL-ERROR"), nil), (Bill(amount: "40.34"), nil),
            ] as [(Bill, String?)] {
                let (consent, token) = try await server.approved(bill, for: app)

                // The answer of a platform without a live bank, whatever is asked for.
                try await server.pay(bill, under: consent, token: token, scenario: name).isRefused(.serviceUnavailable, .noUpstream, by: "createPayment")
                #expect(try await server.consentStatus(consent, app) == "authorised")
            }
        }
    }

    @Test(arguments: Engine.available) func `an answer that is lost is found by the same key, and the payment is made once`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let (consent, token) = try await server.robotApproved(for: app)

            let lost = try await server.pay(under: consent, token: token, key: "bill-77", scenario: "answer_lost")
            let again = try await server.pay(under: consent, token: token, key: "bill-77", scenario: nil)

            lost.isRefused(.badGateway, .upstreamFailed, by: "createPayment")
            #expect(again.status == .created && again.headers[.idempotencyReplayed] == "true", "\(again.text)")
            again.keeps("createPayment")
            #expect(try await server.payments(app).count == 1)
        }
    }

    @Test(arguments: ["bank_unavailable", "bank_timeout", "internal_error"])
    func `what failed before anything was done is done by the same request again`(name: String) async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.payingApp()
            let (consent, token) = try await server.robotApproved(for: app)

            let failed = try await server.pay(under: consent, token: token, key: "bill-77", scenario: name)
            #expect(try await server.payments(app).isEmpty)
            let again = try await server.pay(under: consent, token: token, key: "bill-77", scenario: nil)

            #expect(failed.status.code >= 500 && (failed.headers[.retryAfter] != nil) == (name == "bank_unavailable"))
            #expect(again.status == .created && again.headers[.idempotencyReplayed] == nil, "\(again.text)")
        }
    }

    @Test(arguments: Engine.available) func `what the rules saw is told in the sandbox, in every answer that shows the payment`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let (consent, token) = try await server.robotApproved(for: app)

            let answer = try await server.pay(under: consent, token: token, scenario: "held")

            #expect(answer.json.risk["outcome"] as? String == "review" && answer.json.risk["score"] as? Int == 55)
            #expect(Set(answer.json.risk["reasons"] as? [String] ?? []) == ["new_creditor", "many_payments", "at_night"])
            let id = answer.json["id"] as? String ?? ""
            let read = try await server.call("/v1/payments/\(id)", token: server.paymentsToken(app))
            read.keeps("getPayment")
            #expect(read.json.risk["score"] as? Int == 55)
            #expect(try await server.payment(of: consent, by: app)?.risk["score"] as? Int == 55)
        }
    }

    @Test(arguments: Engine.available) func `what a scenario releases or rejects, staff may have decided before`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let (consent, token) = try await server.robotApproved(for: app)
            let id = try await server.pay(under: consent, token: token, scenario: "held_then_released").json["id"] as? String ?? ""

            try await server.database.write { tx in
                let payment = try #require(try PaymentID(id).flatMap { try PaymentRecords().find($0, in: tx) })
                _ = try PaymentBooks().reject(payment, by: .bank, because: .rejectedByBank, at: server.clock.now, in: tx)
            }
            try await server.letAMinutePass()

            #expect(try await server.payment(of: consent, by: app)?.steps == ["received", "held", "rejected"])
        }
    }

    @Test(arguments: Engine.available) func `a transfer under a consent that the robot approved turns out as asked`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let terms = #"""
                "creditor":{"name":"Kenya Power","account":"KPLC-882-001"},"maximum_amount":{"amount":"2000.00","currency":"KES"},
                "limits":[{"period":"month","alignment":"consent","amount":{"amount":"9000.00","currency":"KES"}}]
                """#
            let lodged = try await server.lodge("recurring_payment", terms, app, more: #","expires_at":"\#((server.clock.now + .days(90)).rfc3339)""#)
            let consent = lodged.json["id"] as? String ?? ""
            #expect(try await server.tellRobot(about: consent, app).status == .ok, "\(lodged.text)")
            let answer = try await server.redeem(server.headless(server.authorizationURI(app, server.detail(consent))), by: app)

            let transfer = try await server.call(
                "/v1/transfers", token: answer.json["access_token"] as? String ?? "", method: .post, json: #"{"consent_id":"\#(consent)",\#(Bill().members)}"#,
                headers: [.idempotencyKey: "draw-1", HTTPField.Name("X-Sandbox-Scenario")!: "declined_by_risk"])  // a constant that parses

            #expect(transfer.status == .created && transfer.json["status"] as? String == "rejected", "\(transfer.text)")
            transfer.keeps("createTransfer")
            // Nothing of it counts towards the limits, and the consent goes on.
            #expect(try await server.consentStatus(consent, app) == "authorised")
        }
    }

    @Test func `the contract, the list and the documentation are the table's`() async throws {
        try await TestServer.run(.sqlite) { server in
            let names = PaymentScenario.all.map(\.name)
            let header = try #require(contract.operation("createPayment")?.parameters.first { $0.name == "X-Sandbox-Scenario" })
            let told = header.description.prefix { $0 != "." }.matches(of: /`([a-z_]+)`/).map { String($0.1) }
            #expect(told == names)

            let list = try await server.call("/sandbox/v1/scenarios", token: server.appToken(server.payingApp()))
            list.keeps("listScenarios")
            #expect((list.json["data"] as? [[String: Any]])?.compactMap { $0["name"] as? String } == names)

            let page = try await server.get("/docs/scenarios").text
            for scenario in PaymentScenario.all {
                for text in [scenario.name, scenario.creditorAccount, Money(minorUnits: scenario.amount, currency: .kes).decimal] {
                    #expect(page.contains("<code>\(text)</code>"), "\(text)")
                }
            }
        }
    }
}
