import Applications
import Composition
import Foundation
import HTTPTypes
import HummingbirdTesting
import OAuth
import Primitives
import Storage
import TestSupport
import Testing
import Web

@Suite("Portal · apps and their secrets")
struct PortalAppsTests {
    private static func create(_ browser: TestBrowser, _ changes: [(name: String, value: String)] = []) async throws {
        try await browser.open("/portal/apps/new")
        let usual: [(name: String, value: String)] = [
            ("name", "Savanna Pay"), ("kind", "web"), ("redirect_uris", "https://savanna.example/callback"), ("purpose", ""),
        ]
        let changed = Set(changes.map(\.name))
        try await browser.submit("redirect_uris", usual.filter { !changed.contains($0.name) } + changes)
    }

    private static func secret(on page: String) -> String? { page.firstMatch(of: /wkz_sk_[A-Za-z0-9_-]{43}/).map { String($0.0) } }

    private static func appPath(_ address: String) -> String {
        "/portal/apps/" + (address.split(separator: "/").dropFirst(2).first.map { String($0.prefix { $0 != "?" }) } ?? "")
    }

    @Test(arguments: Engine.available) func `a new app's secret is shown once, and works`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let browser = try await server.developer()

            try await Self.create(browser)

            #expect((await browser.address).hasSuffix("/secret"))
            #expect((await browser.headers)[.cacheControl] == "no-store")
            let secret = try #require(Self.secret(on: await browser.page))
            let clientID = try #require((await browser.page).firstMatch(of: /app-[a-z0-9]{16}/).map { String($0.0) })
            let answer = try await server.post(
                "/oauth2/token", form: [("grant_type", "client_credentials"), ("scope", "consents.write")],
                headers: [.authorization: "Basic \(Data("\(clientID):\(secret)".utf8).base64EncodedString())"])
            #expect(answer.status == .ok)

