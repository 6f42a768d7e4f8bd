import Composition
import Foundation
import HTTPTypes
import HummingbirdTesting
import JSON
import Primitives
import Storage
import TestSupport
import Testing
import Web

@Suite("Pages · the sign-in and the question, to whoever means harm")
struct PageSafetyTests {
    private static let script = #""'><script>alert(1)</script><img src=x onerror=alert(1)>"#

    /// 1,024 characters, of which none repeats another.
    private static let longest = String(String.UnicodeScalarView((0..<1023).compactMap { Unicode.Scalar(0x4E00 + $0) })) + "\u{E9}"

    /// UI-01
    @Test(arguments: ["state", "scope", "login_hint", "ui_locales", "client_id", "nonce", "acr_values", "claims_locales", "display", "prompt"])
    func `OWASP ASVS 1.2.1 markup in a parameter is text on every page of the way`(name: String) async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()
            let browser = TestBrowser(server)
            func isSafe() async -> Bool {
                let (status, page, left) = (await browser.status, await browser.page, await browser.left ?? "")
                return status < 500 && !left.contains("<") && !page.contains("<script>alert") && !page.contains("<img src=x") && !page.contains(#""'>"#)
            }

            try await browser.open(server.authorizationURI(app, [(name, Self.script)]))
            #expect(await isSafe())
            if name == "login_hint" { #expect(await browser.page.contains(#"value="&quot;&#39;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"#)) }
            let isAsked = await browser.forms.contains { $0.names.contains("password") }
            #expect(isAsked != ["scope", "client_id", "prompt"].contains(name))
            guard isAsked else { return }
            try await browser.submit("password", [("username", Self.script), ("password", Self.script)])
            #expect(await browser.status == 422)
            #expect(await isSafe())
            try await browser.submit("password", [("username", "amina.traveler"), ("password", "sandbox")])
            #expect(await browser.forms.contains { $0.names.contains("decision") })
            #expect(await isSafe())
        }
    }

