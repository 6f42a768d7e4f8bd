import Applications
import Foundation
import HTTPTypes
import HummingbirdTesting
import JSON
import OAuth
import Primitives
import Storage
import TestSupport
import Testing
import Web

@Suite("RFC 6749 · Client authentication and the token endpoint")
struct RFC6749TokenEndpointTests {
    let own: [(name: String, value: String)] = [("grant_type", "client_credentials")]

    @Test(arguments: Engine.available)
    func `§2-3-1 HTTP Basic, with both parts form-encoded`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let everyByte = (app.secret ?? "").utf8.map { "%" + String($0, radix: 16, uppercase: true) }.joined()

            for headers in [app.basic, .basic(app.clientID, everyByte), .basic(app.clientID.replacing("-", with: "%2D"), app.secret ?? "")] {
                #expect(try await server.token(app, own, headers: headers).status == .ok)
            }
            let lowerCase = HTTPFields.basic(app.clientID, app.secret ?? "")[.authorization].map { "bAsIc" + $0.dropFirst(5) }
            #expect(try await server.token(app, own, headers: [.authorization: lowerCase ?? ""]).status == .ok)
        }
    }

    @Test(arguments: Engine.available)
    func `§2-3-1 the secret in the form, for an app registered for that`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register(method: .clientSecretPost)
            let credentials: [(name: String, value: String)] = [("client_id", app.clientID), ("client_secret", app.secret ?? "")]

            #expect(try await server.token(app, own + credentials, headers: [:]).status == .ok)
            #expect(try await server.token(app, own + [("client_id", app.clientID), ("client_secret", "wrong")], headers: [:]).errorCode == "invalid_client")
            #expect(try await server.token(app, own + [("client_secret", app.secret ?? "")], headers: [:]).errorCode == "invalid_client")
        }
    }

    @Test(arguments: Engine.available)
    func `§5-2 a failed authentication is 401 invalid_client and names the scheme`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let attempts: [HTTPFields] = [
                .basic(app.clientID, "wrong"), .basic(app.clientID, ""), .basic("unknown-app", app.secret ?? ""), .basic("", ""), .basic("a'b", "x"),
                .basic(app.clientID, (app.secret ?? "") + "x"), .basic(app.clientID, (app.secret ?? "").uppercased()), [:],
                [.authorization: "Basic"], [.authorization: "Basic !!!"], [.authorization: "Bearer x"],
                [.authorization: "Basic \(Data([0xFF, 0xFE]).base64EncodedString())"],
                .basic(app.clientID, "%zz"), .basic(app.clientID, "%00"),
            ]

            for headers in attempts {
                let response = try await server.token(app, own, headers: headers)
                #expect(response.status == .unauthorized, "\(headers)")
                #expect(response.errorCode == "invalid_client")
                #expect(response.headers[.wwwAuthenticate]?.hasPrefix("Basic realm=") == true)
                #expect(response.isKeptByNoCache)
            }
        }
    }

    @Test(arguments: Engine.available)
    func `§2-3 two methods at once are refused, and a failed one does not fall through to another`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let post = try await server.register(name: "Other", method: .clientSecretPost)
            let secretInForm: [(name: String, value: String)] = [("client_id", app.clientID), ("client_secret", app.secret ?? "")]

            #expect(try await server.token(app, own + secretInForm).errorCode == "invalid_request")
            #expect(try await server.token(app, own + secretInForm, headers: .basic(app.clientID, "wrong")).errorCode == "invalid_request")
            #expect(try await server.token(app, own + secretInForm, headers: [:]).errorCode == "invalid_client")
            #expect(try await server.token(post, own, headers: post.basic).errorCode == "invalid_client")
            #expect(try await server.token(app, own + [("client_id", app.clientID)], headers: [:]).errorCode == "invalid_client")
            #expect(try await server.token(app, own + [("client_id", post.clientID)]).errorCode == "invalid_client")
            #expect(try await server.token(app, own + [("client_id", app.clientID)]).status == .ok)
        }
    }

    @Test(arguments: Engine.available)
    func `§3-2 only a POSTed form is read, and nothing from the address`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let form = Parameters(own).urlEncoded
            func send(_ type: String?, _ body: String, _ uri: String = "/oauth2/token") async throws -> TestResponse {
                var headers = app.basic
                if let type { headers[.contentType] = type }
                return try await server.send(.post, uri, headers: headers, body: body)
            }

            for method in [HTTPRequest.Method.get, .put, .delete, .patch] {
                let response = try await server.send(method, "/oauth2/token?\(form)", headers: app.basic)
                #expect(response.status == .methodNotAllowed)
                #expect(response.headers[.allow] == "OPTIONS, POST")
            }
            for type in ["application/json", "text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencodedx"] {
                #expect(try await send(type, form).errorCode == "invalid_request")
            }
            #expect(try await send(nil, form).errorCode == "invalid_request")
            #expect(try await send("application/x-www-form-urlencoded", "", "/oauth2/token?\(form)").errorCode == "invalid_request")
            #expect(try await send("Application/X-WWW-Form-Urlencoded; charset=UTF-8", form).status == .ok)
            let inAddress = Parameters([("client_id", app.clientID), ("client_secret", app.secret ?? "")]).urlEncoded
            #expect(try await server.post("/oauth2/token?\(inAddress)", form: own).status == .unauthorized)
        }
    }

    @Test func `§5-2 what never reaches an endpoint is refused in its words too`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()
            var headers = app.basic
            headers[.contentType] = "application/x-www-form-urlencoded"
            headers[HTTPField.Name("Host")!] = "second.example"  // a constant that parses

            let response = try await server.send(.post, "/oauth2/token", headers: headers, body: Parameters(own).urlEncoded)

            #expect(response.status == .badRequest && response.headers[.contentType]?.hasPrefix("application/json") == true)
            #expect(response.errorCode == "invalid_request")
            #expect((response.json["error_uri"] as? String)?.hasSuffix("/docs/errors/oauth/invalid_request") == true)
        }
    }

    @Test(arguments: Engine.available)
    func `§3-2 repeated, undecodable and oversized forms are refused`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            func send(_ body: String) async throws -> TestResponse {
                var headers = app.basic
                headers[.contentType] = "application/x-www-form-urlencoded"
                return try await server.send(.post, "/oauth2/token", headers: headers, body: body)
            }

            for body in [
                "grant_type=client_credentials&grant_type=client_credentials", "grant_type=client_credentials&scope=&scope=consents.write",
                "grant_type=client_credentials&x=%zz", "grant_type=client_credentials%00", "grant_type=%ff", "grant_type", "=&=&=",
                String(repeating: "a=1&", count: 2000),
            ] {
                let response = try await send(body)
                #expect(response.status == .badRequest, "\(body.prefix(60))")
                #expect(response.errorCode == "invalid_request")
            }
            #expect(try await send("grant_type=client_credentials&x=" + String(repeating: "a", count: 70_000)).status == .contentTooLarge)
            #expect(try await send("grant_type=client_credentials&unknown=1").status == .ok)
        }
    }

    @Test(arguments: Engine.available)
    func `§5-2 unknown and unregistered grant types have their codes`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let backend = try await server.register(.backend, name: "Backend")

            for type in ["password", "implicit", "urn:ietf:params:oauth:grant-type:saml2-bearer", "Client_Credentials", "client_credentials ", "x"] {
                #expect(try await server.token(app, [("grant_type", type)]).errorCode == "unsupported_grant_type")
            }
            #expect(try await server.token(app, [("grant_type", "")]).errorCode == "invalid_request")
            for type in ["authorization_code", "refresh_token"] {
                #expect(try await server.token(backend, [("grant_type", type), ("code", "x"), ("refresh_token", "x")]).errorCode == "unauthorized_client")
            }
        }
    }

    @Test(arguments: Engine.available)
    func `§5-2 errors carry a sentence and a page, and tell neither secret nor code`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()

            let response = try await server.token(
                app, [("grant_type", "authorization_code"), ("code", "wkz_ac_secret"), ("redirect_uri", "x"), ("code_verifier", TestServer.verifier)])

            #expect(response.status == .badRequest)
            #expect((response.json["error_uri"] as? String)?.hasPrefix("\(TestServer.issuer)/docs/errors/oauth/invalid_grant?refusal=") == true)
            #expect((response.json["error_description"] as? String)?.hasSuffix(".") == true)
            #expect(!response.text.contains("wkz_ac_secret"))
            #expect(response.headers[.contentType]?.hasPrefix("application/json") == true)
        }
    }
}