            let path = Self.appPath(await browser.address)
            for address in [await browser.address, path, "/portal/apps", "\(path)/samples", "\(path)/edit"] {
                try await browser.open(address)
                #expect(await browser.status == 200)
                #expect(Self.secret(on: await browser.page) == nil, "\(address)")
            }
        }
    }

    @Test func `sending the same form twice makes one app`() async throws {
        try await TestServer.run(.sqlite) { server in
            let browser = try await server.developer()
            try await browser.open("/portal/apps/new")
            let form = try #require(await browser.forms.first { $0.names.contains("once") }).fields.filter {
                $0.name != "csrf" && $0.name != "kind" && $0.name != "name" && $0.name != "purpose"
            }
            let values: [(name: String, value: String)] = form + [("name", "Twice"), ("kind", "web"), ("redirect_uris", "https://savanna.example/callback")]

            let first = try await browser.post(server, "/portal/apps/new", values)
            let second = try await browser.post(server, "/portal/apps/new", values)

            #expect(first.location?.hasSuffix("/secret") == true)
            #expect(second.location == first.location)
            #expect(!second.headers[values: .setCookie].contains { $0.contains("wkz_shown") })
            let apps = try await server.database.read { try Applications.Apps().list(of: DemoWorld.organisation, in: $0) }
            #expect(apps.filter { $0.name == "Twice" }.count == 1)
            // A second click leads to the secret that the first one made, and where it was shown, to what can be done.
            let cookie = try #require(
                first.headers[values: .setCookie].first { $0.hasPrefix("wkz_shown=") }?.prefix { $0 != ";" }.dropFirst("wkz_shown=".count))
            let clicked = TestBrowser(server, cookies: (await browser.cookies).merging(["wkz_shown": String(cookie)]) { $1 })
            let address = try #require(second.location)
            try await clicked.open(address)
            #expect(Self.secret(on: await clicked.page) != nil)
            try await clicked.open(address)
            #expect(await clicked.heading == "The secret was shown once")
        }
    }

    @Test func `the sealed secret opens for no other session and no other app`() async throws {
        try await TestServer.run(.sqlite) { server in
            let browser = try await server.developer()
            try await browser.open("/portal/apps/new")
            let created = try await browser.post(
                server, "/portal/apps/new", [("name", "Savanna Pay"), ("kind", "web"), ("redirect_uris", "https://savanna.example/callback")])
            let cookie = try #require(
                created.headers[values: .setCookie].first { $0.hasPrefix("wkz_shown=") }?.prefix { $0 != ";" }.dropFirst("wkz_shown=".count))
            let other = TestBrowser(server, cookies: (try await server.developer().cookies).merging(["wkz_shown": String(cookie)]) { $1 })

            try await other.open(try #require(created.location))
            #expect(Self.secret(on: await other.page) == nil)
            let mine = TestBrowser(server, cookies: (await browser.cookies).merging(["wkz_shown": String(cookie)]) { $1 })
            try await mine.open("/portal/apps/\(try await server.demoApp().id)/secret")
            #expect(Self.secret(on: await mine.page) == nil)
        }
    }

    @Test(arguments: [("single_page", false), ("native", false), ("backend", true)]) func `each kind gets the secret it can keep`(kind: String, hasSecret: Bool)
        async throws
    {
        try await TestServer.run(.sqlite) { server in
            let browser = try await server.developer()

            try await Self.create(browser, [("kind", kind), ("redirect_uris", kind == "backend" ? "" : "http://127.0.0.1/callback")])

            #expect((Self.secret(on: await browser.page) != nil) == hasSecret)
            try await browser.open(Self.appPath(await browser.address) + "/samples")
            #expect(await browser.status == 200)
        }
    }

    @Test func `every wrong line is named with what it says`() async throws {
        try await TestServer.run(.sqlite) { server in
            let browser = try await server.developer()

            try await Self.create(browser, [("redirect_uris", "https://good.example/callback\nhttp://bad.example/callback\n\nhttps://x.example/#part")])

            #expect(await browser.status == 422)
            let page = await browser.page
            #expect(page.contains("Line 2: Begin with https://; http:// works for localhost only (it says “http://bad.example/callback”)"))
            #expect(page.contains("Line 4: Leave out the part from # on"))
            #expect(page.contains("https://good.example/callback"))
            #expect(page.contains("href=\"#redirect_uris\""))
        }
    }

    @Test(arguments: [
        ("name", "", "Enter a name for the app"), ("name", String(repeating: "n", count: 61), "Use at most 60 characters for the name"),
        ("kind", "toaster", "Choose where your code runs"), ("redirect_uris", "", "Enter at least one redirect URI"),
        ("purpose", String(repeating: "p", count: 201), "Use at most 200 characters for what the app does"),
    ]) func `a mistake in the form keeps what was typed`(field: String, value: String, message: String) async throws {
        try await TestServer.run(.sqlite) { server in
            let browser = try await server.developer()

            try await Self.create(browser, [(field, value)])

            #expect(await browser.status == 422)
            #expect((await browser.page).contains("<a href=\"#\(field)\">\(message)</a>"))
        }
    }

    @Test(arguments: Engine.available) func `two secrets are live at once, a third is refused, the last one stays`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let browser = try await server.developer()
            try await Self.create(browser)
            let first = try #require(Self.secret(on: await browser.page))
            let path = Self.appPath(await browser.address)
            let clientID = try #require((await browser.page).firstMatch(of: /app-[a-z0-9]{16}/).map { String($0.0) })
            server.clock.advance(by: .minutes(1))

            try await browser.open(path)
            try await browser.submit("once", [])
            let second = try #require(Self.secret(on: await browser.page))

            func token(_ secret: String) async throws -> HTTPResponse.Status {
                try await server.settle()
                return try await server.post(
                    "/oauth2/token", form: [("grant_type", "client_credentials"), ("scope", "consents.write")],
                    headers: [.authorization: "Basic \(Data("\(clientID):\(secret)".utf8).base64EncodedString())"]
                ).status
            }
            #expect(try await token(first) == .ok)
            #expect(try await token(second) == .ok)
            #expect(try await browser.post(server, "\(path)/secrets", []).status == .conflict)

            try await browser.open(path)
            let revocations = await browser.links.filter { $0.hasSuffix("/revoke") }
            #expect(revocations.count == 2)
            let older = try #require(revocations.last)
            try await browser.open(older)
            #expect((await browser.page).contains(String(first.suffix(4))))
            #expect(try await token(first) == .ok)
            #expect(try await browser.post(server, older, []).status == .seeOther)

            #expect(try await token(first) == .unauthorized)
            #expect(try await token(second) == .ok)
            #expect(try await browser.post(server, try #require(revocations.first), []).status == .conflict)
        }
    }

    @Test func `the last use of a secret is shown to the minute`() async throws {
        try await TestServer.run(.sqlite) { server in
            let browser = try await server.developer()
            try await Self.create(browser)
            let secret = try #require(Self.secret(on: await browser.page))
            let path = Self.appPath(await browser.address)
            let clientID = try #require((await browser.page).firstMatch(of: /app-[a-z0-9]{16}/).map { String($0.0) })
            try await browser.open(path)
            #expect((await browser.page).contains("Never"))

            _ = try await server.post(
                "/oauth2/token", form: [("grant_type", "client_credentials"), ("scope", "consents.write")],
                headers: [.authorization: "Basic \(Data("\(clientID):\(secret)".utf8).base64EncodedString())"])
            try await server.settle()
            server.clock.advance(by: .minutes(5))

            try await browser.open(path)
            #expect((await browser.page).contains("5 minutes ago"))
        }
    }

    @Test func `changed redirect URIs count at the authorization endpoint`() async throws {
        try await TestServer.run(.sqlite) { server in
            let browser = try await server.developer()
            let app = try await server.demoApp()
            try await browser.open("/portal/apps/\(app.id)/edit")

            try await browser.submit("redirect_uris", [("name", app.name), ("redirect_uris", "https://new.example/callback"), ("purpose", "")])

            #expect(await browser.address == "/portal/apps/\(app.id)?saved=1")
            try await server.settle()
            let old = try await server.get(
                "/oauth2/authorize?response_type=code&client_id=acme-budget&redirect_uri=\(Web.Parameters.encode("http://localhost:8080/demo/callback"))")
            #expect(old.status == .badRequest)
        }
    }

    @Test(arguments: Engine.available) func `website, privacy policy and terms are set, changed and taken away, and customers see them`(engine: Engine)
        async throws
    {
        try await TestServer.run(engine) { server in
            let browser = try await server.developer()
            try await Self.create(browser, [("name", "Savanna Pay")])
            let path = Self.appPath(await browser.address)
            let usual: [(name: String, value: String)] = [("name", "Savanna Pay"), ("redirect_uris", "https://savanna.example/callback"), ("purpose", "")]
            func save(_ policy: String, _ terms: String) async throws {
                try await browser.open("\(path)/edit")
                try await browser.submit("redirect_uris", usual + [("client_uri", ""), ("policy_uri", policy), ("tos_uri", terms)])
            }

            for wrong in [
                "javascript:alert(1)", "http://savanna.example/privacy", "savanna.example/privacy", "https://a.example/\(String(repeating: "p", count: 2000))",
            ] {
                try await save(wrong, "https://savanna.example/terms")
                let (status, page) = await (browser.status, browser.page)
                #expect(status == 422 && page.contains(##"href="#policy_uri""##) && page.contains(wrong), "\(wrong)")
            }
            try await save("https://savanna.example/privacy", "https://savanna.example/terms")
            #expect((await browser.page).contains("Privacy policy: https://savanna.example/privacy"))
            try await save("https://savanna.example/privacy", "")

            let page = await browser.page
            #expect(page.contains("Privacy policy: https://savanna.example/privacy") && !page.contains("/terms"))
            // A form that does not know them leaves them alone.
            try await browser.open("\(path)/edit")
            let form = try #require(await browser.forms.first { $0.names.contains("redirect_uris") })
            let csrf = form.fields.filter { $0.name == "csrf" }
            try await browser.submit(TestBrowser.Form(action: form.action, names: form.names, fields: csrf, options: []), usual)
            #expect((await browser.page).contains("Privacy policy: https://savanna.example/privacy"))
        }
    }

    @Test func `an app is removed by whoever types its name`() async throws {
        try await TestServer.run(.sqlite) { server in
            let browser = try await server.developer()
            let app = try await server.register(name: "Elsewhere")
            try await Self.create(browser, [("name", "Short Lived")])
            let path = Self.appPath(await browser.address)
            try await browser.open("\(path)/remove")
            try await browser.submit("name", [("name", "short lived")])
            #expect(await browser.status == 422)

            try await browser.submit("name", [("name", "Short Lived")])

            #expect(await browser.address == "/portal/apps?removed=1")
            try await browser.open(path)
            #expect(await browser.status == 404)
            #expect(try await server.platform.apps.find(app.app.id)?.isActive == true)
        }
    }

    @Test(arguments: Engine.available) func `another organisation's app looks like none at all`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            try await server.enrol("wanjiku@savanna.example")
            let stranger = try await server.signedIn("wanjiku@savanna.example", TestServer.passphrase)
            let app = try await server.demoApp()
            let secret = try #require(app.secrets.first?.id)
            try await stranger.open("/portal/settings")

            for id in [app.id.rawValue, "app_doesnotexist", "x"] {
                for path in ["", "/edit", "/remove", "/requests", "/samples", "/secret", "/secrets/\(secret)/revoke"] {
                    let answer = try await server.get("/portal/apps/\(id)\(path)", headers: [.cookie: "wkz_dev=\(await stranger.cookies["wkz_dev"] ?? "")"])
                    #expect(answer.status == .notFound, "GET \(path)")
                }
                for path in ["/edit", "/remove", "/secrets", "/secrets/\(secret)/revoke"] {
                    let answer = try await stranger.post(server, "/portal/apps/\(id)\(path)", [("name", app.name), ("redirect_uris", "https://evil.example/")])
                    #expect(answer.status == .notFound, "POST \(path)")
                }
            }
            let after = try await server.demoApp()
            #expect(fields(after) == fields(app))
        }
    }
}
