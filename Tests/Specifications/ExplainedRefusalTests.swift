import AccessTokens
import Applications
import Composition
import Foundation
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import Primitives
import Storage
import TestSupport
import Testing
import Web

@Suite("Explained refusals")
struct ExplainedRefusalTests {
    /// The path of the page that an answer's `error_uri` leads to.
    private static func page(of answer: TestResponse) throws -> String { try path(answer.json["error_uri"] as? String) }

    private static func path(_ address: String?) throws -> String {
        let address = try #require(address)
        #expect(address.hasPrefix("\(TestServer.issuer)/docs/errors/oauth/"))
        return String(address.dropFirst(TestServer.issuer.text.utf8.count))
    }

    /// A browser in which a member of the app's organisation is signed in.
    private static func member(of app: TestApp, _ server: TestServer) async throws -> TestBrowser {
        let person = try await server.enrol("otieno@savanna.example", name: "Otieno Odhiambo", company: "Otieno's own")
        let now = server.clock.now
        try await server.database.write { try Memberships().add(person, to: app.app.organisationID, role: .member, at: now, in: $0) }
        return try await server.signedIn("otieno@savanna.example", TestServer.passphrase)
    }

    private static func wrongVerifier(_ app: TestApp, _ server: TestServer, verifier: String = String(repeating: "v", count: 43)) async throws -> TestResponse {
        try await server.redeem(try await server.authorize(app), by: app, [("code_verifier", verifier)])
    }

    private static let hidden = "The details of this refusal are for the app’s developers."

    @Test(arguments: Engine.available)
    func `a member of the app's organisation reads rule, clause, parameter, expected and received`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let verifier = CodeVerifier(String(repeating: "v", count: 43))
            let address = try Self.page(of: try await Self.wrongVerifier(app, server))
            let browser = try await Self.member(of: app, server)

            try await browser.open(address)