@Suite("RFC 6749 §4.4 · Client credentials")
struct RFC6749ClientCredentialsTests {
    @Test(arguments: Engine.available)
    func `§4-4-3 the app gets an access token of its own, and no refresh token`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()

            let response = try await server.token(app, [("grant_type", "client_credentials")])

            #expect(response.status == .ok)
            #expect(response.isKeptByNoCache)
            #expect(response.json["token_type"] as? String == "Bearer")
            #expect(response.json["expires_in"] as? Int == 300)
            #expect(response.json["scope"] as? String == "consents.write")
            #expect(response.json["refresh_token"] == nil && response.json["id_token"] == nil)
            let claims = try await server.claims(response.json["access_token"] as? String)
            #expect(claims?["sub"]?.string == app.clientID)
            #expect(claims?["grant_id"] == nil)
        }
    }

    @Test(arguments: Engine.available)
    func `§3-3 scopes of customers, unknown and unregistered ones are refused`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let reader = try await server.register(name: "Reader", scopes: [.openid, .accountsRead])

            for scope in ["accounts.read", "consents.write accounts.read", "openid", "unknown", "payments.write"] {
                #expect(try await server.token(app, [("grant_type", "client_credentials"), ("scope", scope)]).errorCode == "invalid_scope")
            }
            #expect(try await server.token(reader, [("grant_type", "client_credentials")]).errorCode == "invalid_scope")
        }
    }

    @Test(arguments: Engine.available)
    func `A token costs no SQL statement once the app is known`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            _ = try await server.appToken(app)
            try await server.settle()
            _ = try await server.appToken(app)
            let before = server.database.statistics.statements

            for _ in 0..<10 { #expect(!(try await server.appToken(app)).isEmpty) }

            #expect(server.database.statistics.statements == before)
        }
    }

    @Test(arguments: Engine.available)
    func `§2-1 a public client has none`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register(.singlePage)

            #expect(try await server.token(app, [("grant_type", "client_credentials")]).errorCode == "unauthorized_client")
        }
    }

    @Test(arguments: Engine.available)
    func `A removed app and a revoked secret stop working`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            #expect(!(try await server.appToken(app)).isEmpty)

            try await server.remove(app)

            #expect(try await server.token(app, [("grant_type", "client_credentials")]).errorCode == "invalid_client")
        }
    }
}

