import Applications
import Bank
import Consents
import Events
import Foundation
import Gateway
import HTTPTypes
import HummingbirdTesting
import OpenBanking
import Payments
import Primitives
import Storage
import TestSupport
import Testing
import Web

@Suite("Taking back what an app ordered, over HTTP")
struct CancellationTests {
    private static let terms =
        #""creditor":{"name":"Kenya Power","account":"KPLC-882-001"},"maximum_amount":{"amount":"800.00","currency":"KES"},"limits":["#
        + #"{"period":"month","alignment":"consent","amount":{"amount":"800.00","currency":"KES"}}]"#

    private func cancel(_ path: String, _ app: TestApp, _ server: TestServer) async throws -> TestResponse {
        try await server.call(path, token: server.paymentsToken(app), method: .delete)
    }

    private func transfer(_ amount: String = "800.00", under consent: String, token: String, scenario: String?, _ server: TestServer) async throws
        -> TestResponse
    {
        var headers: HTTPFields = [.idempotencyKey: UUID().uuidString]
        headers[HTTPField.Name("X-Sandbox-Scenario")!] = scenario  // a constant that parses
        return try await server.call(
            "/v1/transfers", token: token, method: .post, json: #"{"consent_id":"\#(consent)",\#(Bill(amount: amount).members)}"#, headers: headers)
    }

    private func entries(_ action: AuditAction, _ server: TestServer) async throws -> [AuditEntry] {
        try await server.database.read { try AuditLog().list(.init(action: action), limit: 10, in: $0) }
    }

    @Test(arguments: Engine.available) func `a held transfer is cancelled once, is noted, and counts no more`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let (app, other) = (try await server.payingApp(), try await server.payingApp())
            let expiry = (server.clock.now + .days(90)).rfc3339
            let (consent, token) = try await server.approved("recurring_payment", Self.terms, for: app, more: #","expires_at":"\#(expiry)""#)
            let id = try await transfer(under: consent, token: token, scenario: "held", server).json["id"] as? String ?? ""
            try await transfer("0.01", under: consent, token: token, scenario: nil, server)
                .isRefused(.unprocessableContent, .limitExceeded, by: "createTransfer")

            try await cancel("/v1/transfers/\(id)", other, server).isRefused(.notFound, .notFound, by: "cancelTransfer")
            try await cancel("/v1/payments/\(id)", app, server).isRefused(.notFound, .notFound, by: "cancelPayment")
            for _ in 0..<2 {
                let cancelled = try await cancel("/v1/transfers/\(id)", app, server)
                cancelled.keeps("cancelTransfer")
                #expect(cancelled.status == .ok && cancelled.json["status"] as? String == "cancelled", "\(cancelled.text)")
                #expect(cancelled.timeline == ["received", "held", "cancelled"])
            }

            #expect(try await transfer(under: consent, token: token, scenario: nil, server).status == .created)
            let noted = try await entries(.paymentCancelled, server)
            #expect(noted.map(\.actor) == [.app(app.app.id)] && noted.map(\.subject) == [id] && noted.map(\.before) == [["status": "held"]])
        }
    }

