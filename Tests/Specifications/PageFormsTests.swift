import Composition
import HTTPTypes
import HummingbirdTesting
import Primitives
import Storage
import TestSupport
import Testing
import Web

@Suite("Pages · their forms and their errors")
struct PageFormsTests {
    private static let foreign: [(HTTPField.Name, String)] = [
        (.origin, "https://evil.example"), (HTTPField.Name("Sec-Fetch-Site")!, "cross-site"), (HTTPField.Name("Sec-Fetch-Site")!, "same-site"),  // tokens
    ]

    private static func headers(_ browser: TestBrowser, _ more: [(HTTPField.Name, String)] = []) async -> HTTPFields {
        var headers: HTTPFields = [.accept: "text/html", .cookie: await browser.cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")]
        for (name, value) in more { headers[name] = value }
        return headers
    }

    @Test(arguments: ["*/*", "text/html"])
    func `RFC 9110 §15.5.6 a page that takes no such method says in Allow what it takes`(accepted: String) async throws {
        try await TestServer.run(.sqlite) { server in
            let refused = try await server.send(.delete, "/portal", headers: [.accept: accepted])

            #expect(refused.status == .methodNotAllowed && refused.headers[.allow] == "GET, HEAD")
            #expect(refused.text.contains("This address does not take a form"))
        }
    }

    // MARK: Where forms come from

    @Test(arguments: Engine.available)
    func `OWASP ASVS 3.5.1 another site cannot stop sharing, even with the right token`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let browser = TestBrowser(server)
            _ = try await server.authorize(app, browser: browser)
            try await browser.open("/my")
            let form = try #require(await browser.forms.first { $0.action.contains("/stop") })

            for sign in Self.foreign {
                let answer = try await server.post(form.action, form: form.fields, headers: Self.headers(browser, [sign]))
                #expect(answer.status == .forbidden, "\(sign)")
                #expect(answer.text.contains("We did not accept the form"))
            }
            // Nor by another spelling of the address.
            for address in ["/\(form.action)", form.action.replacing("/my/", with: "/my//"), form.action.replacing("/my", with: "/%6dy")] {
                let answer = try await server.post(address, form: form.fields, headers: Self.headers(browser, [Self.foreign[0]]))
                #expect(answer.status == .notFound || answer.status == .forbidden, "\(address)")
            }
            try await browser.open("/my")
            let goesOn = await browser.forms.map(\.action)
            #expect(goesOn.contains(form.action))

            // Our pages send no referrer, so their own forms come from `null`.
            let own = try await server.post(form.action, form: form.fields, headers: Self.headers(browser, [(.origin, "null")]))
            #expect(own.status == .seeOther)
            try await browser.open("/my")
            let stopped = await browser.forms.map(\.action)
            #expect(!stopped.contains(form.action))
        }
    }

    @Test func `no page of anybody takes a form of another site`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()
            let deciding = try await server.signedIn(for: app)
            let decision = try #require(await deciding.forms.first { $0.names.contains("decision") })
            let customer = TestBrowser(server, cookies: await deciding.cookies)
            try await customer.open("/my/security")
            let security = try #require(await customer.forms.first { $0.action == "/my/security/password" })
            let staff = TestBrowser(server)
            try await staff.open("/staff/sign-in")
            let staffSignIn = try #require(await staff.forms.first { $0.names.contains("password") })
            let visitor = TestBrowser(server)
            try await visitor.open("/my/sign-in")
            let signIn = try #require(await visitor.forms.first { $0.names.contains("password") })
            try await visitor.open(server.authorizationURI(app))
            let signInToDecide = try #require(await visitor.forms.first { $0.names.contains("password") })
            let credentials: [(name: String, value: String)] = [("username", "amina.traveler"), ("password", "sandbox")]

            let sent: [(TestBrowser, String, [(name: String, value: String)])] = [
                (deciding, "/oauth2/authorize/decision", decision.fields + [("decision", "reject")]),
                (customer, "/my/security/password", security.fields + [("current", "sandbox"), ("chosen", "savannah-rail-1187")]),
                (customer, "/my/security/sessions/end", security.fields + [("session", "others")]), (customer, "/my/sign-out", security.fields),
                (customer, "/my/grants/grt_x/stop", security.fields), (visitor, "/my/sign-in", signIn.fields.filter { $0.name == "csrf" } + credentials),
                (visitor, "/oauth2/authorize/sign-in", signInToDecide.fields.filter { $0.name == "transaction" } + credentials),
                (
                    staff, "/staff/sign-in",
                    staffSignIn.fields.filter { $0.name == "csrf" } + [("username", DemoWorld.staff.email), ("password", DemoWorld.staff.password)]
                ),
                (customer, "/my/security/second-factor/begin", security.fields), (customer, "/my/security/second-factor/turn-on", security.fields),
                (customer, "/my/security/second-factor/change", security.fields), (visitor, "/my/sign-in/code", signIn.fields),
                (visitor, "/oauth2/authorize/code", signInToDecide.fields), (staff, "/staff/sign-in/code", staffSignIn.fields),
                (staff, "/staff/people/usr_x/second-factor/reset", staffSignIn.fields),
                (staff, "/staff/people/usr_x/organisations/org_demo/confirm", staffSignIn.fields), (visitor, "/portal/sign-in/code", signIn.fields),
                (visitor, "/demo/connect", []), (visitor, "/demo/disconnect", []), (visitor, "/portal/sign-up", []),
            ]
            for (browser, address, form) in sent {
                for sign in Self.foreign {
                    let answer = try await server.post(address, form: form, headers: Self.headers(browser, [sign]))
                    #expect(answer.status == .forbidden, "\(address) \(sign)")
                    #expect(answer.headers[values: .setCookie].isEmpty, "\(address)")
                }
            }
            let still = try await server.post("/oauth2/authorize/decision", form: decision.fields + [("decision", "reject")], headers: Self.headers(deciding))
            #expect(still.status == .seeOther)
        }
    }

    @Test func `OpenID Connect Core §3-1-2-1 an authorization request may come as a form of another site`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()
            let query = try #require(Parameters(urlEncoded: String(server.authorizationURI(app).split(separator: "?")[1])))

            let answer = try await server.post("/oauth2/authorize", form: query.pairs, headers: [.origin: "https://app.example.com"])

            #expect(answer.status == .seeOther)
        }
    }

    // MARK: Repeated fields

    @Test(arguments: ["username", "password", "transaction"])
    func `a repeated field at the sign-in on the way from an app is refused`(name: String) async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()
            let browser = TestBrowser(server)
            try await browser.open(server.authorizationURI(app))
            let form = try #require(await browser.forms.first { $0.names.contains("password") })
            let fields: [(name: String, value: String)] =
                form.fields.filter { $0.name == "transaction" } + [("username", "amina.traveler"), ("password", "sandbox")]
            let again = try #require(fields.first { $0.name == name })

            let answer = try await server.post(form.action, form: fields + [again], headers: Self.headers(browser))

            #expect(answer.status == .badRequest)
            #expect(answer.headers[values: .setCookie].isEmpty)
            #expect(try await server.post(form.action, form: fields, headers: Self.headers(browser)).status == .seeOther)
        }
    }

    @Test func `a decision is one, of as many accounts as there are`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()
            let browser = try await server.signedIn("brian.parent", for: app)
            let form = try #require(await browser.forms.first { $0.names.contains("decision") })
            let accounts = form.options.filter { $0.name == "accounts" }
            #expect(accounts.count > 1)

            let two = try await server.post(
                form.action, form: form.fields + accounts + [("decision", "approve"), ("decision", "reject")], headers: Self.headers(browser))
            let one = try await server.post(form.action, form: form.fields + accounts + [("decision", "approve")], headers: Self.headers(browser))

            #expect(two.status == .badRequest)
            #expect(one.status == .seeOther && one.location?.contains("code=") == true)
        }
    }

    @Test(arguments: ["/my/sign-in", "/staff/sign-in", "/portal/sign-in"])
    func `a repeated name is refused at every sign-in`(address: String) async throws {
        try await TestServer.run(.sqlite) { server in
            let browser = TestBrowser(server)
            try await browser.open(address)

            let answer = try await browser.post(server, address, [("username", "a@b.example"), ("username", "c@d.example"), ("password", "x")])

            #expect(answer.status == .badRequest)
        }
    }

    // MARK: Errors

    @Test(arguments: ["/my/nowhere", "/portal/nowhere", "/staff/nowhere", "/demo/nowhere", "/docs/errors/nowhere"])
    func `a page's address answers with a page unless JSON is asked for`(address: String) async throws {
        try await TestServer.run(.sqlite) { server in
            let plain = try await server.get(address)
            let any = try await server.get(address, headers: [.accept: "*/*"])
            let json = try await server.get(address, headers: [.accept: "application/json"])

            #expect(plain.status == .notFound && plain.headers[.contentType]?.hasPrefix("text/html") == true)
            #expect(any.headers[.contentType]?.hasPrefix("text/html") == true)
            #expect(json.status == .notFound && json.headers[.contentType] == "application/problem+json")
        }
    }

    @Test func `programs get JSON without asking`() async throws {
        try await TestServer.run(.sqlite) { server in
            for address in ["/v1/nowhere", "/oauth2/nowhere", "/nowhere"] {
                let answer = try await server.get(address)
                #expect(answer.headers[.contentType]?.contains("json") == true, "\(address)")
            }
        }
    }

    @Test func `without a database a customer gets a page that says so`() async throws {
        try await TestServer.run(.sqlite) { server in
            let browser = TestBrowser(server)
            try await browser.open("/my/sign-in")
            try await browser.submit("password", [("username", "amina.traveler"), ("password", "sandbox")])
            let cookie = await browser.cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
            await server.database.close()

            let answer = try await server.get("/my", headers: [.cookie: cookie])

            #expect(answer.status == .serviceUnavailable)
            #expect(answer.headers[.contentType]?.hasPrefix("text/html") == true)
            #expect(answer.headers[.retryAfter] == "1")
            #expect(answer.text.contains("We cannot show this page right now"))
        }
    }
}
