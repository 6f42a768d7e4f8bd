import Applications
import Certificates
import Composition
import Events
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JOSE
import JSON
import OAuth
import Primitives
import Storage
import Synchronization
import TestSupport
import Testing
import Web

@Suite("RFC 7591 · Dynamic client registration")
struct RFC7591Tests {
    // MARK: What comes back

    @Test(arguments: Engine.available)
    func `§3-2-1 the answer is 201 with the client, its secret and everything that is registered`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let answer = try await server.registerSoftware(["contacts": .array([.string("ops@robot.example.com")]), "software_version": .string("2.1")])

            answer.keeps("registerClient")
            #expect(answer.status == .created && answer.isKeptByNoCache)
            #expect(answer.clientID.hasPrefix("app-"))
            #expect(answer.json["client_id_issued_at"] as? Int == Int(server.clock.now.seconds))
            #expect((answer.json["client_secret"] as? String)?.utf8.count == 50 && answer.json["client_secret_expires_at"] as? Int == 0)
            #expect(answer.registrationToken.hasPrefix("wkz_rat_") && answer.registrationToken.utf8.count == 8 + 43)
            #expect(answer.json["registration_client_uri"] as? String == "http://localhost:8080/oauth2/register/\(answer.clientID)")
            #expect(answer.json["client_name"] as? String == "Budget Robot")
            #expect(answer.json["redirect_uris"] as? [String] == [TestServer.callback])
            #expect(answer.json["grant_types"] as? [String] == ["authorization_code", "refresh_token", "client_credentials"])
            #expect(answer.json["response_types"] as? [String] == ["code"])
            #expect(answer.json["token_endpoint_auth_method"] as? String == "client_secret_basic")
            #expect(answer.json["id_token_signed_response_alg"] as? String == "ES256")
            #expect((answer.json["scope"] as? String)?.contains("accounts.read") == true)
            #expect(answer.json["contacts"] as? [String] == ["ops@robot.example.com"] && answer.json["software_version"] as? String == "2.1")
        }
    }

    /// The registry's own default is RS256 (JARM §3, RFC 9701 §6), which is not ours.
    @Test func `§3-2-1 the answer tells what answers and introspection are signed with, by whom they are used`() async throws {
        try await TestServer.run(.sqlite) { server in
            let (answers, introspection) = ("authorization_signed_response_alg", "introspection_signed_response_alg")

            let plain = try await server.registerSoftware()
            let chosen = try await server.registerSoftware([answers: .string("PS256"), introspection: .string("RS256")])
            let browserApp = try await server.registerSoftware(["token_endpoint_auth_method": .string("none"), "grant_types": .null])
            let backend = try await server.registerSoftware(["grant_types": .array([.string("client_credentials")]), "redirect_uris": .null])

            for answer in [plain, try await server.manage(.get, plain)] {
                #expect(answer.json[answers] as? String == "ES256" && answer.json[introspection] as? String == "ES256", "\(answer.text)")
            }
            #expect(chosen.json[answers] as? String == "PS256" && chosen.json[introspection] as? String == "RS256")
            #expect(browserApp.json[answers] as? String == "ES256" && browserApp.json[introspection] == nil)
            #expect(backend.json[answers] == nil && backend.json[introspection] as? String == "ES256", "\(backend.text)")
        }
    }

    @Test(arguments: Engine.available)
    func `§1-2 what registered itself works at once: for itself, and for a customer`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let answer = try await server.registerSoftware()
            let registered = try #require(try await server.app(answer))
            let app = TestApp(app: registered, secret: answer.json["client_secret"] as? String)

            let own = try await server.ownToken(of: answer)
            let tokens = try await server.redeem(server.authorize(app, [("scope", "openid accounts.read")]), by: app)

            #expect(own.status == .ok)
            #expect(tokens.status == .ok && tokens.json["refresh_token"] is String && tokens.json["id_token"] is String)
        }
    }

    @Test(arguments: Engine.available)
    func `§2 before they decide, customers can open the app's website, privacy policy and terms; its logo is not fetched`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let answer = try await server.registerSoftware([
                "client_uri": .string("https://robot.example.com"), "policy_uri": .string("https://robot.example.com/privacy?a=1&b='2'"),
                "tos_uri": .string("https://robot.example.com/terms"), "logo_uri": .string("https://robot.example.com/logo.png"),
            ])
            let app = TestApp(app: try #require(try await server.app(answer)), secret: nil)

            let page = await (try await server.signedIn(for: app)).page

            for (address, title) in [
                ("https://robot.example.com", "Its website"), ("https://robot.example.com/privacy?a=1&amp;b=&#39;2&#39;", "Its privacy policy"),
                ("https://robot.example.com/terms", "Its terms of use"),
            ] {
                #expect(page.contains(#"href="\#(address)" target="_blank" rel="noopener noreferrer">\#(title)<"#), "\(title)")
            }
            #expect(!page.contains("logo.png"))
        }
    }

    @Test func `§2 an app that names no pages shows none`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = TestApp(app: try #require(try await server.app(server.registerSoftware())), secret: nil)

            #expect(await !(try await server.signedIn(for: app)).page.contains("Pages of"))
        }
    }

    @Test func `§2 without a word the grant is authorization_code, the method client_secret_basic, the name the client_id`() async throws {
        try await TestServer.run(.sqlite) { server in
            let answer = try await server.registerSoftware(json: #"{"redirect_uris":["https://robot.example.com/callback"]}"#)

            #expect(answer.status == .created)
            #expect(answer.json["grant_types"] as? [String] == ["authorization_code"] && answer.json["response_types"] as? [String] == ["code"])
            #expect(answer.json["token_endpoint_auth_method"] as? String == "client_secret_basic")
            #expect(answer.json["client_name"] as? String == answer.clientID)
        }
    }

    @Test func `§2 a client without a secret gets none`() async throws {
        try await TestServer.run(.sqlite) { server in
            let key = try TestKey()
            let metadata: [(kind: AppKind, changes: [String: JSONValue])] = [
                (.singlePage, ["token_endpoint_auth_method": .string("none"), "grant_types": .null]),
                (
                    .native,
                    [
                        "token_endpoint_auth_method": .string("none"), "grant_types": .null, "application_type": .string("native"),
                        "redirect_uris": .array([.string("com.example.robot:/cb")]),
                    ]
                ),
                (
                    .backend,
                    [
                        "token_endpoint_auth_method": .string("private_key_jwt"), "jwks": .object(JWKSet([key.jwk]).object),
                        "grant_types": .array([.string("client_credentials")]), "redirect_uris": .null,
                    ]
                ),
            ]
            for (kind, changes) in metadata {
                let answer = try await server.registerSoftware(changes)

                #expect(answer.status == .created, "\(answer.text)")
                #expect(answer.json["client_secret"] == nil && answer.json["client_secret_expires_at"] == nil)
                #expect(try await server.app(answer)?.kind == kind)
            }
        }
    }

    @Test func `§2 members that are not known are left out and not told`() async throws {
        try await TestServer.run(.sqlite) { server in
            let answer = try await server.registerSoftware([
                "favourite_colour": .string("blue"), "post_logout_redirect_uris": .array([.string("https://robot.example.com/bye")]),
                "profile": .string("fapi2"),
                "client_id": .string("acme-budget"), "client_secret": .string("chosen"), "environment": .string("live"),
            ])

            #expect(answer.status == .created)
            #expect(answer.json["favourite_colour"] == nil && answer.json["post_logout_redirect_uris"] == nil && answer.json["profile"] == nil)
            #expect(answer.clientID != "acme-budget" && answer.json["client_secret"] as? String != "chosen")
            let app = try #require(try await server.app(answer))
            #expect(app.environment == .sandbox && app.profile == .oauth21 && app.organisationID == DemoWorld.organisation)
        }
    }

    @Test func `§2-2 names in other languages are kept beside the name, and checked like it`() async throws {
        try await TestServer.run(.sqlite) { server in
            let answer = try await server.registerSoftware([
                "client_name#sw": .string("Roboti ya Bajeti"), "tos_uri#sw": .string("https://robot.example.com/sw"),
            ])
            #expect(answer.json["client_name#sw"] as? String == "Roboti ya Bajeti" && answer.json["tos_uri#sw"] as? String == "https://robot.example.com/sw")

            try await server.registerSoftware(["client_name#sw": .string("Wekeza\u{202E}")]).isRefused(
                "invalid_client_metadata", naming: "client_name#sw", "can be seen")
            try await server.registerSoftware(["client_name#not a tag": .string("x")]).isRefused("invalid_client_metadata", naming: "language tag")
            try await server.registerSoftware(["logo_uri#sw": .string("javascript:alert(1)")]).isRefused("invalid_client_metadata", naming: "logo_uri#sw")
        }
    }

    // MARK: What is refused

    /// RG-01
    @Test(arguments: [
        "javascript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "https://robot.example.com/cb#fragment", "https://*.example.com/cb",
        "https://robot.example.com/*", "http://robot.example.com/cb", "https://user:pass@robot.example.com/cb", "https://robot.example.com/cb\r\nX: y",
        "/callback", "robot.example.com/cb", "", "https://", "https:///cb", "https://robot.example.com/a/../b", "https://robot.example.com/ cb",
        "com.example.robot:/cb", "https://robot.example.com\\@evil.example/cb",
    ])
    func `§5 RG-01 a redirect URI that could lead elsewhere is refused`(uri: String) async throws {
        try await TestServer.run(.sqlite) { server in
            let answer = try await server.registerSoftware(["redirect_uris": .array([.string(TestServer.callback), .string(uri)])])

            answer.isRefused("invalid_redirect_uri", naming: "redirect_uris: ")
        }
    }

    @Test func `§3-2-2 redirect URIs that are missing, repeated, too many or no texts are refused`() async throws {
        try await TestServer.run(.sqlite) { server in
            try await server.registerSoftware(["redirect_uris": .null]).isRefused("invalid_redirect_uri", naming: "at least one", "received nothing")
            try await server.registerSoftware(["redirect_uris": .array([])]).isRefused("invalid_redirect_uri")
            try await server.registerSoftware(["redirect_uris": .string(TestServer.callback)]).isRefused("invalid_redirect_uri", naming: "list")
            try await server.registerSoftware(["redirect_uris": .array([.integer(1)])]).isRefused("invalid_redirect_uri", naming: "received 1")
            try await server.registerSoftware(["redirect_uris": .array(Array(repeating: .string(TestServer.callback), count: 2))]).isRefused(
                "invalid_redirect_uri", naming: "twice")
            let many = (0..<41).map { JSONValue.string("https://robot.example.com/\($0)") }
            try await server.registerSoftware(["redirect_uris": .array(many)]).isRefused("invalid_redirect_uri", naming: "40")
        }
    }

    /// RG-02: each member with a value that it does not take; the answer names the member and what came.
    @Test(arguments: [
        ("grant_types", #"["password"]"#, "password"), ("grant_types", #"["implicit"]"#, "implicit"),
        ("grant_types", #""authorization_code""#, "authorization_code"),
        ("grant_types", #"[1]"#, "1"), ("grant_types", "[]", "grant type"), ("grant_types", #"["refresh_token"]"#, "authorization_code"),
        ("response_types", #"["token"]"#, "token"), ("response_types", #"["code id_token"]"#, "code id_token"), ("response_types", "[]", "go together"),
        ("token_endpoint_auth_method", #""client_secret_jwt""#, "client_secret_jwt"), ("token_endpoint_auth_method", "true", "true"),
        ("token_endpoint_auth_method", #""tls_client_auth""#, "tls_client_auth"), ("token_endpoint_auth_method", #""private_key_jwt""#, "jwks"),
        ("client_name", #""""#, "an empty text"), ("client_name", "1", "1"), ("client_name", #""Wekeza\u0000""#, "can be seen"),
        ("client_name", #""Wekeza \u202eknaB""#, "can be seen"), ("client_name", #""Wekeza\nBank""#, "one line"),
        ("scope", #""openid accounts.delete""#, "accounts.delete"), ("scope", #"["openid"]"#, "openid"), ("scope", #""payments.delete""#, "payments.delete"),
        ("scope", #""""#, "at least one"), ("application_type", #""desktop""#, "desktop"), ("subject_type", #""pairwise""#, "pairwise"),
        ("contacts", #""ops@robot.example.com""#, "ops@robot"), ("contacts", "[1]", "1"), ("software_id", "1", "1"), ("software_version", "[]", "[]"),
        ("jwks", "[]", "array"), ("jwks", #"{"keys":[]}"#, "at least one key"),
        ("jwks", #"{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}"#, "make no key"),
        ("jwks_uri", #""http://robot.example.com/jwks""#, "http://robot.example.com/jwks"), ("jwks_uri", #""gopher://robot.example.com""#, "gopher"),
        ("id_token_signed_response_alg", #""none""#, "none"), ("id_token_signed_response_alg", #""HS256""#, "HS256"),
        ("request_object_signing_alg", #""none""#, "none"), ("authorization_signed_response_alg", #""RS512""#, "RS512"),
        ("introspection_signed_response_alg", #""none""#, "none"), ("token_endpoint_auth_signing_alg", #""HS256""#, "HS256"),
        ("dpop_bound_access_tokens", #""yes""#, "yes"), ("tls_client_certificate_bound_access_tokens", "1", "1"),
        ("require_pushed_authorization_requests", #""true""#, "true"), ("require_signed_request_object", "0", "0"),
        ("require_signed_request_object", "true", "keys"),
        ("default_max_age", "-1", "-1"), ("default_max_age", "1.5", "1.5"), ("default_max_age", #""60""#, "60"), ("default_acr_values", #""x""#, "x"),
        ("id_token_encrypted_response_alg", #""RSA-OAEP""#, "RSA-OAEP"), ("userinfo_signed_response_alg", #""ES256""#, "ES256"),
        ("request_object_encryption_alg", #""RSA-OAEP""#, "RSA-OAEP"), ("software_statement", "1", "software_statement"),
    ])
    func `§3-2-2 RG-02 an unsupported value is refused by the member's name, the rule and what came`(member: String, value: String, received: String)
        async throws
    {
        try await TestServer.run(.sqlite) { server in
            let answer = try await server.registerSoftware([member: try JSONValue(parsing: value)])

            let code = member == "software_statement" ? "invalid_software_statement" : "invalid_client_metadata"
            answer.isRefused(code, naming: received, of: "\(member) \(value): \(answer.text)")
            #expect(
                answer.errorDescription.contains(member) || ["token_endpoint_auth_method", "require_signed_request_object"].contains(member), "\(answer.text)")
        }
    }

    /// RG-03
    @Test func `§2 RG-03 private and symmetric keys are refused, and not repeated`() async throws {
        try await TestServer.run(.sqlite) { server in
            let key = try TestKey()
            let secret = Base64URL.encode(key.key.bytes)
            for jwk in [
                JSONObject(key.jwk.object.members.map { ($0.name, $0.value) } + [("d", .string(secret))]),
                JSONObject([("kty", .string("oct")), ("k", .string(secret)), ("kid", .string("s"))]),
            ] {
                let answer = try await server.registerSoftware([
                    "token_endpoint_auth_method": .string("private_key_jwt"), "jwks": .object(JSONObject([("keys", .array([.object(jwk)]))])),
                ])

                answer.isRefused("invalid_client_metadata", naming: "jwks: ", "private part")
                #expect(!answer.text.contains(secret))
            }
            try await server.registerSoftware(["jwks": .object(JWKSet([key.jwk]).object), "jwks_uri": .string("https://robot.example.com/jwks")])
                .isRefused("invalid_client_metadata", naming: "not both")
        }
    }

    /// RG-05: nothing listens there, so a fetch would fail; it is not tried, and what is kept is only text.
    @Test(arguments: [
        "client_uri", "logo_uri", "tos_uri", "policy_uri", "jwks_uri", "sector_identifier_uri", "initiate_login_uri", "request_uris", "redirect_uris",
    ])
    func `§5 RG-05 an address of a script, a file or another protocol is refused in every member`(member: String) async throws {
        try await TestServer.run(.sqlite) { server in
            for uri in [
                "javascript:alert(1)", "file:///etc/passwd", "gopher://127.0.0.1:25/x", "ftp://127.0.0.1/", "http://169.254.169.254/latest", "http://10.0.0.1/",
                "http://[::ffff:10.0.0.1]/", "dict://127.0.0.1:11211/", "http://127.0.0.1@10.0.0.1/",
            ] {
                let isList = member.hasSuffix("uris")
                let answer = try await server.registerSoftware([member: isList ? .array([.string(uri)]) : .string(uri)])
                answer.isRefused(member == "redirect_uris" ? "invalid_redirect_uri" : "invalid_client_metadata", naming: member, of: "\(member) \(uri)")
            }
        }
    }

    /// RG-05
    @Test func `§5 RG-05 nothing that the metadata names is fetched`() async throws {
        let asked = Mutex(0)
        let router = Router()
        router.get("/**") { _, _ in
            asked.withLock { $0 += 1 }
            return Response(status: .ok)
        }
        try await Application(router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)), logger: .quiet).test(.live) {
            canary async throws in
            let port = try #require(canary.port)
            try await TestServer.run(.sqlite) { server async throws in
                let address = JSONValue.string("http://127.0.0.1:\(port)/x")
                let answer = try await server.registerSoftware([
                    "client_uri": address, "logo_uri": address, "tos_uri": address, "policy_uri": address, "jwks_uri": address,
                    "redirect_uris": .array([address]),
                ])
                let app = TestApp(app: try #require(try await server.app(answer)), secret: nil)
                let page = try await server.get(server.authorizationURI(app), headers: [.accept: "text/html"])
                _ = try await server.signedIn(for: app)

                #expect(answer.status == .created && page.status.code < 400)
            }
        }

        #expect(asked.withLock { $0 } == 0)
    }

    @Test func `§3-1 a body that is no JSON object is refused: type, syntax, repeated members, depth, length`() async throws {
        try await TestServer.run(.sqlite) { server in
            let form = try await server.post("/oauth2/register", form: [("client_name", "x")])
            form.isRefused("invalid_client_metadata", naming: "application/json")
            for body in ["", "{", "[]", "null", #"{"client_name":"a","client_name":"b"}"#, #"{"client_name":"a","client\u005fname":"b"}"#, #"{"a":1} x"#] {
                try await server.registerSoftware(json: body).isRefused("invalid_client_metadata", of: "\(body)")
            }
            let deep = #"{"a":"# + String(repeating: "[", count: 40) + String(repeating: "]", count: 40) + "}"
            try await server.registerSoftware(json: deep).isRefused("invalid_client_metadata")
            let long = TestServer.metadata(["x": .string(String(repeating: "a", count: 70_000))])
            try await server.registerSoftware(json: long).isRefused("invalid_client_metadata", naming: "64 kB", status: .contentTooLarge)
            #expect(try await server.get("/oauth2/register").status == .methodNotAllowed)
        }
    }

    // MARK: By whose leave

    /// RG-08
    @Test(arguments: Engine.available)
    func `§3 outside the demo RG-08 nobody registers without a token, with a foreign, expired, revoked or used one`(engine: Engine) async throws {
        try await TestServer.run(engine, demo: false) { server in
            let app = try await server.register(world: nil)
            let organisation = app.app.organisationID
            let (expired, revoked, once) = (
                try await server.initialAccessToken(lifetime: .days(1), of: organisation), try await server.initialAccessToken(of: organisation),
                try await server.initialAccessToken(of: organisation)
            )
            let now = server.clock.now
            _ = try await server.database.write { tx in
                try InitialAccessTokens().revoke(revoked.id, of: organisation, by: .commandLine, at: now, requestID: nil, in: tx)
            }

            #expect(try await server.registerSoftware(token: once.text).status == .created)
            server.clock.advance(by: .days(1))

            for token in [nil, "", "wkz_iat_unknown", expired.text, revoked.text, once.text, try await server.appToken(app)] {
                try await server.registerSoftware(token: token).isRefused("invalid_token", status: .unauthorized, of: "\(token ?? "none")")
            }
            let basic = try await server.post("/oauth2/register", json: TestServer.metadata(), headers: app.basic)
            basic.isRefused("invalid_token", status: .unauthorized)
        }
    }

    @Test func `§3 in the demo a token that does not work is refused, though none would do`() async throws {
        try await TestServer.run(.sqlite) { server in
            try await server.registerSoftware(token: "wkz_iat_unknown").isRefused("invalid_token", status: .unauthorized)
            #expect(try await server.registerSoftware().status == .created)
        }
    }

    @Test(arguments: Engine.available)
    func `§3 what a token registers belongs to its organisation, in the sandbox, and follows its profile`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let organisation = try await server.register().app.organisationID
            let token = try await server.initialAccessToken(uses: 2, profile: .fapi2, of: organisation)
            let key = try TestKey()
            let sound: [String: JSONValue] = [
                "token_endpoint_auth_method": .string("private_key_jwt"), "jwks": .object(JWKSet([key.jwk]).object), "dpop_bound_access_tokens": .boolean(true),
            ]

            try await server.registerSoftware(token: token.text).isRefused("invalid_client_metadata", naming: "fapi2", "client_secret_basic")
            let answer = try await server.registerSoftware(sound, token: token.text)

            let app = try #require(try await server.app(answer))
            #expect(app.organisationID == organisation && app.profile == .fapi2 && app.environment == .sandbox)
            let left = try await server.database.read { try InitialAccessTokens().find(token.id, in: $0)?.usesLeft }
            #expect(left == 1)
        }
    }

    @Test(arguments: Engine.available)
    func `§3 of twenty at once with a token for one app one registers, five rounds`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            for _ in 1...5 {
                let token = try await server.initialAccessToken()

                let answers = try await together { try await server.registerSoftware(token: token.text) }

                #expect(answers.count { $0.status == .created } == 1)
                #expect(answers.count { $0.status == .unauthorized && $0.errorCode == "invalid_token" } == 19)
            }
        }
    }

    /// RG-09
    @Test(arguments: Engine.available)
    func `§5 RG-09 after sixty from one address in an hour strangers wait, others and tokens do not`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let stranger = server.called(from: "192.0.2.7")
            for _ in 0..<60 { #expect(try await stranger.registerSoftware().status == .created) }
            server.clock.advance(by: .minutes(20))

            let answer = try await stranger.registerSoftware()

            #expect(answer.status == .tooManyRequests && answer.errorCode == "temporarily_unavailable")
            #expect(answer.headers[.retryAfter] == "2400")
            #expect(try await server.called(from: "192.0.2.8").registerSoftware().status == .created)
            #expect(try await stranger.registerSoftware(token: server.initialAccessToken().text).status == .created)
            server.clock.advance(by: .minutes(40))
            #expect(try await stranger.registerSoftware().status == .created)
        }
    }

    @Test func `§5 RG-09 a token has its limit too`() async throws {
        try await TestServer.run(.sqlite) { server in
            let token = try await server.initialAccessToken(uses: 1000)
            for _ in 0..<120 { #expect(try await server.registerSoftware(token: token.text).status == .created) }

            #expect(try await server.registerSoftware(token: token.text).status == .tooManyRequests)
            let left = try await server.database.read { try InitialAccessTokens().find(token.id, in: $0)?.usesLeft }
            #expect(left == 880)
        }
    }

    // MARK: Software statements

    @Test(arguments: Engine.available)
    func `§2-3 a statement is leave enough, and its claims take the place of the request's`(engine: Engine) async throws {
        try await Directory.run(engine) { server, directory in
            let statement = try directory.statement(at: server.clock.now)

            let answer = try await server.registerSoftware([
                "software_statement": .string(statement), "software_id": .string("mine"), "contacts": .array([.string("a@b.example")]),
            ])

            #expect(answer.status == .created, "\(answer.text)")
            #expect(answer.json["client_name"] as? String == "Certified Robot" && answer.json["software_id"] as? String == "robot")
            #expect(answer.json["redirect_uris"] as? [String] == ["https://certified.example.com/callback"])
            #expect(answer.json["contacts"] as? [String] == ["a@b.example"])
            #expect(answer.json["software_statement"] as? String == statement)
            #expect(try await server.app(answer)?.organisationID == DemoWorld.organisation)
        }
    }

    /// RG-08
    @Test func `§3-2-2 RG-08 a statement that is broken in one place is refused`() async throws {
        try await Directory.run(.sqlite) { server, directory in
            let now = server.clock.now
            let stranger = try TestKey(.ps256, id: "directory-1")
            let es256 = try TestKey(.es256, id: "directory-1")
            let broken: [(what: String, statement: String)] = [
                ("no JWT", "x.y.z"), ("signature", try directory.statement(at: now, by: stranger)),
                ("another algorithm", try directory.statement(at: now, by: es256)),
                ("unknown kid", try directory.statement(at: now, header: ["kid": .string("other")])),
                ("none", try directory.statement(at: now, header: ["alg": .string("none")])),
                ("no iat", try directory.statement(at: now, claims: ["iat": .null])),
                ("iat ahead", try directory.statement(at: now, claims: ["iat": .integer((now + .minutes(2)).seconds)])),
                ("expired", try directory.statement(at: now, claims: ["exp": .integer(now.seconds)])),
                ("exp as text", try directory.statement(at: now, claims: ["exp": .string("x")])),
                ("old, without exp", try directory.statement(at: now, claims: ["exp": .null, "iat": .integer((now - .hours(25)).seconds)])),
                ("audience", try directory.statement(at: now, claims: ["aud": .string("https://other.example")])),
                ("jti", try directory.statement(at: now, claims: ["jti": .integer(1)])),
            ]
            for (what, statement) in broken {
                try await server.registerSoftware(["software_statement": .string(statement)]).isRefused("invalid_software_statement", of: "\(what)")
            }
            let sound = try directory.statement(at: now, claims: ["aud": .array([.string(TestServer.issuer.text)])])
            #expect(try await server.registerSoftware(["software_statement": .string(sound)]).status == .created)
        }
    }

    /// RG-08
    @Test func `§3-2-2 RG-08 a statement of an issuer or for an organisation that we do not know is not approved`() async throws {
        try await Directory.run(.sqlite) { server, directory in
            let now = server.clock.now
            for claims: [String: JSONValue] in [["iss": .string("https://other.example")], ["org_id": .string("other")], ["org_id": .null]] {
                try await server.registerSoftware(["software_statement": .string(try directory.statement(at: now, claims: claims))])
                    .isRefused("unapproved_software_statement", of: "\(claims)")
            }
            let other = try await server.initialAccessToken(of: server.register().app.organisationID)
            try await server.registerSoftware(["software_statement": .string(try directory.statement(at: now))], token: other.text).isRefused(
                "unapproved_software_statement")
        }
        try await TestServer.run(.sqlite) { server in
            let statement = try Directory().statement(at: server.clock.now)
            try await server.registerSoftware(["software_statement": .string(statement)]).isRefused("unapproved_software_statement")
        }
    }

    @Test func `§2-3 what a statement fixes is judged as what a request says`() async throws {
        try await Directory.run(.sqlite) { server, directory in
            let statement = try directory.statement(at: server.clock.now, claims: ["redirect_uris": .array([.string("http://certified.example.com/")])])

            try await server.registerSoftware(["software_statement": .string(statement)]).isRefused(
                "invalid_redirect_uri", naming: "http://certified.example.com/")
        }
    }

    @Test(arguments: Engine.available)
    func `§5 RG-08 of twenty at once with one statement one registers, five rounds, and a refused one spends nothing`(engine: Engine) async throws {
        try await Directory.run(engine) { server, directory in
            for _ in 1...5 {
                let statement = JSONValue.string(try directory.statement(at: server.clock.now))
                try await server.registerSoftware(["software_statement": statement, "scope": .string("unknown")]).isRefused("invalid_client_metadata")

                let answers = try await together { try await server.registerSoftware(["software_statement": statement]) }

                #expect(answers.count { $0.status == .created } == 1)
                #expect(answers.count { $0.errorCode == "invalid_software_statement" && $0.errorDescription.contains("used before") } == 19)
            }
        }
    }

    // MARK: Certificates

    @Test(arguments: Engine.available)
    func `RFC 8705 §2-2-2 the certificate of a key is registered with it, works, and is replaced with it`(engine: Engine) async throws {
        try await CertificateGate.run(engine) { server in
            let (first, second) = (try CertificateGate.SelfSigned(), try CertificateGate.SelfSigned())
            for certificates in [[], ["AAAA"], ["*"]] {
                try await server.registerSoftware(CertificateGate.metadata([first.jwk(certificates)])).isRefused(
                    "invalid_client_metadata", naming: "jwks", "x5c")
            }
            let answer = try await server.registerSoftware(CertificateGate.metadata([first.jwk()]))

            #expect(answer.status == .created && answer.text.contains(#""x5c""#) && answer.json["client_secret"] == nil)
            #expect(try await CertificateGate.token(answer, first, server).status == .ok)
            #expect(try await CertificateGate.token(answer, second, server).errorCode == "invalid_client")
            let replacement = CertificateGate.metadata([second.jwk()]).merging(["client_id": .string(answer.clientID)]) { $1 }
            let replaced = try await server.manage(.put, answer, json: TestServer.metadata(replacement))
            try await server.settle()
            #expect(replaced.status == .ok)
            #expect(try await CertificateGate.token(answer, first, server).errorCode == "invalid_client")
            #expect(try await CertificateGate.token(answer, second, server).status == .ok)
        }
    }

    @Test(arguments: Engine.available)
    func `RFC 8705 §2-2-2 a key of any curve is registered for its certificate, and stays when the answer is sent back`(engine: Engine) async throws {
        try await CertificateGate.run(engine) { server in
            let identities = try CertificateGate.Curve.allCases.map { try CertificateGate.SelfSigned($0) }
            let several = [identities] + identities.map { [$0] }
            for identities in several {
                let answer = try await server.registerSoftware(CertificateGate.metadata(identities.map { $0.jwk() }))
                #expect(answer.status == .created, "\(answer.text)")
                let told = try #require(JSONValue(parsing: answer.text)["jwks"])
                let same = CertificateGate.metadata([]).merging(["client_id": .string(answer.clientID), "jwks": told]) { $1 }

                let replaced = try await server.manage(.put, answer, json: TestServer.metadata(same))
                try await server.settle()

                #expect(replaced.status == .ok, "\(replaced.text)")
                for identity in identities {
                    let token = try await CertificateGate.token(answer, identity, server)
                    #expect(token.status == .ok, "\(identity.curve)")
                }
            }
        }
    }

    @Test(arguments: Engine.available)
    func `RFC 8705 §2-2-2 a certificate that was uploaded stays when it is registered with its key, of any curve`(engine: Engine) async throws {
        try await CertificateGate.run(engine) { server in
            let (first, second) = (try CertificateGate.SelfSigned(), try CertificateGate.SelfSigned(.p384))
            let answer = try await server.registerSoftware(CertificateGate.metadata([first.jwk()]))
            let (app, now) = (try #require(try await server.app(answer)), server.clock.now)
            let der = Array(try #require(Data(base64Encoded: second.certificate)))
            let uploaded = AppCertificate(try ClientCertificate.read(der).get(), of: app.id, source: .upload, at: now)
            try await server.database.write { tx in
                _ = try AppCertificates().add(uploaded, by: .system, requestID: nil, in: tx).get()
            }

            let both = CertificateGate.metadata([first.jwk(), second.jwk()]).merging(["client_id": .string(answer.clientID)]) { $1 }
            let replaced = try await server.manage(.put, answer, json: TestServer.metadata(both))
            try await server.settle()
            let token = try await CertificateGate.token(answer, second, server)

            #expect(replaced.status == .ok, "\(replaced.text)")
            #expect(token.status == .ok)
        }
    }

    @Test func `RFC 7517 §4-7 a certificate of another key is refused`() async throws {
        try await CertificateGate.run(.sqlite) { server in
            let (first, second) = (try CertificateGate.SelfSigned(), try CertificateGate.SelfSigned())
            let (third, fourth) = (try CertificateGate.SelfSigned(.p384), try CertificateGate.SelfSigned(.p384))
            for key in [
                first.jwk([second.certificate]), first.jwk([second.certificate, first.certificate]), first.jwk([third.certificate]),
                third.jwk([first.certificate]), third.jwk([fourth.certificate]),
            ] {
                let answer = try await server.registerSoftware(CertificateGate.metadata([key]))
                answer.isRefused("invalid_client_metadata", naming: "jwks", "x5c", "its key")
            }
        }
    }

    @Test func `RFC 8705 §2-2-2 a key that is there for its certificate alone signs no assertion`() async throws {
        try await CertificateGate.run(.sqlite) { server in
            let key = try CertificateGate.SelfSigned(.p384).jwk()
            let metadata = CertificateGate.metadata([key]).merging(["token_endpoint_auth_method": .string("private_key_jwt")]) { $1 }

            try await server.registerSoftware(metadata).isRefused("invalid_client_metadata", naming: "private_key_jwt")
        }
    }

    // MARK: In the portal

    @Test(arguments: Engine.available)
    func `§1-2 in the portal a developer makes a token, sees what it registered, and takes the app over`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let developer = try await server.developer()
            try await developer.open("/portal/registration")
            try await developer.submit("uses", [("name", "Build server"), ("uses", "2"), ("days", "7"), ("profile", "oauth21")])
            let token = try #require(await developer.page.firstMatch(of: /wkz_iat_[A-Za-z0-9_-]{43}/)).0
            let address = await developer.address
            try await developer.open(address)
            #expect(await developer.heading == "The token was shown once")

            let answer = try await server.registerSoftware(token: String(token))
            let app = try #require(try await server.app(answer))
            try await developer.open("/portal/registration")
            #expect((await developer.page).contains("1 of 2"))
            try await developer.open("/portal/apps")
            #expect((await developer.page).contains("Registered itself"))
            try await developer.open("/portal/apps/\(app.id)")
            #expect((await developer.page).contains("With the initial access token Build server"))
            try await developer.open("/portal/apps/\(app.id)/registration/revoke")
            #expect(try await developer.post(server, "/portal/apps/\(app.id)/registration/revoke", []).status == .seeOther)
            try await developer.open("/portal/apps/\(app.id)")

            #expect((await developer.page).contains("its registration access token is revoked"))
            #expect(try await server.manage(.get, answer).status == .unauthorized)
            #expect(try await server.ownToken(of: answer).status == .ok)
        }
    }

    @Test func `in the portal a revoked token registers nothing, and another organisation's is not seen`() async throws {
        try await TestServer.run(.sqlite) { server in
            let (token, foreign) = (try await server.initialAccessToken(), try await server.initialAccessToken(of: server.register().app.organisationID))
            let developer = try await server.developer()
            try await developer.open("/portal/registration/\(token.id)/revoke")
            let revoked = try await developer.post(server, "/portal/registration/\(token.id)/revoke", [])

            #expect(revoked.status == .seeOther)
            try await developer.open(revoked.location ?? "")
            #expect((await developer.page).contains("Revoked"))
            try await server.registerSoftware(token: token.text).isRefused("invalid_token", status: .unauthorized)
            try await developer.open("/portal/registration/\(foreign.id)/revoke")
            #expect(await developer.status == 404)
            #expect(try await developer.post(server, "/portal/registration/\(foreign.id)/revoke", []).status == .notFound)
            #expect(try await server.registerSoftware(token: foreign.text).status == .created)
        }
    }

    @Test func `in the portal a token without a name, for no app or for too long is refused beside its field`() async throws {
        try await TestServer.run(.sqlite) { server in
            let developer = try await server.developer()
            for (name, uses, days, words) in [
                ("", "1", "7", "Enter a name for the token"), ("x", "0", "7", "from 1 to 1000"), ("x", "many", "7", "from 1 to 1000"),
                ("x", "1", "366", "from 1 to 365"),
                ("x", "1", "99999999999999999999", "from 1 to 365"),
            ] {
                try await developer.open("/portal/registration")
                try await developer.submit("uses", [("name", name), ("uses", uses), ("days", days)])

                #expect(await developer.status == 422)
                #expect((await developer.page).contains(words))
            }
        }
    }
}

/// Sends twenty of the same at once.
func together(_ count: Int = 20, _ send: @escaping @Sendable () async throws -> TestResponse) async throws -> [TestResponse] {
    try await withThrowingTaskGroup(of: TestResponse.self) { group in
        for _ in 0..<count { group.addTask { try await send() } }
        return try await group.reduce(into: []) { $0.append($1) }
    }
}
