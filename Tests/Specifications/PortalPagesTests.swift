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

@Suite("Portal · what every page and form keeps to")
struct PortalPagesTests {
    @Test func `every link of every page leads to a page`() async throws {
        try await TestServer.run(.sqlite) { server in
            let browser = try await server.developer()
            var waiting = [
                "/", "/docs", "/docs/sharing", "/docs/privacy", "/docs/help", "/docs/security", "/portal", "/portal/sign-up", "/portal/forgotten-password",
            ]
            var seen = Set(waiting)
            var broken: [String] = []
            var heavy: [String] = []
            while let address = waiting.popLast(), seen.count < 400 {
                try await browser.open(address)
                if await browser.status >= 400 { broken.append("\(address) answers \(await browser.status)") }
                if (await browser.page).utf8.count > 60_000 { heavy.append("\(address) weighs \((await browser.page).utf8.count)") }
                guard !address.hasPrefix("/demo"), !address.hasPrefix("/my"), !address.hasPrefix("/static"), !address.hasPrefix("/openapi") else { continue }
                for link in await browser.links where seen.insert(link).inserted { waiting.append(link) }
            }
            #expect(broken == [])
            #expect(heavy == [])
            #expect(seen.count > 80)
        }
    }

    @Test func `each error has its page`() async throws {
        try await TestServer.run(.sqlite) { server in
            for code in ErrorCode.allCases {
                let page = try await server.get("/docs/errors/\(code.rawValue)")
                #expect(page.status == .ok && page.text.contains("<code>\(code.rawValue)</code>"), "\(code)")
            }
            for code in OAuthError.Code.allCases {
                #expect(try await server.get(code.documentationPath).status == .ok, "\(code)")
            }
            #expect(try await server.get("/docs/errors/no_such_code", headers: [.accept: "text/html"]).status == .notFound)
            #expect(try await server.get("/docs/errors/oauth/no_such_code").status == .notFound)
        }
    }

    @Test func `the contract can be read and fetched`() async throws {
        try await TestServer.run(.sqlite) { server in
            let index = try await server.get("/docs/reference")
            #expect(index.text.contains("GET /v1/accounts/{account_id}/balance"))
            let operation = try await server.get("/docs/reference/getAccountBalance")
            #expect(operation.text.contains("accounts.read") && operation.text.contains("ReadBalances") && operation.text.contains("available"))
            #expect(try await server.get("/docs/reference/noSuchOperation").status == .notFound)
            let file = try await server.get("/openapi/accounts.yaml")
            #expect(file.text.hasPrefix("openapi: 3.1"))
            for name in ["nothing.yaml", "..%2F..%2FPackage.swift", "..%2f.env"] {
                #expect(try await server.get("/openapi/\(name)").status == .notFound, "\(name)")
            }
        }
    }

    @Test(arguments: [
        "/portal", "/portal/apps", "/portal/apps/new", "/portal/customers", "/portal/requests", "/portal/usage", "/portal/team", "/portal/settings",
        "/portal/registration", "/r/req_x", "/portal/apps/app_x",
    ])
    func `a visitor is asked to sign in first`(path: String) async throws {
        try await TestServer.run(.sqlite) { server in
            let answer = try await server.get(path)
            #expect(answer.status == .seeOther)
            #expect(answer.location?.hasPrefix("/portal/sign-in") == true)
        }
    }

    /// Every form of the portal, by its address.
    private static let forms = [
        "/portal/sign-in", "/portal/sign-up", "/portal/sign-up/resend", "/portal/confirm", "/portal/forgotten-password", "/portal/reset-password",
        "/portal/invitation",
        "/portal/sign-out", "/portal/confirmation", "/portal/organisation", "/portal/apps/new", "/portal/apps", "/portal/apps/APP/edit",
        "/portal/apps/APP/remove",
        "/portal/apps/APP/secrets", "/portal/apps/APP/secrets/SECRET/revoke", "/portal/team/invitations", "/portal/team/invitations/inv_x/withdraw",
        "/portal/team/usr_demodeveloper/role", "/portal/team/usr_demodeveloper/remove", "/portal/settings/name", "/portal/settings/password",
        "/portal/settings/sessions/ses_x/end", "/portal/settings/sessions/end-others", "/portal/customers/password",
        "/portal/customers/usr_x/second-factor/reset",
        "/portal/registration", "/portal/registration/iat_x/revoke", "/portal/apps/APP/registration/revoke",
        "/portal/settings/second-factor/begin", "/portal/settings/second-factor/turn-on", "/portal/settings/second-factor/change",
    ]