    /// UI-02
    @Test func `OWASP ASVS 3.4 the sign-in and the question hold browsers to their policy`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()
            let browser = TestBrowser(server)
            func holds(leadingTo targets: String) async -> Bool {
                let headers = await browser.headers
                let policy = headers[HTTPField.Name("Content-Security-Policy")!] ?? ""  // a token
                let directives = Set(policy.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) })
                return directives.isSuperset(of: [
                    "default-src 'none'", "script-src 'self'", "style-src 'self'", "base-uri 'none'", "frame-ancestors 'none'", "form-action \(targets)",
                ]) && !policy.contains("unsafe") && headers[.xContentTypeOptions] == "nosniff" && headers[HTTPField.Name("Referrer-Policy")!] == "no-referrer"
                    && headers[.cacheControl] == "no-store" && headers[.contentType] == "text/html; charset=utf-8"
            }

            try await browser.open("/my/sign-in")
            #expect(await holds(leadingTo: "'self'"))
            try await browser.open(server.authorizationURI(app))
            #expect(await browser.forms.contains { $0.names.contains("password") })
            #expect(await holds(leadingTo: "'self' https://app.example.com"))
            try await browser.submit("password", [("username", "amina.traveler"), ("password", "sandbox")])
            #expect(await browser.forms.contains { $0.names.contains("decision") })
            #expect(await holds(leadingTo: "'self' https://app.example.com"))
        }
    }

    /// UI-05
    @Test(arguments: ["/my/sign-in", "/portal/sign-in", "/staff/sign-in"])
    func `OWASP ASVS 3.5.1 nobody is signed in by a form without its token, with a wrong or another browser's one, or without the cookie`(
        address: String
    ) async throws {
        try await TestServer.run(.sqlite) { server in
            let (browser, other) = (TestBrowser(server), TestBrowser(server))
            try await browser.open(address)
            try await other.open(address)
            let (own, foreign) = (await browser.csrf, await other.csrf)
            let cookies = await browser.cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
            let people = [
                "/my/sign-in": ("amina.traveler", "sandbox"), "/portal/sign-in": (DemoWorld.developer.email, DemoWorld.developer.password),
                "/staff/sign-in": (DemoWorld.staff.email, DemoWorld.staff.password),
            ]
            let (username, password) = try #require(people[address])
            func send(_ token: String?, _ headers: HTTPFields) async throws -> TestResponse {
                try await server.post(
                    address, form: [("username", username), ("password", password)] + (token.map { [("csrf", $0)] } ?? []), headers: headers)
            }

            #expect(own != foreign && !own.isEmpty)
            let attempts: [(token: String?, headers: HTTPFields)] = [
                (nil, [.cookie: cookies]), ("", [.cookie: cookies]), ("x", [.cookie: cookies]), (foreign, [.cookie: cookies]), (own, [:]),
                (own, [.cookie: cookies, .origin: "https://evil.example"]),
            ]
            for (token, headers) in attempts {
                let answer = try await send(token, headers)
                #expect(answer.status == .forbidden, "\(token ?? "none")")
                #expect(
                    !answer.headers[values: .setCookie].contains { $0.hasPrefix("wkz_customer=") || $0.hasPrefix("wkz_dev=") || $0.hasPrefix("wkz_staff=") })
            }
            let answer = try await send(own, [.cookie: cookies])
            #expect(answer.status == .seeOther && !answer.headers[values: .setCookie].isEmpty)
        }
    }

    /// UI-13
    @Test(arguments: Engine.available)
    func `RFC 9396 §7 what is added to the answer is not granted`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let theirs = try await server.lodge(app)
            let browser = try await server.signedIn(for: app)
            let accounts = await browser.forms.flatMap(\.options).filter { $0.name == "accounts" }
            let added: [(name: String, value: String)] = [
                ("scope", "openid accounts.read transactions.read email payments.write"), ("permissions", "ReadTransactionsDetail"), ("consent_id", theirs),
                server.details(theirs), ("username", "brian.parent"), ("client_id", "another-app"),
            ]

            try await browser.submit("decision", accounts.prefix(1) + added + [("decision", "approve")])
            let query = try #require(await browser.left.flatMap { Parameters(urlEncoded: String($0.split(separator: "?").last ?? "")) })
            let answer = try await server.redeem(Authorization(code: query["code"], parameters: query, verifier: TestServer.verifier, location: ""), by: app)

            #expect(answer.json["scope"] as? String == "openid accounts.read transactions.read")
            #expect(try await server.claims(answer.json["id_token"] as? String)?["aud"]?.string == app.clientID)
            let lodged = try await server.call("/v1/consents/\(theirs)", token: server.appToken(app))
            #expect(lodged.json["status"] as? String == "awaiting_authorisation")
        }
    }

    /// UI-18
    @Test(arguments: ["  caf\u{E9} au lait matinal  ", "cafe\u{301} au lait matinal", longest])
    func `OWASP ASVS 6.2.8 a password signs in exactly as it was chosen: space, composition and length`(password: String) async throws {
        try await TestServer.run(.sqlite) { server in
            try await server.enrol("wanjiku@savanna.example")
            let browser = try await server.signedIn("wanjiku@savanna.example", TestServer.passphrase)
            try await browser.open("/portal/settings")
            try await browser.submit("new_password", [("current_password", TestServer.passphrase), ("new_password", password)])
            #expect(await browser.address == "/portal/settings?password=1")

            for other in [
                String(password.dropLast()), password.trimmingCharacters(in: .whitespaces) + "x", password.uppercased(),
                password.unicodeScalars.contains("\u{301}") ? password.precomposedStringWithCanonicalMapping : password.decomposedStringWithCanonicalMapping,
            ] {
                let refused = try await server.signedIn("wanjiku@savanna.example", other)
                #expect(await refused.status == 422)
            }
            let accepted = try await server.signedIn("wanjiku@savanna.example", password)
            #expect(await accepted.address == "/portal")
        }
    }

    /// UI-18
    @Test(arguments: [String(repeating: "a b", count: 1366), String(repeating: "x y", count: 20_000), "quiet\u{0}harbour"])
    func `OWASP ASVS 6.2.9 what is too long or holds a NUL is refused, when it is chosen and when it is tried`(password: String) async throws {
        try await TestServer.run(.sqlite) { server in
            try await server.enrol("wanjiku@savanna.example")
            let browser = try await server.signedIn("wanjiku@savanna.example", TestServer.passphrase)
            try await browser.open("/portal/settings")

            try await browser.submit("new_password", [("current_password", TestServer.passphrase), ("new_password", password)])
            let tried = try await server.signedIn("wanjiku@savanna.example", password)

            #expect(await [400, 413, 422].contains(browser.status))
            #expect(await [400, 413, 422].contains(tried.status))
            let still = try await server.signedIn("wanjiku@savanna.example", TestServer.passphrase)
            #expect(await still.address == "/portal")
        }
    }
}