            let page = await browser.page
            #expect(await browser.status == 200)
            #expect(await browser.heading == "The code or refresh token cannot be used")
            for text in [
                "What was refused", "The code verifier answers the code challenge", "RFC 7636 §4.6", "<code>code_verifier</code>", "<code>/oauth2/token</code>",
                "Acme Budget", verifier?.challenge.text ?? "-", CodeVerifier(TestServer.verifier)?.challenge.text ?? "-",
                "Keep the verifier of this very request",
            ] {
                #expect(page.contains(text), "\(text)")
            }
            #expect(!page.contains(Self.hidden))
        }
    }

    @Test(arguments: Engine.available)
    func `a stranger, a visitor and a removed member read the general text alone`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let address = try Self.page(of: try await Self.wrongVerifier(app, server))
            let challenge = CodeVerifier(TestServer.verifier)?.challenge.text ?? "-"
            let formerMember = try await Self.member(of: app, server)
            let now = server.clock.now
            try await server.database.write { tx in
                let member = try #require(try Memberships().list(of: app.app.organisationID, in: tx).first)
                _ = try Memberships().remove(member.personID, from: app.app.organisationID, by: member.personID, at: now, requestID: nil, in: tx).get()
            }
            try await server.enrol("wanjiku@savanna.example")
            let stranger = try await server.signedIn("wanjiku@savanna.example", TestServer.passphrase)

            for browser in [TestBrowser(server), stranger, formerMember] {
                try await browser.open(address)

                let page = await browser.page
                #expect(await browser.status == 200)
                #expect(page.contains("How to fix it"))
                #expect(page.contains(Self.hidden))
                for secret in ["What was refused", "Acme Budget", challenge, "/oauth2/token"] { #expect(!page.contains(secret), "\(secret)") }
            }
        }
    }

    @Test func `a visitor signs in first and comes back`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()
            let address = try Self.page(of: try await Self.wrongVerifier(app, server))
            _ = try await Self.member(of: app, server)
            let browser = TestBrowser(server)
            try await browser.open(address)
            try await browser.open(try #require((await browser.links).first { $0.hasPrefix("/portal/sign-in?return_to=") }))

            try await browser.submit("username", [("username", "otieno@savanna.example"), ("password", TestServer.passphrase)])

            #expect(await browser.address == address)
            #expect((await browser.page).contains("RFC 7636 §4.6"))
        }
    }

    @Test func `an expired, changed or invented address is answered like a stranger's`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()
            let address = try Self.page(of: try await Self.wrongVerifier(app, server))
            let browser = try await Self.member(of: app, server)
            let changed = String(address.dropLast()) + (address.hasSuffix("A") ? "B" : "A")
            let other = address.replacing("invalid_grant", with: "invalid_scope")

            for address in [changed, other, "/docs/errors/oauth/invalid_grant?refusal=", "/docs/errors/oauth/invalid_grant?refusal=x"] {
                try await browser.open(address)
                #expect(await browser.status == 200, "\(address)")
                #expect((await browser.page).contains(Self.hidden), "\(address)")
                #expect(!(await browser.page).contains("What was refused"), "\(address)")
            }
            let sealed = RefusalSeal(rootKey: .test)
            let old = ExplainedRefusal(
                .against(.verifier, "It does not answer."), of: app.app.id, at: .token, now: server.clock.now - .days(7))
            try await browser.open("/docs/errors/oauth/invalid_grant?refusal=\(sealed.seal(old))")
            #expect((await browser.page).contains(Self.hidden))
        }
    }

    @Test func `what others put into a request cannot break the page`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()
            let answer = try await server.token(app, [("grant_type", "<script>alert(1)</script>\u{202E}")])
            let browser = try await Self.member(of: app, server)

            try await browser.open(try Self.page(of: answer))

            #expect(!(await browser.page).contains("<script>alert"))
            #expect((await browser.page).contains("&lt;script&gt;alert(1)&lt;/script&gt;%E2%80%AE"))
        }
    }

    @Test(arguments: Engine.available)
    func `no secret that was sent is shown, not even to its owner`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let browser = try await Self.member(of: app, server)
            let secret = "wkz_sk_Qx7notTheSecretxQ7"
            let grant = [(name: "grant_type", value: "authorization_code"), (name: "redirect_uri", value: app.redirectURI)]
            let answers = [
                try await server.token(app, [("grant_type", "client_credentials")], headers: .basic(app.clientID, secret)),
                try await server.token(app, grant + [("code", "wkz_ac_Qx7noCodexQ7"), ("code_verifier", TestServer.verifier)]),
                try await server.token(app, grant + [("code", "Qx7noCodexQ7"), ("code_verifier", "Qx7 short xQ7")]),
                try await server.token(app, [("grant_type", "refresh_token"), ("refresh_token", "wkz_rt_Qx7noTokenxQ7")]),
                try await server.token(app, [("grant_type", "client_credentials"), ("scope", secret)]),
                try await server.token(app, [("grant_type", secret)]),
            ]

            for answer in answers {
                let address = try Self.page(of: answer)
                try await browser.open(address)
                let page = await browser.page
                #expect(page.contains("What was refused"), "\(answer.text)")
                #expect(!page.contains("Qx7"), "\(address)")
                #expect(!page.contains("xQ7"), "\(address)")
                #expect(page.contains(" characters"), "\(address)")
            }
        }
    }

    @Test(arguments: Engine.available)
    func `a refusal that the browser carries is sealed, and short enough for an address`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let state = String(repeating: "s", count: 300)
            let answer = try await server.answer(app, [("scope", "openid accounts.write"), ("state", state)])
            let address = try #require(answer["error_uri"])

            #expect(address.utf8.count < 600)
            #expect(address.utf8.allSatisfy { $0 == 0x21 || (0x23...0x5B).contains($0) || (0x5D...0x7E).contains($0) })
            #expect(!address.contains("accounts"))

            let browser = try await Self.member(of: app, server)
            try await browser.open(try Self.path(address))
            for text in ["Every scope is known", "RFC 6749 §3.3", "openid accounts.write", "transactions.read", "/oauth2/authorize"] {
                #expect((await browser.page).contains(text), "\(text)")
            }
        }
    }

    @Test func `a redirect URI that is not registered is explained on the page that the customer sees and at the pushed endpoint`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()
            let sent = "https://app.example.com/callback/"
            let customer = TestBrowser(server)
            try await customer.open(server.authorizationURI(app, [("redirect_uri", sent)]))
            #expect(await customer.status == 400)
            #expect(!(await customer.page).contains(sent))
            let pushed = try await server.post(
                "/oauth2/par", form: [("response_type", "code"), ("redirect_uri", sent)], headers: app.basic)
            let browser = try await Self.member(of: app, server)

            let shown = (await customer.page).firstMatch(of: /href="([^"]*\/docs\/errors\/oauth\/[^"]*)"/).map { String($0.1) }

            for address in [try Self.path(shown), try Self.page(of: pushed)] {
                try await browser.open(address)
                for text in ["RFC 9700 §2.1", "Registered now", "<code>\(sent)</code>", "<code>https://app.example.com/callback</code>"] {
                    #expect((await browser.page).contains(text), "\(text)")
                }
            }
        }
    }

    @Test func `an assertion, a proof and a method are explained by what was registered and what came`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()
            let browser = try await Self.member(of: app, server)
            let method = try await server.post(
                "/oauth2/token", form: [("grant_type", "client_credentials"), ("client_id", app.clientID), ("client_secret", app.secret ?? "")])
            let proof = try await server.token(
                app, [("grant_type", "client_credentials"), ("client_id", app.clientID)], headers: app.basic.with(.dpop, "not.a.jwt"))

            try await browser.open(try Self.page(of: method))
            for text in ["RFC 6749 §2.3", "client_secret_basic", "client_secret_post"] { #expect((await browser.page).contains(text), "\(text)") }
            try await browser.open(try Self.page(of: proof))
            for text in ["RFC 9449 §4.3", "The proof is a signed JWT", "9 characters"] { #expect((await browser.page).contains(text), "\(text)") }
        }
    }

    @Test func `a jwks_uri that cannot be read is explained by its address and what came of it`() async throws {
        try await TestServer.run(.sqlite) { server in
            let address = "http://127.0.0.1:1/jwks"
            let app = try await server.registerWithKeys(at: address)
            let browser = try await Self.member(of: app, server)
            let answer = try await server.asserted(by: TestKey(), of: app)

            try await browser.open(try Self.page(of: answer))

            for text in ["RFC 7591 §2", "<code>jwks_uri</code>", address, "no public host with a trusted certificate answered in time"] {
                #expect((await browser.page).contains(text), "\(text)")
            }
        }
    }

    @Test func `what came of a jwks_uri is told on the page alone`() async throws {
        let key = try TestKey()
        let keyServer = KeyServer(key)
        let set = JWKSet([key.jwk]).text
        let answers = [
            (KeyServer.response("no JSON"), "the answer is no JWK Set with a key that we support"),
            (KeyServer.response(set, status: .notFound), "the answer has another status than 200"),
            (KeyServer.response(set + String(repeating: " ", count: 65_536)), "the answer is too long for a JWK Set"),
        ]
        try await KeyServer.run(keyServer) { server, app async throws in
            let browser = try await Self.member(of: app, server)
            for (answer, reason) in answers {
                keyServer.answer(answer)
                server.clock.advance(by: .minutes(2))
                let refused = try await server.asserted(by: key, of: app)

                try await browser.open(try Self.page(of: refused))

                #expect(!refused.text.contains(reason))
                #expect((await browser.page).contains(reason), "\(reason)")
            }
        }
    }

    @Test func `who is not known gets the general page`() async throws {
        try await TestServer.run(.sqlite) { server in
            let answers = [
                try await server.post("/oauth2/token", form: [("grant_type", "client_credentials"), ("client_id", "no-such-app")]),
                try await server.post("/oauth2/token", form: [("grant_type", "client_credentials")]),
                try await server.send(.post, "/oauth2/token", headers: [.contentType: "text/plain"], body: "x"),
                try await server.get("/oauth2/userinfo", headers: [.authorization: "Bearer x"]),
            ]

            for answer in answers {
                let address = try Self.page(of: answer)
                #expect(!address.contains("?"), "\(address)")
                #expect(try await server.get(address).status == .ok)
            }
        }
    }

    @Test func `each general page names the clause of its code and of every rule that leads to it`() async throws {
        try await TestServer.run(.sqlite) { server in
            for code in OAuthError.Code.allCases {
                let page = try await server.get(code.documentationPath).text
                #expect(page.contains(code.clause), "\(code)")
                for rule in RefusalRule.all where rule.code == code { #expect(page.contains(rule.clause), "\(rule.name)") }
            }
        }
    }
}

extension HTTPFields {
    fileprivate func with(_ name: HTTPField.Name, _ value: String) -> HTTPFields {
        var fields = self
        fields[name] = value
        return fields
    }
}
