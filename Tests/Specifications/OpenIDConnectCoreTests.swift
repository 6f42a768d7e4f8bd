import AccessTokens
import Applications
import Composition
import Crypto
import Foundation
import HTTPTypes
import HummingbirdTesting
import JOSE
import JSON
import OAuth
import Primitives
import Storage
import TestSupport
import Testing
import Web

@Suite("OpenID Connect Core · ID tokens")
struct OpenIDConnectIDTokenTests {
    @Test(arguments: Engine.available)
    func `§2 the ID token names issuer, customer, app, times, nonce and access token`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let tokens = try await server.tokens(for: app)

            let jws = try UnverifiedJWS(parsing: tokens.id ?? "")
            let claims = try #require(try await server.claims(tokens.id))

            #expect(jws.type == "JWT")
            #expect(claims["iss"]?.string == TestServer.issuer.text)
            #expect(claims["aud"]?.string == app.clientID)
            #expect(claims["azp"]?.string == app.clientID)
            #expect(claims["nonce"]?.string == "n-0S6_WzA2Mj")
            #expect(claims["iat"]?.integer == server.clock.now.seconds)
            #expect(claims["exp"]?.integer == server.clock.now.seconds + 300)
            #expect(claims["auth_time"]?.integer == server.clock.now.seconds)
            #expect(claims["amr"]?.array == [.string("pwd")])
            #expect(claims["sub"] == (try await server.claims(tokens.access))?["sub"])
            // §3.1.3.6: the left half of the SHA-256 of the access token.
            #expect(claims["at_hash"]?.string == Base64URL.encode(Array(SHA256.hash(data: Array(tokens.access.utf8))).prefix(16)))
            #expect(claims["email"] == nil && claims["name"] == nil)
        }
    }

    @Test(arguments: Engine.available)
    func `§3-1-2-1 without openid there is no ID token, without nonce none in it`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()

            #expect(try await server.tokens(for: app, [("scope", "accounts.read")]).id == nil)
            let tokens = try await server.tokens(for: app, [("nonce", "")])
            #expect(try await server.claims(tokens.id) != nil)
            #expect(try await server.claims(tokens.id)?["nonce"] == nil)
        }
    }

    @Test(arguments: Engine.available)
    func `§3-1-2-1 long nonces come back unchanged`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            for nonce in [String(repeating: "n", count: 384), String(repeating: "n", count: 2000), #"a"b\c 😀"#] {
                #expect(try await server.claims(server.tokens(for: app, [("nonce", nonce)]).id)?["nonce"]?.string == nonce)
            }
        }
    }
}

@Suite("OpenID Connect Core · Authentication requests")
struct OpenIDConnectAuthenticationTests {
    let identity: (name: String, value: String) = ("scope", "openid email")

    @Test(arguments: Engine.available)
    func `§3-1-2-1 unknown parameters, display, ui_locales and acr_values do not harm`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()