@Suite("RFC 6749 §4.1 · Authorization codes")
struct RFC6749AuthorizationCodeTests {
    @Test(arguments: Engine.available)
    func `§4-1-4 a code becomes tokens`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let authorization = try await server.authorize(app)

            let response = try await server.redeem(authorization, by: app)

            #expect(authorization.parameters["state"] == "af0ifjsldkj")
            #expect(response.status == .ok, "\(response.text)")
            #expect(response.isKeptByNoCache)
            #expect(response.json["expires_in"] as? Int == 300)
            #expect((response.json["refresh_token"] as? String)?.hasPrefix("wkz_rt_") == true)
            #expect(response.json["scope"] as? String == "openid accounts.read transactions.read")
        }
    }

    @Test(arguments: Engine.available)
    func `§4-1-2 a code used twice revokes what it obtained`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let authorization = try await server.authorize(app)
            let first = try await server.redeem(authorization, by: app)
            let access = first.json["access_token"] as? String ?? ""
            #expect(try await server.userinfo(access).status == .ok)

            let second = try await server.redeem(authorization, by: app)

            #expect(second.status == .badRequest && second.errorCode == "invalid_grant")
            #expect(try await server.userinfo(access).errorCode == "invalid_token")
            #expect(try await server.call("/v1/accounts", token: access).status == .unauthorized)
            #expect(try await server.refresh(first.json["refresh_token"] as? String, by: app).errorCode == "invalid_grant")
            #expect(try await server.introspect(access, by: app).json["active"] as? Bool == false)
        }
    }

    @Test(arguments: Engine.available)
    func `§4-1-2 a code used again after 30 seconds does too`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let authorization = try await server.authorize(app)
            let first = try await server.redeem(authorization, by: app)
            server.clock.advance(by: .seconds(30))
            #expect(try await server.userinfo(first.json["access_token"] as? String ?? "").status == .ok)

            let second = try await server.redeem(authorization, by: app)

            #expect(second.status == .badRequest && second.errorCode == "invalid_grant")
            #expect(try await server.userinfo(first.json["access_token"] as? String ?? "").errorCode == "invalid_token")
            #expect(try await server.refresh(first.json["refresh_token"] as? String, by: app).errorCode == "invalid_grant")
        }
    }

    @Test(arguments: Engine.available)
    func `§4-1-2 of fifty redemptions at once one succeeds, five times over`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            for _ in 0..<5 {
                let authorization = try await server.authorize(app)

                let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 0..<50 { group.addTask { try await server.redeem(authorization, by: app).status.code } }
                    return try await group.reduce(into: [Int]()) { $0.append($1) }
                }

                #expect(statuses.count { $0 == 200 } == 1)
                #expect(statuses.count { $0 == 400 } == 49)
            }
        }
    }

    @Test(arguments: Engine.available)
    func `§4-1-2 a code is dead after 60 seconds`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let (early, late) = (try await server.authorize(app), try await server.authorize(app))

            server.clock.advance(by: .seconds(59))
            #expect(try await server.redeem(early, by: app).status == .ok)
            server.clock.advance(by: .seconds(1))
            #expect(try await server.redeem(late, by: app).errorCode == "invalid_grant")
        }
    }

    @Test(arguments: Engine.available)
    func `§4-1-3 a code is bound to its app and redirect URI, and a wrong attempt does not spend it`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register(redirectURIs: ["https://app.example.com/callback", "https://app.example.com/other"])
            let other = try await server.register(name: "Other")
            let authorization = try await server.authorize(app)
            let code = authorization.code ?? ""

            #expect(try await server.redeem(authorization, by: other).errorCode == "invalid_grant")
            #expect(try await server.redeem(authorization, by: app, [("redirect_uri", "https://app.example.com/other")]).errorCode == "invalid_grant")
            #expect(try await server.redeem(authorization, by: app, [("redirect_uri", "")]).errorCode == "invalid_request")
            for wrong in [String(code.dropLast()), code + " ", code.uppercased(), "x", "\u{0}", "' OR '1'='1", String(repeating: "a", count: 5000)] {
                let response = try await server.redeem(authorization, by: app, [("code", wrong)])
                #expect(["invalid_grant", "invalid_request"].contains(response.errorCode), "\(wrong.prefix(40))")
                #expect(response.status == .badRequest)
            }
            #expect(try await server.redeem(authorization, by: app, [("code", "")]).errorCode == "invalid_request")
            #expect(try await server.redeem(authorization, by: app).status == .ok)
        }
    }

    @Test(arguments: Engine.available)
    func `§10-10 the name of one authorization with the secret of another is no code, and spends none`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let (first, second) = (try await server.authorize(app), try await server.authorize(app))
            func parts(_ code: String?) -> [Substring] { (code ?? "").split(separator: "_", maxSplits: 4) }
            let (named, secret) = (parts(first.code), parts(second.code))
            try #require(named.count == 5 && secret.count == 5)

            let mixed = try await server.redeem(first, by: app, [("code", (named.dropLast() + [secret[4]]).joined(separator: "_"))])
            let alone = try await server.redeem(first, by: app, [("code", named.dropLast().joined(separator: "_") + "_")])

            #expect([mixed, alone].map(\.errorCode) == ["invalid_grant", "invalid_grant"])
            for authorization in [first, second] { #expect(try await server.redeem(authorization, by: app).status == .ok) }
        }
    }

    @Test(arguments: Engine.available)
    func `§10-10 codes carry at least 128 random bits and differ`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            var codes = Set<String>()
            for _ in 0..<8 { codes.insert(try await server.authorize(app).code ?? "") }

            #expect(codes.count == 8)
            #expect(codes.allSatisfy { $0.utf8.count >= 43 })
        }
    }

    @Test(arguments: Engine.available)
    func `An app that is not registered for refresh tokens gets none`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register(grantTypes: [.authorizationCode])

            #expect(try await server.tokens(for: app).refresh == nil)
        }
    }
}

