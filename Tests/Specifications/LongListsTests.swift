import Applications
import Consents
import Events
import Foundation
import HTTPTypes
import HummingbirdTesting
import OpenBanking
import Payments
import Primitives
import Storage
import TestSupport
import Testing
import Web

/// What customers and developers find behind the newest rows. Many rows are copies of one that was made over HTTP.
@Suite("Long lists on pages")
struct LongListsTests {
    private func signedIn(_ server: TestServer) async throws -> TestBrowser {
        let browser = TestBrowser(server)
        try await browser.open("/my/sign-in")
        try await browser.submit("password", [("username", "amina.traveler"), ("password", "sandbox")])
        return browser
    }

    /// A page and those behind it.
    private func pages(from start: String, by label: String, _ browser: TestBrowser) async throws -> [String] {
        var (pages, next): ([String], String?) = ([], start)
        while let address = next, pages.count < 100 {
            let page = try await browser.open(address)
            pages.append(page)
            next = page.matches(of: /<a class="button button--quiet" href="([^"]+)">([^<]+)<\/a>/).first { $0.2 == label }.map { String($0.1) }
        }
        return pages
    }

    /// They sort behind those that the program makes, the last one last.
    private static func ids(_ prefix: String, _ count: Int) -> [String] { (1...count).map { "\(prefix)_z\(10_000 + $0)" } }

    // MARK: Connections

    @Test(arguments: Engine.available) func `a connection that 501 payments were approved after is still found, and stopped`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register(name: "Savanna Budget")
            let (_, consent) = try await server.consented(app, permissions: ["ReadAccountsBasic", "ReadBalances"])
            let payer = try await server.payingApp()
            let (paid, token) = try await server.approved(for: payer)
            let made = try await server.pay(under: paid, token: token)
            #expect(made.status == .created, "\(made.text)")
            let (copies, start) = (Self.ids("cns", 500), server.clock.now)
            try await server.database.write { tx in
                for (index, id) in copies.enumerated() { try tx.execute(Self.copy(ofConsent: paid, as: id, endedAt: start + .seconds(index + 1))) }
            }
            server.clock.advance(by: .hours(1))

            let browser = try await signedIn(server)
            let overview = try await browser.open("/my")
            #expect(overview.contains("one app has your permission") && overview.contains("What happened earlier"))
            let form = try #require(await browser.forms.first { $0.action == "/my/consents/\(consent)/stop" })

            // Each that has ended is found once with all of its events, and what was approved meanwhile once.
            let past = try await pages(from: "/my/consents", by: "Show older", browser)
            let events = past.flatMap { page in page.matches(of: /class="timeline__link" href="\/my\/consents\/([^"]+)"/).map { String($0.1) } }
            #expect(past.count == 26 && events.count == 503)
            #expect(Array(events.prefix(500)) == Array(copies.reversed()))
            #expect(events.suffix(3).sorted() == [paid, paid, consent.rawValue].sorted())

            try await browser.submit(form, [])
            let stopped = await browser.page
            #expect(stopped.contains("You stopped sharing with Savanna Budget.") && stopped.contains("no app can see your accounts"))
            #expect(stopped.firstMatch(of: /timeline__link" href="\/my\/consents\/([^"]+)"/).map { String($0.1) } == consent.rawValue)
            let status = try await server.consentStatus(consent.rawValue, app)
            #expect(status == "revoked")
        }
    }

    @Test(arguments: Engine.available) func `nobody is told that they stopped what they did not stop`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let (_, consent) = try await server.consented(app, permissions: ["ReadAccountsBasic"])
            let browser = try await signedIn(server)

            let page = try await browser.open("/my?stopped=\(consent)")

            #expect(page.contains("one app has your permission") && !page.contains("You stopped sharing"))
        }
    }

    // MARK: Payments

    @Test(arguments: Engine.available) func `a payment that was scheduled before 201 others is still cancelled, and pages lead to the oldest`(
        engine: Engine
    ) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let order = Bill().members + #","execution_date":"\#(server.inDays(3))""#
            let (consent, token) = try await server.approved("payment", order, for: app)
            let later = try await server.create("/v1/payments", order, under: consent, token: token)
            let scheduled = try #require(later.json["id"] as? String)
            let (second, another) = try await server.approved(Bill(reference: "The oldest"), for: app)
            let made = try await server.pay(Bill(reference: "The oldest"), under: second, token: another)
            let oldest = try #require(made.json["id"] as? String)
            try await server.database.write { tx in
                for (index, id) in Self.ids("pay", 201).enumerated() { try tx.execute(Self.copy(ofPayment: oldest, as: id, reference: "Draw \(index + 1)")) }
            }
            let browser = try await signedIn(server)

            let shown = try await pages(from: "/my/payments", by: "Older payments", browser)
            let references = shown.flatMap { page in page.matches(of: /“(Draw \d+|The oldest)”/).map { String($0.1) } }
            let expected = (1...201).reversed().map { "Draw \($0)" } + ["The oldest"]
            #expect(references == expected)
            #expect(shown.count == 7 && shown.dropFirst().allSatisfy { $0.contains("<h1>Older payments</h1>") && !$0.contains("You can still cancel") })

            try await browser.open("/my/payments")
            let form = try #require(await browser.forms.first { $0.action == "/my/payments/\(scheduled)/cancel" })
            try await browser.submit(form, [])
            let cancelled = await browser.page
            #expect(cancelled.contains("KES 1,250.00 to Kenya Power is cancelled: it will not be paid.") && !cancelled.contains("You can still cancel"))
        }
    }

    @Test(arguments: Engine.available) func `a held file and a standing order that still pays are found before many others, and pages lead to all of those`(
        engine: Engine
    ) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let (file, consent, _) = try await server.approved(BulkFile(), for: app)
            let plan = Bill().members + #","frequency":"weekly","first_date":"\#(server.inDays(1))""#
            let (second, token) = try await server.approved("standing_order", plan, for: app)
            let made = try await server.create("/v1/standing-orders", plan, under: second, token: token)
            let order = try #require(made.json["id"] as? String)
            let now = server.clock.now
            try await server.database.write { tx in
                // Its process stopped behind its first transaction, so that it waits for staff.
                let person = try #require(try Consents().find(ConsentID(trusted: consent), in: tx)?.personID)
                let new = NewBulkExecution(of: BulkPaymentID(trusted: file), appID: app.app.id, personID: person, consentID: ConsentID(trusted: consent))
                let received = try #require(try BulkPaymentBooks().receive(new, at: now, in: tx))
                _ = try #require(try BulkPaymentBooks().interrupt(received, at: now, in: tx))
                for (index, id) in Self.ids("blk", 65).enumerated() {
                    try tx.execute(Self.copy(ofFile: file, as: id, reference: "File \(index + 1)", .settled))
                }
                for (index, id) in Self.ids("sto", 65).enumerated() { try tx.execute(Self.copy(ofOrder: order, as: id, reference: "Order \(index + 1)")) }
            }
            let browser = try await signedIn(server)

            for (label, name) in [("Older files", "File"), ("Older standing orders", "Order")] {
                let shown = try await pages(from: "/my/payments", by: label, browser)
                let numbers = shown.flatMap { page in page.matches(of: /“(File|Order) (\d+)”/).filter { $0.1 == name }.compactMap { Int($0.2) } }
                #expect(numbers == Array((1...65).reversed()) && shown.count == 3)
            }

            try await browser.open("/my/payments")
            for (action, message) in [
                ("/my/payments/\(file)/cancel", "The file of 2 payments, KES 300.00 in all, is cancelled: it will not be paid."),
                ("/my/standing-orders/\(order)/cancel", "The standing order of KES 1,250.00 to Kenya Power is cancelled: it pays no more."),
            ] {
                let form = try #require(await browser.forms.first { $0.action == action })
                try await browser.submit(form, [])
                let page = await browser.page
                #expect(page.contains(message))
            }
        }
    }

    @Test func `a place that is none is the beginning, and behind the last there is nothing older`() async throws {
        try await TestServer.run(.sqlite) { server in
            let browser = try await signedIn(server)
            for address in ["/my/payments?before=pay_", "/my/payments?before=cns_1", "/my/consents?before=cns_unknown", "/my/consents?before=x"] {
                let page = try await browser.open(address)
                let status = await browser.status
                #expect(status == 200 && !page.contains("<h1>Older") && !page.contains("Show the newest"), "\(address)")
            }
            for address in ["/my/payments?before=pay_0", "/my/payments?before=blk_0", "/my/payments?before=sto_0"] {
                let page = try await browser.open(address)
                #expect(page.contains("There is nothing older.") && page.contains("<h1>Older"), "\(address)")
            }
        }
    }

    // MARK: The portal

    @Test(arguments: Engine.available) func `a developer finds every payment and every file of an app, page by page`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let (app, demo) = (try await server.payingApp(), try await server.demoApp())
            let uploaded = try await server.upload(BulkFile().text, app)
            let file = try #require(uploaded.json["id"] as? String)
            let (consent, token) = try await server.approved(for: app)
            let made = try await server.pay(under: consent, token: token)
            let payment = try #require(made.json["id"] as? String)
            let (payments, files) = (Self.ids("pay", 31), Self.ids("blk", 65))
            try await server.database.write { tx in
                for id in payments { try tx.execute(Self.copy(ofPayment: payment, as: id, reference: id, of: demo.id)) }
                for id in files { try tx.execute(Self.copy(ofFile: file, as: id, reference: id, nil, of: demo.id)) }
            }
            let browser = try await server.developer()
            let address = "/portal/apps/\(demo.id)/payments"

            let ofFiles = try await pages(from: address, by: "Older files", browser)
            let ofPayments = try await pages(from: address, by: "Older payments", browser)

            let filesFound = ofFiles.flatMap { page in page.matches(of: /<code>(blk_z\d+)<\/code>/).map { String($0.1) } }
            let paymentsFound = ofPayments.flatMap { page in page.matches(of: /<code>(pay_z\d+)<\/code>/).map { String($0.1) } }
            #expect(filesFound == Array(files.reversed()) && paymentsFound == Array(payments.reversed()))
            #expect(ofFiles.count == 3 && ofFiles.dropFirst().allSatisfy { !$0.contains("aria-label=\"Payments\"") && $0.contains(">Newest</a>") })
            #expect(ofPayments.count == 2 && ofPayments.dropFirst().allSatisfy { !$0.contains("Files of payments") && $0.contains(">Newest</a>") })
            let end = try await browser.open("\(address)?before=blk_0")
            #expect(end.contains("There is nothing older.") && !end.contains("No payments yet"))
        }
    }

    @Test(arguments: Engine.available) func `a developer finds each of 201 apps, page by page`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let (demo, now) = (try await server.demoApp(), server.clock.now)
            try await server.database.write { tx in
                for number in 1...201 {
                    let new = NewApp(organisationID: demo.organisationID, name: "Budget \(number)", kind: .backend)
                    _ = try Applications.Apps().create(new, by: .system, at: now + .seconds(number), requestID: nil, in: tx).get()
                }
            }
            let browser = try await server.developer()

            let shown = try await pages(from: "/portal/apps", by: "Older apps", browser)

            let numbers = shown.flatMap { page in page.matches(of: />Budget (\d+)<\/a>/).compactMap { Int($0.1) } }
            #expect(numbers == Array((1...201).reversed()))
            #expect(shown.count == 7 && shown.dropFirst().allSatisfy { $0.contains(">Newest</a>") })
            let filter = try await browser.open("/portal/requests")
            #expect(filter.contains(">Budget 1</option>"))
            let elsewhere = try await browser.open("/portal/apps?before=app_unknown")
            #expect(elsewhere.contains(">Budget 201</a>") && !elsewhere.contains(">Newest</a>"))
        }
    }

    @Test(arguments: Engine.available) func `a secret that twenty newer ones were revoked after still authenticates its app`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let (app, now) = (try await server.register(), server.clock.now)
            try await server.database.write { tx in
                let apps = Applications.Apps()
                for number in 1...20 {
                    let moment = now + .seconds(number)
                    let added = try apps.addSecret(to: app.app.id, by: .system, at: moment, requestID: nil, in: tx).get()
                    _ = try apps.revokeSecret(added.record.id, of: app.app.id, by: .system, at: moment, requestID: nil, in: tx).get()
                }
            }
            try await server.settle()

            let answer = try await server.post(
                "/oauth2/token", form: [("grant_type", "client_credentials"), ("scope", "consents.write")], headers: app.basic)

            #expect(answer.status == .ok)
            let listed = try await server.database.read { try Applications.Apps().list(of: app.app.organisationID, in: $0) }
            #expect(listed.map(\.liveSecrets.count) == [1])
        }
    }

    // MARK: Copies

    private static func copy(ofConsent consent: String, as id: String, endedAt moment: Timestamp) -> SQL {
        """
        INSERT INTO consent (id, app_id, organisation_id, person_id, type, permissions, created_at, expires_at, status, status_actor, status_reason,
                             status_changed_at, grant_id, amount, currency, creditor_name, creditor_account, reference, order_details, debtor_account_id)
        SELECT \(id), app_id, organisation_id, person_id, type, permissions, \(moment), expires_at, status, status_actor, status_reason, \(moment), grant_id,
               amount, currency, creditor_name, creditor_account, reference, order_details, debtor_account_id
        FROM consent
        WHERE id = \(consent)
        """
    }

    /// - Parameter app: whose it is, if not the app's that made it.
    private static func copy(ofPayment payment: String, as id: String, reference: String, of app: AppID? = nil) -> SQL {
        """
        INSERT INTO payment (id, kind, app_id, organisation_id, consent_id, person_id, world, debtor_account_id, amount, currency, creditor_name,
                             creditor_account, reference, hold_id, status, reason, created_at, changed_at, settles_at)
        SELECT \(id), kind, COALESCE(\(app), app_id), organisation_id, consent_id, person_id, world, debtor_account_id, amount, currency, creditor_name,
               creditor_account, \(reference), hold_id, \(PaymentStatus.settled), reason, created_at, changed_at, settles_at
        FROM payment
        WHERE id = \(payment)
        """
    }

    private static func copy(ofFile file: String, as id: String, reference: String, _ status: PaymentStatus?, of app: AppID? = nil) -> SQL {
        """
        INSERT INTO bulk_payment (id, app_id, organisation_id, consent_id, format, digest, reference, line_count, total, currency, created_at, person_id,
                                  world, debtor_account_id, hold_id, status, reason, received_at, changed_at, settles_at)
        SELECT \(id), COALESCE(\(app), app_id), organisation_id, \("cns_" + id), format, digest, \(reference), line_count, total, currency, created_at,
               person_id, world, debtor_account_id, hold_id, \(status), reason, received_at, changed_at, settles_at
        FROM bulk_payment
        WHERE id = \(file)
        """
    }

    private static func copy(ofOrder order: String, as id: String, reference: String) -> SQL {
        """
        INSERT INTO standing_order (id, app_id, organisation_id, consent_id, person_id, world, debtor_account_id, amount, currency, creditor_name,
                                    creditor_account, reference, frequency, first_date, last_date, status, made, created_at, ended_at, ended_by)
        SELECT \(id), app_id, organisation_id, consent_id, person_id, world, debtor_account_id, amount, currency, creditor_name, creditor_account,
               \(reference), frequency, first_date, last_date, \(StandingOrderStatus.cancelled), made, created_at, created_at, \(PaymentActor.customer)
        FROM standing_order
        WHERE id = \(order)
        """
    }
}