            for display in ["page", "popup"] {
                let authorization = try await server.authorize(
                    app,
                    [
                        ("extra", "foobar"), ("display", display), ("ui_locales", "se"), ("claims_locales", "se"), ("acr_values", "1 2"),
                        ("login_hint", "amina.traveler"),
                    ])

                #expect(try await server.redeem(authorization, by: app).status == .ok)
            }
        }
    }

    @Test(arguments: Engine.available)
    func `§3-1-2-1 the order of parameters and of scopes does not count`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let reversed: [(name: String, value: String)] = [
                ("code_challenge_method", "S256"), ("code_challenge", TestServer.challenge), ("nonce", "n-0S6_WzA2Mj"), ("state", "af0ifjsldkj"),
                ("scope", "transactions.read accounts.read openid"), ("redirect_uri", app.redirectURI), ("client_id", app.clientID), ("response_type", "code"),
            ]

            let authorization = try await server.authorize(app, reversed)
            let answer = try await server.redeem(authorization, by: app)

            #expect(authorization.parameters["state"] == "af0ifjsldkj")
            #expect(Set((answer.json["scope"] as? String ?? "").split(separator: " ")) == ["openid", "accounts.read", "transactions.read"])
            #expect(try await server.claims(answer.json["id_token"] as? String)?["nonce"]?.string == "n-0S6_WzA2Mj")
        }
    }

    @Test(arguments: Engine.available)
    func `§3-1-2-1 the request may be POSTed`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let query = server.authorizationURI(app).split(separator: "?", maxSplits: 1).last.map(String.init) ?? ""

            let response = try await server.send(.post, "/oauth2/authorize", headers: [.contentType: "application/x-www-form-urlencoded"], body: query)

            #expect([200, 303].contains(response.status.code))
            #expect(response.errorCode == nil)
        }
    }

    @Test(arguments: Engine.available)
    func `§3-1-2-6 prompt=none without a session is login_required, with one and nothing granted consent_required`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let long = String(repeating: "s", count: 128)

            let nobody = try await server.answer(app, [("prompt", "none"), ("state", long), identity])
            let browser = try await server.signedIn(for: app)
            let nothing = try await server.answer(app, [("prompt", "none"), identity], browser: browser)

            #expect(nobody["error"] == "login_required")
            #expect(nobody["state"] == long)
            #expect(nothing["error"] == "consent_required")
        }
    }

    @Test(arguments: Engine.available)
    func `§3-1-2-1 prompt=none tells who is there when that was granted before, and never gives accounts`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let browser = TestBrowser(server)
            let first = try await server.redeem(server.authorize(app, [identity], browser: browser), by: app)
            let before = try await server.claims(first.json["id_token"] as? String)
            server.clock.advance(by: .seconds(5))

            let silent = try await server.answer(app, [("prompt", "none"), identity], browser: browser)
            let response = try await server.redeem(
                Authorization(code: silent["code"], parameters: silent, verifier: TestServer.verifier, location: ""), by: app)

            let after = try await server.claims(response.json["id_token"] as? String)
            #expect(after?["sub"] != nil && after?["sub"] == before?["sub"])
            #expect(after?["auth_time"] == before?["auth_time"])
            #expect(try await server.answer(app, [("prompt", "none"), ("scope", "openid accounts.read")], browser: browser)["error"] == "consent_required")
            #expect(try await server.answer(app, [("prompt", "none"), ("scope", "openid email profile")], browser: browser)["error"] == "consent_required")
        }
    }

    @Test(arguments: Engine.available, [true, false])
    func `§3-1-2-6 once the consent has ended, nobody is told who the customer is without a page`(engine: Engine, isEndedByApp: Bool) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let browser = TestBrowser(server)
            let answer = try await server.redeem(
                server.authorize(app, [("scope", "openid email profile accounts.read")], browser: browser), by: app)
            let consent = try #require((answer.json["authorization_details"] as? [[String: String]])?.first?["consent_id"])
            let before = try await server.answer(app, [("prompt", "none"), identity], browser: browser)
            let silent = try await server.redeem(
                Authorization(code: before["code"], parameters: before, verifier: TestServer.verifier, location: ""), by: app)

            if isEndedByApp {
                let ended = try await server.call("/v1/consents/\(consent)", token: server.appToken(app), method: .delete)
                #expect(ended.status == .noContent)
            } else {
                try await browser.open("/my/consents/\(consent)")
                let stop = try #require(await browser.forms.first { $0.action.hasSuffix("/stop") })
                try await browser.submit(stop, [])
            }
            try await server.settle()

            #expect(silent.status == .ok && silent.json["authorization_details"] == nil, "\(silent.text)")
            for scope in ["openid", "openid email", "openid email profile"] {
                let refused = try await server.answer(app, [("prompt", "none"), ("scope", scope)], browser: browser)
                #expect(refused["error"] == "consent_required", "\(scope)")
            }
            // What was told silently before ends too.
            for earlier in [answer, silent] {
                let userinfo = try await server.userinfo(earlier.json["access_token"] as? String ?? "")
                let refreshed = try await server.refresh(earlier.json["refresh_token"] as? String, by: app)
                #expect(userinfo.errorCode == "invalid_token" && refreshed.errorCode == "invalid_grant")
            }
        }
    }

    @Test(arguments: Engine.available)
    func `§3-1-2-6 what is told silently rests on what the customer gave without a consent, and else on a consent that goes on`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let browser = TestBrowser(server)
            let (whoTheyAre, silent) = (("scope", "openid"), [("prompt", "none"), ("scope", "openid")])
            var consents: [String] = []
            for _ in 0..<2 {
                let answer = try await server.redeem(server.authorize(app, [("scope", "openid email accounts.read")], browser: browser), by: app)
                consents.append(try #require((answer.json["authorization_details"] as? [[String: String]])?.first?["consent_id"]))
                server.clock.advance(by: .minutes(1))
            }
            let ended = try await server.call("/v1/consents/\(consents[1])", token: server.appToken(app), method: .delete)
            let onOther = try await server.answer(app, silent, browser: browser)
            let otherBasis = try await server.newestBasis()

            server.clock.advance(by: .minutes(1))
            _ = try await server.authorize(app, [whoTheyAre], browser: browser)
            server.clock.advance(by: .minutes(1))
            _ = try await server.authorize(app, [("scope", "openid email accounts.read")], browser: browser)
            server.clock.advance(by: .minutes(1))
            let onItself = try await server.answer(app, silent, browser: browser)
            let itselfBasis = try await server.newestBasis()
            server.clock.advance(by: .minutes(1))
            let more = try await server.answer(app, [("prompt", "none"), ("scope", "openid email")], browser: browser)
            let moreBasis = try await server.newestBasis()

            #expect(ended.status == .noContent)
            #expect(onOther["code"] != nil && otherBasis == consents[0])
            #expect(onItself["code"] != nil && itselfBasis == nil)
            // The email was given with a consent only.
            #expect(more["code"] != nil && moreBasis != nil && !consents.contains(moreBasis ?? ""))
        }
    }

    @Test(arguments: Engine.available)
    func `§3-1-2-6 what is told silently rests on a consent to pay only where there is no other, since a payment uses it up`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let browser = TestBrowser(server)
            let silent = [("prompt", "none"), ("scope", "openid")]
            let payment = try #require(try await server.lodgePayment(Bill(), app).json["id"] as? String)
            _ = try await server.authorize(app, server.detail(payment), browser: browser)
            server.clock.advance(by: .minutes(1))
            let alone = try await server.answer(app, silent, browser: browser)
            let aloneBasis = try await server.newestBasis()
            let access = try await server.lodge(app)
            let later = try #require(try await server.lodgePayment(Bill(), app).json["id"] as? String)
            for detail in [[server.details(access), ("scope", "openid accounts.read")], server.detail(later)] {
                server.clock.advance(by: .minutes(1))
                _ = try await server.authorize(app, detail, browser: browser)
            }

            server.clock.advance(by: .minutes(1))
            let beside = try await server.answer(app, silent, browser: browser)
            let besideBasis = try await server.newestBasis()

            #expect(alone["code"] != nil && aloneBasis == payment)
            #expect(beside["code"] != nil && besideBasis == access)
        }
    }

    @Test(arguments: Engine.available)
    func `§3-1-2-6 who stops an app's knowing them stops what it was told silently since, which ends with the first anyway`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let browser = TestBrowser(server)
            _ = try await server.redeem(server.authorize(app, [identity], browser: browser), by: app)
            server.clock.advance(by: .minutes(1))
            for _ in 0..<2 { #expect(try await server.answer(app, [("prompt", "none"), identity], browser: browser)["code"] != nil) }
            let ends = try await server.database.read { tx in
                try tx.all("SELECT DISTINCT expires_at FROM token_grant").map { row in try row["expires_at"] as Int64 }
            }

            try await browser.open("/my")
            let stops = await browser.forms.filter { $0.action.hasPrefix("/my/grants/") }
            try await browser.submit(try #require(stops.first), [])
            try await server.settle()

            #expect(ends.count == 1)
            #expect(stops.count == 1)
            #expect(try await server.answer(app, [("prompt", "none"), identity], browser: browser)["error"] == "consent_required")
        }
    }

    @Test(arguments: Engine.available)
    func `§3-1-2-1 prompt=login and an age beyond max_age ask for a new sign-in, with a later auth_time`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let browser = TestBrowser(server)
            let first = try await server.redeem(server.authorize(app, [identity], browser: browser), by: app)
            var last = try await server.claims(first.json["id_token"] as? String)?["auth_time"]?.integer ?? 0

            for change: (name: String, value: String) in [("prompt", "login"), ("max_age", "1"), ("max_age", "0"), ("prompt", "select_account")] {
                server.clock.advance(by: .seconds(2))
                try await browser.open(server.authorizationURI(app, [identity, change]))
                #expect(await browser.forms.contains { $0.names.contains("password") }, "\(change)")
                let response = try await server.redeem(server.authorize(app, [identity, change], browser: browser), by: app)
                let time = try await server.claims(response.json["id_token"] as? String)?["auth_time"]?.integer ?? 0
                #expect(time > last, "\(change)")
                last = time
            }
        }
    }

    @Test(arguments: Engine.available)
    func `§3-1-2-1 an age within max_age keeps the sign-in`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let browser = try await server.signedIn(for: app)
            server.clock.advance(by: .seconds(5))

            try await browser.open(server.authorizationURI(app, [identity, ("max_age", "10000")]))

            #expect(await !browser.forms.contains { $0.names.contains("password") })
        }
    }

    @Test(arguments: Engine.available)
    func `§2 with max_age the ID token has auth_time, the same until a new sign-in`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let browser = TestBrowser(server)
            let signedIn = server.clock.now.seconds

            for age in ["15000", "10000"] {
                let answer = try await server.redeem(server.authorize(app, [identity, ("max_age", age)], browser: browser), by: app)
                #expect(try await server.claims(answer.json["id_token"] as? String)?["auth_time"]?.integer == signedIn, "\(age)")
                server.clock.advance(by: .seconds(5))
            }
        }
    }

    @Test(arguments: Engine.available)
    func `§3-1-2-1 an id_token_hint of the customer is silent, of another customer login_required`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let browser = TestBrowser(server)
            let own = try await server.redeem(server.authorize(app, [identity], browser: browser), by: app).json["id_token"] as? String ?? ""
            let others = try await server.tokens(for: app, [identity], customer: "brian.parent").id ?? ""

            #expect(try await server.answer(app, [("prompt", "none"), identity, ("id_token_hint", own)], browser: browser)["code"] != nil)
            #expect(try await server.answer(app, [("prompt", "none"), identity, ("id_token_hint", others)], browser: browser)["error"] == "login_required")
            for hint in ["x", own + "x", try await server.tokens(for: app).access] {
                #expect(try await server.answer(app, [("prompt", "none"), identity, ("id_token_hint", hint)], browser: browser)["error"] == "invalid_request")
            }
        }
    }

    @Test(arguments: Engine.available)
    func `§3-1-2-1 an id_token_hint by a key that another node made a moment ago is one of ours`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let tokens = try await server.tokens(for: app)
            let claims = try #require(try await server.claims(tokens.id))
            let node = try await SigningKeys.load(database: server.database, rootKey: .test, feed: server.platform.feed, at: server.clock.now)
            let key = try await node.signing(.ps256, at: server.clock.now)

            let hint = try key.sign(claims, type: .idToken)
            let answer = try await server.answer(app, [("prompt", "none"), identity, ("id_token_hint", hint)])

            #expect(answer["error"] == "login_required", "\(answer["error_description"] ?? "")")
        }
    }

    @Test(arguments: Engine.available)
    func `§3-1-2-1 a session of another world does not count`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let browser = try await server.signedIn(for: server.register())
            let elsewhere = try await server.register(name: "Elsewhere", world: nil)

            #expect(try await server.answer(elsewhere, [("prompt", "none"), identity], browser: browser)["error"] == "login_required")
            try await browser.open(server.authorizationURI(elsewhere))
            try await browser.submit("password", [("username", "amina.traveler"), ("password", "sandbox")])
            #expect(await browser.status == 422)
            #expect(await !browser.forms.contains { $0.names.contains("decision") })

            let forger = TestBrowser(server, cookies: ["wkz_customer": "forged"])
            #expect(try await server.answer(elsewhere, [("prompt", "none"), identity], browser: forger)["error"] == "login_required")
        }
    }
}

