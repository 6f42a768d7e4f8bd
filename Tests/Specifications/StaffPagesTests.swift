import Applications
import Composition
import Events
import HTTPTypes
import HummingbirdTesting
import Identity
import Primitives
import Storage
import TestSupport
import Testing
import Web

@Suite("The staff's pages")
struct StaffPagesTests {
    private func staff(_ server: TestServer) async throws -> TestBrowser {
        let browser = TestBrowser(server)
        try await browser.open("/staff/sign-in")
        try await browser.submit("username", [("username", DemoWorld.staff.email), ("password", DemoWorld.staff.password)])
        return browser
    }

    @Test(arguments: Engine.available) func `staff sign in and read who did what, the newest first`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let browser = try await staff(server)

            #expect(await browser.address == "/staff")
            let page = await browser.page
            #expect(page.contains("Signed in") && page.contains("Stella Staff") && page.contains("App created"))
            #expect(!page.contains("wkz_sk_"))
        }
    }

    @Test(arguments: Engine.available) func `the log is narrowed by who, what and to what, by email too`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let browser = try await staff(server)

            try await browser.open("/staff?actor=staff%40example.test")
            let byEmail = await browser.page
            try await browser.open("/staff?action=app.created")
            let byAction = await browser.page
            try await browser.open("/staff?subject=org_demo")
            let bySubject = await browser.page
            try await browser.open("/staff?actor=usr_nobody")
            let nothing = await browser.page
            try await browser.open("/staff?actor=whoever%3Cscript%3E")
            let (unknown, status) = (await browser.page, await browser.status)

            #expect(byEmail.contains("Stella Staff") && !byEmail.contains("<th scope=\"row\" role=\"rowheader\">App created"))
            #expect(byAction.contains("rowheader\">App created") && !byAction.contains("rowheader\">Signed in"))
            #expect(bySubject.contains("Organisation created"))
            #expect(nothing.contains("No entry matches"))
            #expect(status == 422 && unknown.contains("error-summary") && !unknown.contains("<script>whoever") && !unknown.contains("whoever<script>"))
        }
    }

    @Test(arguments: Engine.available) func `older pages follow without repetition`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let now = server.clock.now
            try await server.database.write { tx in
                for number in 1...120 {
                    try AuditLog().append(AuditEntry(actor: .system, action: .keyRotated, subject: "key_\(number)", requestID: nil, at: now), in: tx)
                }
            }
            let browser = try await staff(server)
            var seen: [String] = []
            try await browser.open("/staff?action=key.rotated")
            while true {
                let page = await browser.page
                seen += page.matches(of: /<code>key_(\d+)<\/code>/).map { String($0.1) }
                guard let older = page.firstMatch(of: /href="(\/staff[^"]*before=\d+)">Older/) else { break }
                try await browser.open(String(older.1).replacing("&amp;", with: "&"))
            }

            #expect(seen == (1...120).reversed().map(String.init))
        }
    }

    @Test(arguments: Engine.available) func `201 held payments are paged, files behind them, and what partners' tests hold comes last with its scenario`(
        engine: Engine
    ) async throws {
        try await TestServer.run(engine) { server in
            let queue = try await HeldQueue(server, payments: 201, files: 26, scenarios: 30)
            let browser = try await staff(server)
            var seen: [String] = []
            try await browser.open("/staff/payments")
            while true {
                let page = await browser.page
                let ids = page.matches(of: /<a href="\/staff\?subject=((?:pay|blk)_[^"]+)">/).map { String($0.1) }
                let scenarios = page.matches(of: /scenario <code>(held|blocked)<\/code>/).count
                #expect(scenarios == ids.count { queue.scenarios.contains($0) })
                seen += ids
                guard let next = page.firstMatch(of: /href="(\/staff\/payments\?after=[^"]+)">Next page/) else { break }
                #expect(ids.count == 25)
                if seen.count == 25 {
                    // The last of a page is decided before the next one is read.
                    try await browser.submit(try #require(await browser.forms.last { $0.action.hasSuffix("/\(ids[24])/reject") }), [])
                    #expect(await browser.page.contains("is rejected, and the money is free again."))
                }
                try await browser.open(String(next.1))
            }

            #expect(seen == queue.payments + queue.files + queue.scenarios)
            try await browser.open("/staff/payments?after=pay_unknown")
            #expect(await browser.page.contains(queue.payments[0]))
        }
    }

    /// A page and what it loads stay under 60 kB; stylesheet, script and mark are 26 kB of them.
    @Test func `a full page stays light`() async throws {
        try await TestServer.run(.sqlite) { server in
            let now = server.clock.now
            let long = String(repeating: "Household ", count: 6).trimmingWhitespace()
            try await server.database.write { tx in
                for number in 1...40 {
                    let consent = ConsentID.random(from: SystemRandom())
                    try AuditLog().append(
                        AuditEntry(
                            actor: .person(PersonID(trusted: "usr_demodeveloper")), action: .consentAuthorised, subject: consent.rawValue,
                            before: ["status": "awaiting_authorisation"],
                            after: [
                                "status": "authorised", "reason": "customer_approved", "app": AppID.random(from: SystemRandom()).rawValue, "accounts": "3",
                            ],
                            requestID: .random(from: SystemRandom()), at: now),
                        in: tx)
                    _ = try Organisations().create(
                        id: .random(from: SystemRandom()), name: long, world: DemoWorld.organisation, owner: nil, by: .commandLine,
                        at: now - .days(Int64(number)),
                        requestID: nil, in: tx)
                }
            }
            let browser = try await staff(server)
            for (address, rows) in [("/staff?action=consent.authorised", 25), ("/staff/organisations", 25)] {
                try await browser.open(address)
                let page = await browser.page
                #expect(page.matches(of: /<th scope="row"/).count == rows)
                #expect(page.utf8.count < 32_000, "\(address): \(page.utf8.count) bytes")
            }
        }
    }

    @Test func `nobody else sees anything: visitors are led to sign in, developers and customers too`() async throws {
        try await TestServer.run(.sqlite) { server in
            let developer = try await server.developer()
            for browser in [TestBrowser(server), developer] {
                for address in ["/staff", "/staff/organisations", "/staff?actor=system"] {
                    try await browser.open(address)
                    #expect(await browser.address == "/staff/sign-in")
                }
            }

            // The token of another population under the staff's cookie.
            let cookies = await developer.cookies
            let session = try #require(cookies["wkz_dev"])
            let forger = TestBrowser(server, cookies: ["wkz_staff": session])
            try await forger.open("/staff")
            #expect(await forger.address == "/staff/sign-in")
        }
    }

    @Test func `a developer's or customer's name and password are refused here`() async throws {
        try await TestServer.run(.sqlite) { server in
            for (name, password) in [(DemoWorld.developer.email, DemoWorld.developer.password), ("amina.traveler", DemoWorld.customerPassword), ("", "")] {
                let browser = TestBrowser(server)
                try await browser.open("/staff/sign-in")
                try await browser.submit("username", [("username", name), ("password", password)])
                #expect(await browser.status == 422)
                let page = await browser.page
                #expect(page.contains("<title>Error: Sign in"))
                #expect(page.contains("value=\"\(name)\"") && !page.contains(DemoWorld.developer.password))
            }
        }
    }

    @Test func `after ten wrong passwords the form says when to come back`() async throws {
        try await TestServer.run(.sqlite) { server in
            let browser = TestBrowser(server)
            try await browser.open("/staff/sign-in")
            for _ in 1...11 { try await browser.submit("username", [("username", DemoWorld.staff.email), ("password", "wrong")]) }

            #expect(await browser.status == 429)
            let headers = await browser.headers
            #expect(headers[.retryAfter] != nil)
            server.clock.advance(by: .seconds(2))
            try await browser.submit("username", [("username", DemoWorld.staff.email), ("password", DemoWorld.staff.password)])
            #expect(await browser.address == "/staff")
        }
    }

    @Test func `a sign-out ends the session, not just the cookie`() async throws {
        try await TestServer.run(.sqlite) { server in
            let browser = try await staff(server)
            let cookies = await browser.cookies

            try await browser.submit("csrf", [])

            #expect(await browser.address == "/staff/sign-in?signed_out=1")
            let thief = TestBrowser(server, cookies: cookies)
            try await thief.open("/staff")
            #expect(await thief.address == "/staff/sign-in")
        }
    }

    @Test(arguments: Engine.available) func `a plan is changed, audited, and in force for the organisation's apps`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let browser = try await staff(server)
            try await browser.open("/staff/organisations")
            let list = await browser.page
            #expect(list.contains("Acme Budget"))

            try await browser.submit("plan", [])
            try await server.settle()

            let page = await browser.page
            #expect(page.contains("Acme Budget is now on the Unlimited plan."))
            let plan = try await server.demoApp().plan
            #expect(plan == .unlimited)
            let entries = try await server.database.read { try AuditLog().list(.init(action: .planChanged), limit: 10, in: $0) }
            #expect(entries.map(\.actor) == [.person(PersonID(trusted: "usr_demostaff"))])
        }
    }

    @Test func `forms from elsewhere change nothing`() async throws {
        try await TestServer.run(.sqlite) { server in
            let browser = try await staff(server)
            let cookie = await browser.cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
            try await browser.open("/staff/organisations")
            let token = await browser.csrf
            let address = "/staff/organisations/org_demo/plan"

            let answers = [
                try await server.post(address, form: [("plan", "unlimited")], headers: [.cookie: cookie]),
                try await server.post(address, form: [("plan", "unlimited"), ("csrf", "x")], headers: [.cookie: cookie]),
                try await server.post(address, form: [("plan", "unlimited"), ("csrf", token)], headers: [.cookie: cookie, .origin: "https://evil.example"]),
                try await server.post("/staff/sign-out", form: [], headers: [.cookie: cookie]),
                try await server.post("/staff/sign-in", form: [("username", DemoWorld.staff.email), ("password", DemoWorld.staff.password)]),
            ]
            let unauthenticated = try await server.post(address, form: [("plan", "unlimited"), ("csrf", token)])
            let nonsense = [
                try await server.post(address, form: [("plan", "gold"), ("csrf", token)], headers: [.cookie: cookie]),
                try await server.post("/staff/organisations/org_none/plan", form: [("plan", "free"), ("csrf", token)], headers: [.cookie: cookie]),
                try await server.post("/staff/organisations/1/plan", form: [("plan", "free"), ("csrf", token)], headers: [.cookie: cookie]),
            ]

            #expect(answers.map(\.status) == Array(repeating: .forbidden, count: 5))
            #expect(unauthenticated.status == .seeOther)
            #expect(nonsense.map(\.status) == Array(repeating: .notFound, count: 3))
            let plan = try await server.demoApp().plan
            #expect(plan == .free)
        }
    }
}