    @Test(arguments: Engine.available) func `a transfer that is on its way cannot be called back`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let expiry = (server.clock.now + .days(90)).rfc3339
            let (consent, token) = try await server.approved("recurring_payment", Self.terms, for: app, more: #","expires_at":"\#(expiry)""#)
            let id = try await transfer(under: consent, token: token, scenario: "settled", server).json["id"] as? String ?? ""

            let refusal = try await cancel("/v1/transfers/\(id)", app, server)

            refusal.isRefused(.unprocessableContent, .notCancellable, rule: "payment_status", by: "cancelTransfer")
            #expect(refusal.violations.first?["pointer"] == "/path/transfer_id" && refusal.violations.first?["got"] == "accepted")
            #expect(try await entries(.paymentCancelled, server).isEmpty)
        }
    }

    @Test(arguments: Engine.available) func `what a partner cancels of payments and orders is noted as theirs, once`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let (consent, token) = try await server.approved(for: app)
            let payment = try await server.pay(under: consent, token: token, scenario: "held").json["id"] as? String ?? ""
            let plan = Bill().members + #","frequency":"weekly","first_date":"\#(server.inDays(1))""#
            let (second, another) = try await server.approved("standing_order", plan, for: app)
            let order = try await server.create("/v1/standing-orders", plan, under: second, token: another).json["id"] as? String ?? ""

            for path in ["/v1/payments/\(payment)", "/v1/standing-orders/\(order)"] {
                for _ in 0..<2 { #expect(try await cancel(path, app, server).status == .ok) }
            }

            for (action, subject, status) in [(AuditAction.paymentCancelled, payment, "held"), (.standingOrderCancelled, order, "active")] {
                let noted = try await entries(action, server)
                #expect(noted.map(\.actor) == [.app(app.app.id)] && noted.map(\.subject) == [subject] && noted.map(\.before) == [["status": status]])
            }
        }
    }

    // MARK: Files

    /// A file whose process stopped behind its first transaction, so that it waits for staff.
    private func heldFile(_ app: TestApp, _ server: TestServer) async throws -> BulkPaymentID {
        let (id, consent, _) = try await server.approved(BulkFile(), for: app)
        let now = server.clock.now
        return try await server.database.write { tx in
            let person = try #require(try Consents().find(ConsentID(trusted: consent), in: tx)?.personID)
            let new = NewBulkExecution(
                of: BulkPaymentID(trusted: id), appID: app.app.id, personID: person, consentID: ConsentID(trusted: consent), idempotencyKey: "once")
            let received = try #require(try BulkPaymentBooks().receive(new, at: now, in: tx))
            return try #require(try BulkPaymentBooks().interrupt(received, at: now, in: tx)).id
        }
    }

    private func available(_ bulk: BulkPaymentID, _ server: TestServer) async throws -> Int64? {
        try await server.database.read { tx in
            guard let account = try BulkPaymentRecords().find(bulk, in: tx)?.execution?.debtorAccount else { return nil }
            return try Accounts().balance(of: account, at: server.clock.now, in: tx)?.available.minorUnits
        }
    }

    @Test(arguments: Engine.available) func `a held file is cancelled once, is noted, and its money is free`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let (app, other) = (try await server.payingApp(), try await server.payingApp())
            let bulk = try await heldFile(app, server)
            let before = try #require(try await available(bulk, server))

            try await cancel("/v1/bulk-payments/\(bulk)", other, server).isRefused(.notFound, .notFound, by: "cancelBulkPayment")
            for _ in 0..<2 {
                let cancelled = try await cancel("/v1/bulk-payments/\(bulk)", app, server)
                cancelled.keeps("cancelBulkPayment")
                #expect(cancelled.status == .ok && cancelled.json["status_code"] as? String == "CANC", "\(cancelled.text)")
                #expect(cancelled.timeline.suffix(3) == ["received", "held", "cancelled"])
            }

            let lines = try await server.call("/v1/bulk-payments/\(bulk)/payments", token: server.paymentsToken(app))
            lines.keeps("listBulkPaymentLines")
            #expect((lines.json["data"] as? [[String: Any]])?.map { $0["status"] as? String } == ["cancelled", "cancelled"])
            #expect(try await available(bulk, server) == before + 300_00)
            let noted = try await entries(.paymentCancelled, server)
            #expect(noted.map(\.actor) == [.app(app.app.id)] && noted.map(\.subject) == [bulk.rawValue] && noted.map(\.before) == [["status": "held"]])
        }
    }

    @Test(arguments: Engine.available) func `a file that was not carried out ends with its consent, and one that was cannot be called back`(engine: Engine)
        async throws
    {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let (id, consent, token) = try await server.approved(BulkFile(), for: app)
            let lodged = try await server.upload(BulkFile().text, app).json["id"] as? String ?? ""

            for file in [id, id, lodged] {
                let ended = try await cancel("/v1/bulk-payments/\(file)", app, server)
                ended.keeps("cancelBulkPayment")
                #expect(ended.status == .ok && ended.json["status"] as? String == "revoked", "\(ended.text)")
            }
            try await server.settle()
            #expect(try await server.consentStatus(consent, app) == "revoked")
            try await server.execute(id, token: token).isRefused(.forbidden, .consentRevoked, by: "executeBulkPayment")

            let (paid, _, second) = try await server.approved(BulkFile(), for: app)
            #expect(try await server.execute(paid, token: second).json["status"] as? String == "accepted")
            let refusal = try await cancel("/v1/bulk-payments/\(paid)", app, server)
            refusal.isRefused(.unprocessableContent, .notCancellable, rule: "payment_status", by: "cancelBulkPayment")
            #expect(refusal.violations.first?["got"] == "accepted")
        }
    }

    @Test(arguments: Engine.available) func `its customer cancels a held file, and nobody else's`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let bulk = try await heldFile(app, server)
            let address = "/my/payments/\(bulk)/cancel"
            func signedIn(_ name: String) async throws -> TestBrowser {
                let browser = TestBrowser(server)
                try await browser.open("/my/payments")
                try await browser.submit("password", [("username", name), ("password", "sandbox")])
                try await browser.open("/my/payments")
                return browser
            }

            let brian = try await signedIn("brian.parent")
            #expect(await brian.forms.allSatisfy { $0.action != address })
            let forged = TestBrowser.Form(action: address, names: [], fields: [("csrf", await brian.csrf)], options: [])
            try await brian.submit(forged, [])
            #expect(await brian.status == 404)

            let amina = try await signedIn("amina.traveler")
            let form = try #require(await amina.forms.first { $0.action == address })
            try await amina.submit(form, [])

            #expect(await amina.page.contains("The file of 2 payments, KES 300.00 in all, is cancelled: it will not be paid."))
            #expect(await amina.forms.allSatisfy { $0.action != address })
            let noted = try await entries(.paymentCancelled, server)
            #expect(noted.map(\.subject) == [bulk.rawValue] && noted.map(\.before) == [["status": "held"]])
            #expect(try await server.bulk(bulk.rawValue, app).json["status_reason"] as? String == "cancelled_by_customer")
        }
    }
}
