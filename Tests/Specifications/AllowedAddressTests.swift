import Applications
import Composition
import Events
import HTTPTypes
import HummingbirdTesting
import Metering
import OAuth
import Primitives
import Storage
import TestSupport
import Testing
import Web

@Suite("From where an app may call")
struct AllowedAddressTests {
    private static let list = ["192.0.2.0/24", "2001:db8::/32"]
    private static let clientCredentials: [(name: String, value: String)] = [("grant_type", "client_credentials"), ("scope", "consents.write")]
    private static let (inside, outside) = ("192.0.2.7", "203.0.113.9")

    /// Changes an app's list as another node would: heard of at the next look at the change log.
    private static func allow(_ networks: [String], _ app: TestApp, on server: TestServer) async throws {
        let now = server.clock.now
        _ = try await server.database.write { tx in
            try Applications.Apps().update(
                app.app.id, AppChange(allowedNetworks: networks.compactMap(IPNetwork.init)), by: .commandLine, at: now, requestID: nil, in: tx
            ).get()
        }
        try await server.platform.feed.poll()
    }

    // MARK: The authorization server

    @Test(arguments: Engine.available) func `an app gets tokens from the addresses of its list, of both families`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register(.backend, allowedNetworks: Self.list)

            for (peer, status) in [
                ("192.0.2.0", 200), ("192.0.2.255", 200), ("::ffff:192.0.2.7", 200), ("2001:db8:ffff::1", 200), ("192.0.3.0", 400), ("2001:db9::1", 400),
                ("::1", 400),
                ("::192.0.2.7", 400),
            ] {
                #expect(try await server.called(from: peer).token(app, Self.clientCredentials).status.code == status, "\(peer)")
            }
            #expect(try await server.token(app, Self.clientCredentials).status == .badRequest, "without an address")
        }
    }

    @Test(arguments: Engine.available) func `from elsewhere nobody learns whether a secret is right, and the time of last use stays`(engine: Engine)
        async throws
    {
        try await TestServer.run(engine) { server in
            let app = try await server.register(.backend, allowedNetworks: Self.list)
            let elsewhere = server.called(from: Self.outside)

            let right = try await elsewhere.token(app, Self.clientCredentials)
            let wrong = try await elsewhere.token(app, Self.clientCredentials, headers: .basic(app.clientID, "wkz_sk_wrong"))

            #expect(right.status == .badRequest && right.errorCode == "unauthorized_client")
            #expect(right.json["error_description"] as? String == "The app may not call from 203.0.113.9.")
            #expect(wrong.status == right.status && wrong.errorCode == right.errorCode)
            #expect(wrong.json["error_description"] as? String == right.json["error_description"] as? String)
            #expect(wrong.text.utf8.count == right.text.utf8.count)
            #expect(right.headers[.wwwAuthenticate] == nil && right.isKeptByNoCache)
            right.keeps("createToken")
            try await server.settle()
            #expect(try await server.database.read { try Applications.Apps().find(app.app.id, in: $0) }?.secrets.first?.lastUsedAt == nil)
            let inside = server.called(from: Self.inside)
            #expect(try await inside.token(app, Self.clientCredentials, headers: .basic(app.clientID, "wkz_sk_wrong")).errorCode == "invalid_client")
        }
    }

    @Test(arguments: Engine.available) func `codes, refresh tokens, introspection, revocation and userinfo are held to it`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register(allowedNetworks: Self.list)
            let (inside, elsewhere) = (server.called(from: Self.inside), server.called(from: Self.outside))
            // The customer's browser is wherever the customer is.
            let authorization = try await elsewhere.authorize(app)
            #expect(authorization.code != nil)

            let refused = try await elsewhere.redeem(authorization, by: app)
            let tokens = try await inside.redeem(authorization, by: app)

            #expect(refused.errorCode == "unauthorized_client")
            #expect(tokens.status == .ok, "the refused attempt left the code alone")
            let (access, refresh) = (tokens.json["access_token"] as? String ?? "", tokens.json["refresh_token"] as? String)
            let answers = [
                try await elsewhere.refresh(refresh, by: app), try await elsewhere.introspect(access, by: app), try await elsewhere.revoke(access, by: app),
                try await elsewhere.revoke(refresh, by: app),
            ]
            #expect(answers.map(\.status.code) == [400, 400, 400, 400])
            #expect(answers.allSatisfy { $0.errorCode == "unauthorized_client" })
            answers[1].keeps("introspectToken")
            answers[2].keeps("revokeToken")
            let userinfo = try await elsewhere.userinfo(access)
            #expect(userinfo.status == .unauthorized && userinfo.errorCode == "invalid_token")
            #expect(userinfo.headers[.wwwAuthenticate]?.contains("203.0.113.9") == true)
            #expect(try await inside.introspect(access, by: app).json["active"] as? Bool == true)
            #expect(try await inside.userinfo(access).status == .ok)
            #expect(try await inside.refresh(refresh, by: app).status == .ok)
            #expect(try await inside.revoke(access, by: app).status == .ok)
        }
    }

    @Test func `a forged X-Forwarded-For opens nothing, what a trusted proxy says counts`() async throws {
        try await TestServer.run(.sqlite, trusting: ["127.0.0.1", "10.0.0.0/8"]) { server in
            let app = try await server.register(.backend, allowedNetworks: Self.list)
            func status(from peer: String, _ line: String) async throws -> Int {
                try await server.called(from: peer).token(app, Self.clientCredentials, headers: app.basic.merged(with: [.xForwardedFor: line])).status.code
            }

            #expect(try await status(from: Self.outside, Self.inside) == 400)
            #expect(try await status(from: "127.0.0.1", "\(Self.inside), \(Self.outside)") == 400)
            #expect(try await status(from: "127.0.0.1", "\(Self.outside), \(Self.inside)") == 200)
            #expect(try await status(from: "127.0.0.1", "\(Self.inside), 10.0.0.7") == 200)
            #expect(try await status(from: "127.0.0.1", "2001:db8::5") == 200)
            #expect(try await status(from: "127.0.0.1", "unknown") == 400)
            #expect(try await status(from: Self.inside, Self.outside) == 200)
        }
    }

    // MARK: The gateway

    @Test(arguments: Engine.available) func `a call from elsewhere is 403 address_not_allowed, recorded, and costs nothing`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register(allowedNetworks: Self.list)
            let token = try await server.called(from: Self.inside).tokens(for: app).access

            let answered = try await server.called(from: "2001:db8::1").call("/v1/accounts", token: token)
            let refused = try await server.called(from: Self.outside).call("/v1/accounts", token: token)

            #expect(answered.status == .ok)
            refused.isRefused(.forbidden, .addressNotAllowed, rule: "address", by: "listAccounts")
            #expect(refused.violations == [["pointer": "", "rule": "address", "expected": "one of the app's allowed addresses", "got": "203.0.113.9"]])
            #expect(Self.list.allSatisfy { !refused.text.contains($0) }, "the list is no news for whoever found a token")
            let record = try #require(try await server.record(of: refused))
            #expect(
                record.outcome == .refused && record.rule == "address" && record.got == "203.0.113.9" && record.clientAddress == "203.0.113.9"
                    && record.cost == 0)
            #expect(record.appID == app.app.id && record.organisationID == app.app.organisationID)
            #expect(record.checks.map(\.rule) == ["request_id", "token", "possession", "revocation", "app", "address"])
            #expect(
                try await server.record(of: answered)?.checks.first { $0.rule == "address" } == .init(rule: "address", result: .passed, detail: "2001:db8::1"))
            #expect(try await server.used(by: app) == 1)
        }
    }

    @Test(arguments: Engine.available) func `a change holds at once everywhere, and without the list it works again`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register(.backend)
            let elsewhere = server.called(from: Self.outside)
            let token = try await elsewhere.appToken(app)
            func statuses() async throws -> [Int] {
                [try await elsewhere.call("/v1/consents", token: token).status.code, try await elsewhere.token(app, Self.clientCredentials).status.code]
            }
            #expect(try await statuses() == [200, 200])

            try await Self.allow(Self.list, app, on: server)
            #expect(try await statuses() == [403, 400])

            try await Self.allow(Self.list + ["203.0.113.9"], app, on: server)
            #expect(try await statuses() == [200, 200])

            try await Self.allow(["0.0.0.0/0"], app, on: server)
            #expect(try await statuses() == [200, 200])

            try await Self.allow(["::/0"], app, on: server)
            #expect(try await statuses() == [403, 400])

            try await Self.allow([], app, on: server)
            #expect(try await statuses() == [200, 200])
        }
    }

    @Test(arguments: Engine.available) func `a list costs no statement`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let inside = server.called(from: Self.inside)
            // Without a daily quota, whose blocks are taken now and then.
            let app = try await server.register(.backend, allowedNetworks: Self.list, plan: .unlimited)
            let token = try await inside.appToken(app)
            let outside = server.called(from: Self.outside)
            try await server.settle()

            let fetched = try await server.statements { _ = try await inside.token(app, Self.clientCredentials) }.all
            let refused = try await server.statements { _ = try await outside.call("/v1/consents", token: token) }.all
            let answered = try await server.statements { _ = try await inside.call("/v1/consents", token: token) }.all

            #expect(try await inside.call("/v1/consents", token: token).status == .ok)
            #expect(fetched == 0 && refused == 0)
            #expect(answered == 1, "the list of consents itself")
        }
    }

    // MARK: The portal

    private static func edit(_ browser: TestBrowser, _ app: App, addresses: String) async throws {
        try await browser.open("/portal/apps/\(app.id)/edit")
        try await browser.submit(
            "redirect_uris",
            [
                ("name", app.name), ("redirect_uris", app.redirectURIs.map(\.text).joined(separator: "\n")), ("purpose", app.purpose ?? ""),
                ("allowed_addresses", addresses),
            ])
    }

    @Test(arguments: Engine.available) func `a developer lists addresses, sees them and who they keep out, and finds the refused call explained`(engine: Engine)
        async throws
    {
        try await TestServer.run(engine) { server in
            let browser = try await server.called(from: Self.outside).developer()
            let app = TestApp(app: try await server.demoApp(), secret: server.platform.demoWorld?.clientSecret.value)
            let token = try await server.appToken(app)
            try await browser.open("/portal/apps/\(app.app.id)")
            #expect((await browser.page).contains("The app may call from anywhere."))

            try await Self.edit(browser, app.app, addresses: "192.0.2.77/24\r\n\r\n 2001:DB8::/32 ")
            try await server.settle()

            #expect(await browser.address == "/portal/apps/\(app.app.id)?saved=1")
            for text in ["<code>192.0.2.0/24</code>", "<code>2001:db8::/32</code>", "You are elsewhere.", "<code>203.0.113.9</code>"] {
                #expect((await browser.page).contains(text), "\(text)")
            }
            #expect(try await server.demoApp().allowedNetworks.map(\.description) == Self.list)
            let entry = try await server.database.read { try AuditLog().list(.init(action: .appUpdated), limit: 1, in: $0) }.first
            #expect(entry?.before == ["allowed_networks": ""] && entry?.after == ["allowed_networks": "192.0.2.0/24\n2001:db8::/32"])
            #expect(entry?.subject == app.app.id.rawValue)

            let refused = try await server.called(from: "198.51.100.4").call("/v1/consents", token: token)
            try await server.settle()
            try await browser.open("/r/\(refused.requestID)")
            #expect(await browser.heading == "Refused: the app may not call from this IP address")
            let failed = (await browser.page).firstMatch(of: /Failed: <\/span>([^<]*)<\/h3>/).map { String($0.1) }
            #expect(failed == "The app may call from this IP address")
            for text in [
                "198.51.100.4", "one of the app&#39;s allowed addresses", "Call from one of the app&#39;s allowed addresses",
                "/docs/errors/address_not_allowed",
            ] {
                #expect((await browser.page).contains(text), "\(text)")
            }

            let inside = try await server.called(from: Self.inside).developer()
            try await inside.open("/portal/apps/\(app.app.id)")
            #expect(!(await inside.page).contains("You are elsewhere."))
        }
    }

    @Test func `wrong lines are named, and what was typed stays`() async throws {
        try await TestServer.run(.sqlite) { server in
            let browser = try await server.developer()
            let app = try await server.demoApp()

            try await Self.edit(browser, app, addresses: "192.0.2.0/24\n10.0.0.0/33\n\nserver.example\n192.0.2.9/24\nfe80::1%eth0")

            #expect(await browser.status == 422)
            let page = await browser.page
            for text in [
                "Line 2: Use a prefix of at most /32 (it says “10.0.0.0/33”)", "Line 4: Write an IP address or a network, for example 192.0.2.10",
                "(it says “server.example”)",
                "Line 5: This address stands here twice", "Line 6: Leave out the zone from % on", "href=\"#allowed_addresses\"",
                "192.0.2.0/24\n10.0.0.0/33\n\nserver.example",
            ] { #expect(page.contains(text), "\(text)") }
            #expect(try await server.demoApp().allowedNetworks.isEmpty)
        }
    }

    @Test func `a list of more than a hundred is refused`() async throws {
        try await TestServer.run(.sqlite) { server in
            let browser = try await server.developer()
            let app = try await server.demoApp()

            try await Self.edit(browser, app, addresses: (0...100).map { "10.0.0.\($0)" }.joined(separator: "\n"))
            #expect((await browser.page).contains("Line 101: Enter at most 100 allowed addresses"))

            try await Self.edit(browser, app, addresses: (0..<100).map { "10.0.0.\($0)" }.joined(separator: "\n"))
            #expect(await browser.address == "/portal/apps/\(app.id)?saved=1")
        }
    }

    @Test func `a form without the field leaves the list, an empty field removes it`() async throws {
        try await TestServer.run(.sqlite) { server in
            let browser = try await server.developer()
            let app = try await server.demoApp()
            try await Self.edit(browser, app, addresses: "192.0.2.0/24")
            try await browser.open("/portal/apps/\(app.id)/edit")
            #expect((await browser.page).contains(">192.0.2.0/24</textarea>"))

            try await browser.submit("redirect_uris", [("name", "Renamed"), ("redirect_uris", "https://new.example/callback")])
            try await server.settle()
            #expect(try await server.demoApp().allowedNetworks.map(\.description) == ["192.0.2.0/24"])

            try await Self.edit(browser, try await server.demoApp(), addresses: " \n")
            try await server.settle()
            #expect(try await server.demoApp().allowedNetworks.isEmpty)
        }
    }

    @Test(arguments: ["single_page", "native"]) func `an app without a secret has no such field, and is refused a list with the reason`(kind: String)
        async throws
    {
        try await TestServer.run(.sqlite) { server in
            let browser = try await server.developer()
            try await browser.open("/portal/apps/new")
            try await browser.submit(
                "redirect_uris", [("name", "On devices"), ("kind", kind), ("redirect_uris", "http://127.0.0.1/callback"), ("purpose", "")])
            let id = try #require((await browser.address).firstMatch(of: /app_[A-Za-z0-9]+/).map { AppID(trusted: String($0.0)) })
            let app = try #require(try await server.platform.apps.find(id))
            #expect(!(await browser.page).contains("Allowed addresses"))
            try await browser.open("/portal/apps/\(app.id)/edit")
            #expect(!(await browser.page).contains("allowed_addresses"))

            try await Self.edit(browser, app, addresses: "192.0.2.0/24")

            #expect(await browser.status == 422)
            #expect((await browser.page).contains("an app without a secret runs on its customers’ devices and calls from wherever they are"))
            let unchanged = try await server.database.read { try Applications.Apps().find(app.id, in: $0) }
            #expect(fields(unchanged) == fields(app))
        }
    }
}