@Suite("OpenID Connect Core §5.3 · Userinfo")
struct OpenIDConnectUserinfoTests {
    @Test(arguments: Engine.available)
    func `§5-4 the claims follow the scopes`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let all = try await server.tokens(for: app, [("scope", "openid profile email phone")])
            let bare = try await server.tokens(for: app, [("scope", "openid")])

            let full = try await server.userinfo(all.access)
            let least = try await server.userinfo(bare.access)

            #expect(full.status == .ok)
            #expect(full.isKeptByNoCache)
            #expect(full.json["sub"] as? String == (try await server.claims(all.id))?["sub"]?.string)
            #expect((full.json["name"] as? String)?.isEmpty == false)
            #expect((full.json["given_name"] as? String)?.isEmpty == false)
            #expect(full.json["preferred_username"] as? String == "amina.traveler")
            #expect((full.json["email"] as? String)?.contains("@") == true)
            #expect(full.json["email_verified"] is Bool)
            #expect(Set(least.json.keys) == ["sub"])
            // §5.4: where there is an access token they are not in the ID token.
            let told = try #require(try await server.claims(all.id))
            #expect(["name", "given_name", "preferred_username", "email", "phone_number"].allSatisfy { told[$0] == nil })
        }
    }

    @Test(arguments: Engine.available)
    func `§5-3-1 GET, POST with the header and POST with the form are answered`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let token = try await server.tokens(for: app).access

            #expect(try await server.userinfo(token).status == .ok)
            #expect(try await server.call("/oauth2/userinfo", token: token, method: .post).status == .ok)
            #expect(try await server.post("/oauth2/userinfo", form: [("access_token", token)]).status == .ok)
            #expect(try await server.get("/oauth2/userinfo", headers: [.authorization: "bEARER \(token)"]).status == .ok)
            #expect(try await server.call("/oauth2/userinfo", token: token, method: .put).status == .methodNotAllowed)
        }
    }

    /// A browser app has to read why, to get another token.
    @Test(arguments: Engine.available)
    func `§5-3-3 why a token is not taken can be read from any origin, without credentials`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register(.singlePage, redirectURIs: ["https://spa.example.com/callback"])
            let token = try await server.tokens(for: app).access
            server.clock.advance(by: .minutes(6))
            let origin: HTTPFields = [.origin: "https://spa.example.com"]

            let answers = [
                try await server.call("/oauth2/userinfo", token: token, headers: origin),
                try await server.call("/oauth2/userinfo", token: "x", headers: origin), try await server.get("/oauth2/userinfo", headers: origin),
            ]
            let elsewhere = try await server.get("/oauth2/userinfo")

            for answer in answers {
                #expect(answer.status == .unauthorized && answer.allowedOrigin == "https://spa.example.com")
                #expect(answer.headers[.accessControlExposeHeaders]?.contains("WWW-Authenticate") == true)
                #expect(answer.headers[.accessControlAllowCredentials] == nil && answer.headers[.vary]?.contains("Origin") == true)
            }
            #expect(elsewhere.allowedOrigin == nil)
        }
    }

    @Test(arguments: Engine.available)
    func `RFC 7009 §2 a revoked grant closes userinfo`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let tokens = try await server.tokens(for: app)
            _ = try await server.revoke(tokens.refresh, by: app)

            #expect(try await server.userinfo(tokens.access).errorCode == "invalid_token")
        }
    }
}

extension TestServer {
    /// The consent that the newest grant rests on.
    fileprivate func newestBasis() async throws -> String? {
        try await database.read { tx in
            let row = try #require(try tx.first("SELECT consent_id FROM token_grant ORDER BY created_at DESC LIMIT 1"))
            return try row["consent_id"]
        }
    }
}
