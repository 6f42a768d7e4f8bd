import Applications
import Composition
import Events
import HTTPTypes
import HummingbirdTesting
import JSON
import OAuth
import Primitives
import Storage
import TestSupport
import Testing
import Web

@Suite("OpenID Connect Core · acr, amr and the step up between them")
struct StepUpTests {
    private static let one = "urn:wekeza:acr:1"
    private static let two = "urn:wekeza:acr:2"
    private let identity: (name: String, value: String) = ("scope", "openid email")
    private let wish: (name: String, value: String) = ("acr_values", two)
    private let essential: (name: String, value: String) = ("claims", #"{"id_token":{"acr":{"essential":true,"values":["\#(two)"]}}}"#)

    /// The claims of the ID token that the app gets when the customer approves on the page that this browser shows.
    private func approve(_ browser: TestBrowser, _ server: TestServer, _ app: TestApp) async throws -> (id: JSONObject, access: JSONObject) {
        try await browser.submit("decision", [("decision", "approve")])
        let location = try #require(await browser.left)
        let query = try #require(Parameters(urlEncoded: String(location.split(separator: "?")[1])))
        let answer = try await server.redeem(
            Authorization(code: query["code"], parameters: query, verifier: TestServer.verifier, location: location), by: app)
        return (
            try #require(try await server.claims(answer.json["id_token"] as? String)),
            try #require(try await server.claims(answer.json["access_token"] as? String))
        )
    }

    private func error(_ browser: TestBrowser) async -> String? {
        await browser.left.flatMap { Parameters(urlEncoded: String($0.split(separator: "?").last ?? "")) }?["error"]
    }

    @Test(arguments: Engine.available)
    func `§2 a password is level 1, password and code are level 2, in the ID token and the access token`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let browser = try await server.signedIn(for: app)
            try await browser.open(server.authorizationURI(app, [identity]))
            let before = try await approve(browser, server, app)
            #expect(before.id["acr"]?.string == Self.one && before.id["amr"]?.array == [.string("pwd")])
            #expect(before.access["acr"]?.string == Self.one)

            let phone = try await server.turnOn(.customer, in: TestBrowser(server, cookies: browser.cookies))
            let next = TestBrowser(server)
            try await next.open(server.authorizationURI(app, [identity]))
            try await next.submit("password", [("username", "amina.traveler"), ("password", "sandbox")])
            let page = await next.page
            #expect(page.contains("One-time code") && page.contains(app.app.name))
            #expect(await next.cookies["wkz_customer"] == nil)
            // The page of the code may lead to the app, as every page of the way.
            #expect(await next.headers[HTTPField.Name("Content-Security-Policy")!]?.contains("form-action 'self' https://") == true)  // a token
            try await next.submit("code", [("code", phone.code(at: server.clock.now))])
            let after = try await approve(next, server, app)

            #expect(after.id["acr"]?.string == Self.two && after.id["amr"]?.array == ["pwd", "otp", "mfa"].map(JSONValue.string))
            #expect(after.access["acr"]?.string == Self.two)
            #expect(after.id["auth_time"]?.integer == server.clock.now.seconds && after.access["auth_time"]?.integer == server.clock.now.seconds)
            // The session of before keeps its level.
            try await browser.open(server.authorizationURI(app, [identity]))
            #expect(try await approve(browser, server, app).id["acr"]?.string == Self.one)
        }
    }

    @Test(arguments: Engine.available)
    func `RFC 9470 §6 the level goes on with each refreshed token, and introspection tells it`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let tokens = try await server.tokens(for: app)
            server.clock.advance(by: .hours(1))

            let refreshed = try await server.refresh(tokens.refresh, by: app).json["access_token"] as? String

            #expect(try await server.claims(refreshed)?["acr"]?.string == Self.one)
            let told = try await server.introspect(refreshed, by: app).json
            #expect(told["acr"] as? String == Self.one && told["auth_time"] is Int)
        }
    }

    @Test(arguments: Engine.available)
    func `RFC 9470 §4 who is signed in with a password adds the code, and nothing else`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let (phone, browser) = try await server.enrolled(.customer)
            let signedInAt = server.clock.now.seconds - 60
            let token = try #require(await browser.cookies["wkz_customer"])

            try await browser.open(server.authorizationURI(app, [identity, wish]))
            #expect(await browser.page.contains("One-time code"))
            try await browser.submit("code", [("code", "nonsense")])
            #expect(await browser.status == 422)
            try await browser.submit("code", [("code", phone.code(at: server.clock.now))])
            let told = try await approve(browser, server, app)

            #expect(told.id["acr"]?.string == Self.two)
            // The code did not make the password any fresher.
            #expect(told.id["auth_time"]?.integer == signedInAt)
            #expect(await browser.cookies["wkz_customer"] != token)
            let old = TestBrowser(server, cookies: ["wkz_customer": token])
            try await old.open("/my")
            #expect(await old.address.hasPrefix("/my/sign-in"))
            // It holds for the next request too.
            try await browser.open(server.authorizationURI(app, [identity, essential]))
            #expect(try await approve(browser, server, app).id["acr"]?.string == Self.two)
        }
    }

    @Test(arguments: Engine.available)
    func `§3-1-2-1 who has no second factor may turn it on and goes on at level 2`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let browser = try await server.signedIn(for: app)
            let long: (name: String, value: String) = ("state", String(repeating: "s", count: 2000))
            try await browser.open(server.authorizationURI(app, [identity, essential, long]))
            #expect(await browser.heading == "Turn on two-step sign-in?")

            try await browser.submit("onward", [])
            let phone = try #require(await TestPhone(page: browser.page))
            try await browser.submit("code", [("code", phone.code(at: server.clock.now)), ("password", "sandbox")])
            #expect(await browser.page.contains("This is the only time they are shown"))
            let onward = try #require(await browser.links.first { $0.hasPrefix("/oauth2/authorize/continue") })
            try await browser.open(onward)
            let told = try await approve(browser, server, app)

            #expect(told.id["acr"]?.string == Self.two)
        }
    }

    @Test(arguments: Engine.available)
    func `§3-1-2-1 acr_values are a wish: who goes on without is told as level 1`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let browser = try await server.signedIn(for: app)
            try await browser.open(server.authorizationURI(app, [identity, wish]))
            let without = try #require(await browser.links.first { $0.hasPrefix("/oauth2/authorize/without-code") })
            #expect(await browser.page.contains("Go on without"))

            try await browser.open(without)

            #expect(try await approve(browser, server, app).id["acr"]?.string == Self.one)
        }
    }

    @Test(arguments: Engine.available)
    func `Registration §2 default_acr_values and default_max_age count where a request asks for nothing`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            var metadata = ClientMetadata()
            metadata.defaultACRValues = [Self.two]
            metadata.defaultMaxAge = 60
            let app = try await server.register(metadata: metadata)
            let browser = try await server.signedIn(for: app)
            func asksFor(_ word: String, _ extra: (name: String, value: String)...) async throws -> Bool {
                try await browser.open(server.authorizationURI(app, [identity] + extra))
                return await browser.page.contains(word)
            }

            #expect(try await asksFor("Go on without"))
            #expect(try await !asksFor("Go on without", ("acr_values", Self.one)))

            server.clock.advance(by: .seconds(61))
            #expect(try await asksFor("Password"))
            #expect(try await !asksFor("Password", ("max_age", "3600"), ("acr_values", Self.one)))
        }
    }

    @Test(arguments: Engine.available)
    func `§5-5-1-1 an essential acr that is not met fails the request`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let browser = try await server.signedIn(for: app)
            try await browser.open(server.authorizationURI(app, [identity, essential]))
            #expect(await !browser.page.contains("Go on without"))
            try await browser.open(try #require(await browser.links.first { $0.hasPrefix("/oauth2/authorize/without-code") }))
            #expect(await error(browser) == "unmet_authentication_requirements")

            // Nor is the question answered past it.
            try await browser.open(server.authorizationURI(app, [identity]))
            let form = try #require(await browser.forms.first { $0.names.contains("decision") })
            try await browser.open(server.authorizationURI(app, [identity, essential]))
            let transaction = try #require(await browser.forms.lazy.flatMap(\.fields).first { $0.name == "onward" }?.value.split(separator: "=").last)
            try await browser.submit(form, [("transaction", String(transaction)), ("decision", "approve")])
            #expect(await browser.left == nil)
            #expect(await browser.heading == "Turn on two-step sign-in?")

            let unknown = try await server.answer(
                app, [identity, ("claims", #"{"id_token":{"acr":{"essential":true,"value":"urn:mace:incommon:iap:silver"}}}"#)])
            #expect(unknown["error"] == "unmet_authentication_requirements")
        }
    }

    @Test(arguments: Engine.available)
    func `§3-1-2-1 without pages an essential acr is login_required, a wish is told as it is`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let browser = try await server.signedIn(for: app)
            try await browser.open(server.authorizationURI(app, [identity]))
            _ = try await approve(browser, server, app)

            #expect(try await server.answer(app, [identity, ("prompt", "none"), essential], browser: browser)["error"] == "login_required")
            let silent = try await server.answer(app, [identity, ("prompt", "none"), wish], browser: browser)
            #expect(silent["code"] != nil)
        }
    }

    @Test(arguments: Engine.available)
    func `§3-1-2-1 values that there are not, and the order of those that there are`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let (_, browser) = try await server.enrolled(.customer)

            for (values, asks) in [("1 2", false), (Self.one, false), ("\(Self.one) \(Self.two)", false), ("x \(Self.two) \(Self.one)", true)] {
                try await browser.open(server.authorizationURI(app, [identity, ("acr_values", values)]))
                #expect(await browser.page.contains("One-time code") == asks, "\(values)")
            }
            try await browser.open(server.authorizationURI(app, [identity, ("claims", #"{"id_token":{"acr":{"values":["\#(Self.one)"],"essential":true}}}"#)]))
            #expect(try await approve(browser, server, app).id["acr"]?.string == Self.one)
        }
    }

    @Test(arguments: Engine.available)
    func `§3-1-2-1 prompt=login and max_age ask for password and code together`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let (phone, browser) = try await server.enrolled(.customer)
            for change: (name: String, value: String) in [("prompt", "login"), ("max_age", "0"), ("max_age", "30")] {
                server.clock.advance(by: .minutes(1))
                try await browser.open(server.authorizationURI(app, [identity, change, wish]))
                try await browser.submit("password", [("username", "amina.traveler"), ("password", "sandbox")])
                #expect(await browser.page.contains("One-time code"), "\(change)")
                try await browser.submit("code", [("code", phone.code(at: server.clock.now))])
                let told = try await approve(browser, server, app)
                #expect(told.id["acr"]?.string == Self.two && told.id["auth_time"]?.integer == server.clock.now.seconds)
            }
        }
    }

    @Test func `who signs in as somebody else is asked for that person's code`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()
            let (phone, _) = try await server.enrolled(.customer)
            let browser = try await server.signedIn("brian.parent", for: app)
            try await browser.open(try #require(await browser.links.first { $0.hasPrefix("/oauth2/authorize/switch") }))
            try await browser.submit("password", [("username", "amina.traveler"), ("password", "sandbox")])

            let page = await browser.page
            #expect(page.contains("One-time code") && !page.contains("Brian"))
            try await browser.submit("code", [("code", phone.code(at: server.clock.now))])
            #expect(await browser.page.contains("Amina"))
        }
    }

    @Test func `a first step on the way is over after five minutes and asks for the password again`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()
            let (phone, _) = try await server.enrolled(.customer)
            let browser = try await server.signedIn(for: app)
            server.clock.advance(by: .minutes(5))

            try await browser.submit("code", [("code", phone.code(at: server.clock.now))])

            #expect(await browser.forms.contains { $0.names.contains("password") })
            #expect(await browser.cookies["wkz_customer"] == nil)
        }
    }

    @Test func `a first step leads nowhere in another browser`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()
            let (phone, _) = try await server.enrolled(.customer)
            let browser = try await server.signedIn(for: app)
            let form = try #require(await browser.forms.first { $0.names.contains("code") })
            let thief = TestBrowser(server)
            try await thief.open("/my/sign-in")

            try await thief.submit(form, [("code", phone.code(at: server.clock.now))])

            #expect(await thief.status == 400)
            #expect(await thief.cookies["wkz_customer"] == nil)
        }
    }

    @Test(arguments: ["x", "[]", "{", #"{"id_token":[]}"#, #"{"userinfo":1}"#, #"{"id_token":{},"id_token":{}}"#, String(repeating: "x", count: 9000)])
    func `§5-5 claims that are no JSON object of objects are refused`(claims: String) async throws {
        try await TestServer.run(.sqlite) { server in
            let answer = try await server.answer(try await server.register(), [("scope", "openid"), ("claims", claims)])

            #expect(answer["error"] == "invalid_request")
        }
    }

    @Test func `§5-5-1 claims that change nothing do not harm, and sub names the one customer who will do`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()
            let browser = try await server.signedIn(for: app)
            try await browser.open(
                server.authorizationURI(
                    app,
                    [identity, ("claims", #"{"userinfo":{"name":{"essential":true},"picture":null},"id_token":{"auth_time":{"essential":true},"acr":null}}"#)]))
            let told = try await approve(browser, server, app)
            let subject = told.id["sub"]?.string ?? ""

            let silent: (name: String, value: String) = ("prompt", "none")
            #expect(
                try await server.answer(app, [identity, silent, ("claims", #"{"id_token":{"sub":{"value":"\#(subject)"}}}"#)], browser: browser)["code"] != nil)
            #expect(
                try await server.answer(app, [identity, silent, ("claims", #"{"id_token":{"sub":{"value":"usr_somebodyelse000000000"}}}"#)], browser: browser)[
                    "error"]
                    == "login_required")
        }
    }
}