    @Test(arguments: ["no token", "another browser's token", "another site", "another site by Sec-Fetch-Site"]) func `a form that is not ours is refused`(
        flaw: String
    ) async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.demoApp()
            let browser = try await server.developer()
            try await browser.open("/portal/settings")
            let sessionToken = await browser.csrf
            let visitor = TestBrowser(server)
            try await visitor.open("/portal/sign-in")
            let foreign = TestBrowser(server)
            try await foreign.open("/portal/sign-in")
            let visitorForms = Set(Self.forms.prefix(7))
            for path in Self.forms {
                let isVisitors = visitorForms.contains(path)
                let (visitorToken, foreignToken) = (await visitor.csrf, await foreign.csrf)
                let (visitorCookies, developerCookies) = (await visitor.cookies, await browser.cookies)
                let right = isVisitors ? visitorToken : sessionToken
                let token = flaw == "no token" ? "" : flaw == "another browser's token" ? foreignToken : right
                let cookies = (isVisitors ? visitorCookies : developerCookies).map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
                var headers: HTTPFields = [.accept: "text/html", .cookie: cookies]
                if flaw == "another site" { headers[.origin] = "https://evil.example" }
                if flaw == "another site by Sec-Fetch-Site" { headers[HTTPField.Name("Sec-Fetch-Site")!] = "cross-site" }
                let target = path.replacing("APP", with: app.id.rawValue).replacing("SECRET", with: app.secrets.first?.id.rawValue ?? "")
                let answer = try await server.post(
                    target, form: [("csrf", token), ("name", app.name), ("email", "x@y.example"), ("role", "member")], headers: headers)
                #expect(answer.status == .forbidden, "\(path)")
            }
            let after = try await server.demoApp()
            #expect(fields(after) == fields(app))
        }
    }

    @Test func `a form of another kind, a broken and an endless one are named`() async throws {
        try await TestServer.run(.sqlite) { server in
            let html: HTTPFields = [.accept: "text/html"]
            let json = try await server.post("/portal/sign-in", json: "{}", headers: html)
            #expect(json.status == .unsupportedMediaType)
            let broken = try await server.send(.post, "/portal/sign-in", headers: [.contentType: "application/x-www-form-urlencoded"], body: "csrf=%zz")
            #expect(broken.status == .badRequest)
            let endless = try await server.post("/portal/sign-in", form: [("username", String(repeating: "a", count: 70_000))], headers: html)
            #expect(endless.status == .contentTooLarge)
        }
    }

    @Test func `reading changes nothing`() async throws {
        try await TestServer.run(.sqlite) { server in
            let browser = try await server.developer()
            let app = try await server.demoApp()
            for path in [
                "/portal/sign-out", "/portal/apps/\(app.id)/secrets", "/portal/apps/\(app.id)/remove", "/portal/team/usr_demodeveloper/role",
                "/portal/settings/sessions/end-others",
            ] {
                try await browser.open(path)
            }
            try await browser.open("/portal")
            #expect(await browser.status == 200)
            let unchanged = try await server.demoApp()
            #expect(fields(unchanged) == fields(app))
        }
    }

    @Test(arguments: ["/portal", "/portal/apps", "/portal/sign-in", "/r/req_x", "/portal/settings"])
    func `nothing of the portal is stored by caches, and the policy is strict`(path: String) async throws {
        try await TestServer.run(.sqlite) { server in
            let browser = try await server.developer()
            try await browser.open(path)
            let headers = await browser.headers
            #expect(headers[.cacheControl] == "no-store")
            #expect(headers[.contentSecurityPolicy]?.contains("default-src 'none'") == true)
            #expect(headers[.contentSecurityPolicy]?.contains("unsafe") == false)
            let page = await browser.page
            #expect(!page.contains(" style="))
            #expect(!page.contains("<script>"))
            #expect(!page.contains(" onclick="))
        }
    }

    @Test(arguments: [
        "/portal/requests?app=%3Cscript%3E&outcome=%22%3E%3Cscript%3E", "/portal/sign-in?return_to=%22%3E%3Cscript%3E",
        "/portal/confirm?token=%22%3E%3Cscript%3E", "/portal/invitation?token=%3Cscript%3E", "/portal/apps/%3Cscript%3E", "/docs/errors/%3Cscript%3E",
    ])
    func `a probe in a parameter stays text`(address: String) async throws {
        try await TestServer.run(.sqlite) { server in
            for browser in [TestBrowser(server), try await server.developer()] {
                try await browser.open(address)
                #expect(!(await browser.page).contains("<script>"))
                #expect(await browser.status < 500)
            }
        }
    }
}