@Suite("RFC 6749 §4.1.2.1 · Authorization errors")
struct RFC6749AuthorizationErrorTests {
    @Test(arguments: Engine.available)
    func `§3-1-2-4 before the redirect URI is trusted there is a page, never a redirect`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let requests: [[(name: String, value: String)]] = [
                [("redirect_uri", "https://evil.test/callback")], [("redirect_uri", "")], [("redirect_uri", "javascript:alert(1)")],
                [("redirect_uri", "https://app.example.com/callback/../x")], [("redirect_uri", "https://app.example.com/callback#f")],
                [("redirect_uri", "https://app.example.com\r\nLocation: https://evil.test/")],
                [("client_id", "unknown-app")], [("client_id", "")], [("client_id", "' OR 1=1")], [("client_id", String(repeating: "a", count: 5000))],
                [("redirect_uri", app.redirectURI), ("redirect_uri", "https://evil.test/")], [("client_id", app.clientID), ("client_id", app.clientID)],
            ]

            for request in requests {
                let browser = TestBrowser(server)
                let page = try await browser.open(server.authorizationURI(app, request))
                #expect(await browser.status == 400, "\(request)")
                #expect(await browser.left == nil)
                #expect(!page.contains("evil.test"))
            }
            #expect(try await server.get("/oauth2/authorize?client_id=%ff").status == .badRequest)
            #expect(try await server.get("/oauth2/authorize").status == .badRequest)
        }
    }

    @Test(arguments: Engine.available, ["approve", "reject"])
    func `§3-1-2-4 an address that the app lost while the customer decided is told nothing`(engine: Engine, decision: String) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let browser = try await server.signedIn(for: app)
            let address = await browser.address
            let account = try #require(await browser.forms.flatMap(\.options).first { $0.name == "accounts" })
            try await server.change(app, AppChange(redirectURIs: [RedirectURI(registered: "https://app.example.com/new")]))

            try await browser.submit("decision", [("decision", decision), account])

            #expect(await browser.status == 400)
            #expect(await browser.left == nil)
            for path in [address, address.replacing("/continue?", with: "/leave?")] {
                try await browser.open(path)
                #expect(await browser.status == 400, "\(path.prefix(30))")
                #expect(await browser.left == nil)
            }
        }
    }

    @Test(arguments: Engine.available)
    func `§3-3 scopes that the app lost while the customer decided, or before it redeemed the code, are not given`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let browser = try await server.signedIn(for: app)
            let account = try #require(await browser.forms.flatMap(\.options).first { $0.name == "accounts" })
            try await server.change(app, AppChange(scopes: [.openid, .email, .accountsRead]))

            try await browser.submit("decision", [("decision", "approve"), account])
            let query = Parameters(urlEncoded: String((await browser.left ?? "").split(separator: "?", maxSplits: 1).last ?? "")) ?? Parameters()
            let decided = try await server.redeem(Authorization(code: query["code"], parameters: query, verifier: TestServer.verifier, location: ""), by: app)
            let code = try await server.authorize(app, [("scope", "openid email accounts.read")], browser: browser)
            try await server.change(app, AppChange(scopes: [.email, .accountsRead]))
            let redeemed = try await server.redeem(code, by: app)

            #expect(decided.json["scope"] as? String == "openid accounts.read", "\(decided.text)")
            #expect(redeemed.json["scope"] as? String == "email accounts.read" && redeemed.json["id_token"] == nil, "\(redeemed.text)")
        }
    }

    @Test(arguments: Engine.available)
    func `§4-1-2-1 an app that lost every scope it asked for while the customer decided is told so`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let browser = try await server.signedIn(for: app)
            let address = await browser.address
            try await server.change(app, AppChange(scopes: [.email]))

            try await browser.open(address)

            #expect(await browser.left?.contains("error=invalid_scope") == true)
        }
    }

    @Test(arguments: Engine.available)
    func `§4-1-2-1 afterwards the app is told, with its state`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let refusals: [(change: (name: String, value: String), error: String)] = [
                (("response_type", "token"), "unsupported_response_type"), (("response_type", ""), "invalid_request"), (("scope", "unknown"), "invalid_scope"),
                (("scope", "consents.write"), "invalid_scope"), (("scope", ""), "invalid_scope"), (("response_mode", "web_message"), "invalid_request"),
                (("request", "x"), "invalid_request_object"), (("request_uri", "http://127.0.0.1:1/"), "request_uri_not_supported"),
                (("prompt", "none login"), "invalid_request"), (("max_age", "x"), "invalid_request"),
                (("authorization_details", "x"), "invalid_authorization_details"),
                (("nonce", String(repeating: "n", count: 2001)), "invalid_request"), (("id_token_hint", "x.y.z"), "invalid_request"),
            ]

            for (change, error) in refusals {
                let answer = try await server.answer(app, [change])
                #expect(answer["error"] == error, "\(change.name)")
                #expect(answer["state"] == "af0ifjsldkj")
                #expect(answer["iss"] == TestServer.issuer.text)
                #expect(answer["error_description"]?.isEmpty == false)
                #expect(answer["code"] == nil)
            }
        }
    }

    @Test(arguments: Engine.available)
    func `§3-1 a parameter sent twice is refused`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()

            let answer = try await server.answer(app, [("scope", "openid"), ("scope", "openid")])

            #expect(answer["error"] == "invalid_request")
            #expect(try await server.answer(app, [("state", "a"), ("state", "b")])["state"] == nil)
        }
    }

    @Test(arguments: Engine.available)
    func `§4-1-2-1 a customer who rejects is told to the app as access_denied`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()

            let answer = try await server.authorize(app, decision: "reject")

            #expect(answer.code == nil)
            #expect(answer.parameters["error"] == "access_denied")
            #expect(answer.parameters["state"] == "af0ifjsldkj")
            #expect(answer.parameters["iss"] == TestServer.issuer.text)
        }
    }

    @Test(arguments: Engine.available)
    func `§4-1-2 states of any text come back unchanged, and none when none was sent`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            for state in [String(repeating: "x", count: 2000), "a b+c%20&=#/?<script>", "żółć 😀"] {
                #expect(try await server.authorize(app, [("state", state)]).parameters["state"] == state)
            }
            #expect(try await server.authorize(app, [("state", "")]).parameters["state"] == nil)
        }
    }

    @Test(arguments: Engine.available)
    func `§3-1-2 a registered query is kept`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register(redirectURIs: ["https://app.example.com/cb?dummy1=lorem&dummy2=ipsum"])

            let authorization = try await server.authorize(app)

            #expect(authorization.location.hasPrefix("https://app.example.com/cb?dummy1=lorem&dummy2=ipsum&code="))
            #expect(try await server.redeem(authorization, by: app).status == .ok)
        }
    }
}

@Suite("RFC 6749 §6 · Refreshing")
struct RFC6749RefreshTests {
    @Test(arguments: Engine.available)
    func `§6 a confidential app refreshes with the same token`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let tokens = try await server.tokens(for: app)

            for _ in 0..<2 {
                let response = try await server.refresh(tokens.refresh, by: app)
                #expect(response.status == .ok, "\(response.text)")
                #expect(response.json["refresh_token"] as? String == tokens.refresh)
                #expect(response.json["scope"] as? String == tokens.scope)
                #expect(response.isKeptByNoCache)
                let access = response.json["access_token"] as? String ?? ""
                #expect(access != tokens.access)
                #expect(try await server.userinfo(access).status == .ok)
            }
        }
    }

    @Test(arguments: Engine.available)
    func `§10-10 refresh tokens carry at least 128 random bits, in visible characters, and differ`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            var tokens = Set<String>()
            for _ in 0..<8 { tokens.insert(try await server.tokens(for: app).refresh ?? "") }

            #expect(tokens.count == 8)
            // Appendix A.17.
            #expect(tokens.allSatisfy { $0.utf8.count >= 43 && $0.utf8.allSatisfy { (0x21...0x7E).contains($0) } })
        }
    }

    @Test(arguments: Engine.available)
    func `§6 the scope can be narrowed for one token, never widened`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let tokens = try await server.tokens(for: app)

            #expect(try await server.refresh(tokens.refresh, by: app, [("scope", "accounts.read")]).json["scope"] as? String == "accounts.read")
            #expect(try await server.refresh(tokens.refresh, by: app).json["scope"] as? String == tokens.scope)
            for scope in ["accounts.read email", "consents.write", "unknown"] {
                #expect(try await server.refresh(tokens.refresh, by: app, [("scope", scope)]).errorCode == "invalid_scope")
            }
        }
    }

    @Test(arguments: Engine.available)
    func `§6 another app's refresh token is refused, and stays alive for its own`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let other = try await server.register(name: "Other")
            let tokens = try await server.tokens(for: app)

            #expect(try await server.refresh(tokens.refresh, by: other).errorCode == "invalid_grant")
            #expect(try await server.refresh((tokens.refresh ?? "") + "x", by: app).errorCode == "invalid_grant")
            #expect(try await server.refresh("", by: app).errorCode == "invalid_request")
            #expect(try await server.refresh(tokens.access, by: app).errorCode == "invalid_grant")
            #expect(
                try await server.token(app, [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh ?? "")], headers: [:]).status == .unauthorized)
            #expect(try await server.refresh(tokens.refresh, by: app).status == .ok)
        }
    }

    @Test(arguments: Engine.available)
    func `A refresh after 90 days is refused`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let tokens = try await server.tokens(for: app)

            server.clock.advance(by: .days(90))

            #expect(try await server.refresh(tokens.refresh, by: app).errorCode == "invalid_grant")
        }
    }

    @Test(arguments: Engine.available)
    func `A refresh after the consent was withdrawn is refused at once`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let response = try await server.redeem(server.authorize(app), by: app)
            let details = response.json["authorization_details"] as? [[String: Any]]
            let consent = details?.first?["consent_id"] as? String ?? ""

            // The node remembers it from here on.
            #expect(try await server.refresh(response.json["refresh_token"] as? String, by: app).status == .ok)

            let deleted = try await server.call("/v1/consents/\(consent)", token: server.appToken(app), method: .delete)

            #expect(deleted.status.kind == .successful, "\(deleted.text)")
            #expect(try await server.refresh(response.json["refresh_token"] as? String, by: app).errorCode == "invalid_grant")
            #expect(try await server.introspect(response.json["access_token"] as? String, by: app).json["active"] as? Bool == false)
            #expect(try await server.introspect(response.json["refresh_token"] as? String, by: app).json["active"] as? Bool == false)
        }
    }
}
