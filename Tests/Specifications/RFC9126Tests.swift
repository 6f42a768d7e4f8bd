import Applications
import AuthorizationServer
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

extension TestServer {
    /// The usual authorization request as an app pushes it; an empty value leaves a parameter out.
    func push(_ app: TestApp, _ changes: [(name: String, value: String)] = [], headers: HTTPFields? = nil) async throws -> TestResponse {
        let query = authorizationURI(app, changes).split(separator: "?", maxSplits: 1).last ?? ""
        let isPublic = app.app.isPublic
        return try await post(
            "/oauth2/par", form: Parameters(urlEncoded: String(query))?.pairs ?? [], headers: headers ?? (isPublic ? [:] : app.basic))
    }

    /// The address that the app sends its customer to.
    func address(_ app: TestApp, pushed: TestResponse) -> String {
        "/oauth2/authorize?" + Parameters([("client_id", app.clientID), ("request_uri", pushed.json["request_uri"] as? String ?? "")]).urlEncoded
    }

    /// A customer comes with a pushed request, signs in where asked, and answers.
    func authorize(_ app: TestApp, pushed: TestResponse, browser: TestBrowser? = nil) async throws -> Parameters {
        let browser = browser ?? TestBrowser(self)
        try await browser.open(address(app, pushed: pushed))
        return try await decide(browser)
    }

    func decide(_ browser: TestBrowser) async throws -> Parameters {
        if await browser.forms.contains(where: { $0.names.contains("password") }) {
            try await browser.submit("password", [("username", "amina.traveler"), ("password", "sandbox")])
        }
        if await browser.left == nil, await browser.forms.contains(where: { $0.names.contains("decision") }) {
            let offered = await browser.forms.flatMap(\.options).filter { $0.name == "accounts" }
            try await browser.submit("decision", [("decision", "approve")] + Array(offered.prefix(1)))
        }
        let location = await browser.left ?? ""
        return location.split(separator: "?", maxSplits: 1).last.flatMap { Parameters(urlEncoded: String($0)) } ?? Parameters()
    }
}

@Suite("RFC 9126 · Pushed authorization requests")
struct RFC9126Tests {
    /// PA-01
    @Test(arguments: Engine.available)
    func `§2-2 the answer is 201 with a reference that nobody guesses, and is not cached`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()

            let (first, second) = (try await server.push(app), try await server.push(app))

            #expect(first.status == .created)
            let uri = first.json["request_uri"] as? String ?? ""
            #expect(uri.hasPrefix("urn:ietf:params:oauth:request_uri:") && uri.count >= 34 + 43)
            #expect(uri != second.json["request_uri"] as? String)
            #expect((5..<600).contains(first.json["expires_in"] as? Int ?? 0))
            #expect(first.isKeptByNoCache)
        }
    }

    @Test(arguments: Engine.available)
    func `§4 a customer who comes with the reference and the client_id alone gets to the code`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()

            let answer = try await server.authorize(app, pushed: server.push(app))

            #expect(answer["state"] == "af0ifjsldkj")
            let code = Authorization(code: answer["code"], parameters: answer, verifier: TestServer.verifier, location: "")
            #expect(try await server.redeem(code, by: app).json["access_token"] is String)
        }
    }

    @Test func `§4 what stands beside the reference does not count`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()
            let pushed = try await server.push(app)
            let browser = TestBrowser(server)

            try await browser.open(server.address(app, pushed: pushed) + "&state=other&scope=unknown&redirect_uri=https%3A%2F%2Fevil.example")
            let answer = try await server.decide(browser)

            #expect(answer["state"] == "af0ifjsldkj" && answer["code"] != nil)
            #expect(await browser.left?.hasPrefix(app.redirectURI) == true)
        }
    }

    /// PA-02
    @Test(arguments: Engine.available)
    func `§4 after the answer the reference is spent`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let pushed = try await server.push(app)
            let answer = try await server.authorize(app, pushed: pushed)

            let again = try await server.get(server.address(app, pushed: pushed))

            #expect(answer["code"] != nil)
            #expect(again.status == .badRequest && again.text.contains("This link has expired"))
        }
    }

    /// PA-03
    @Test(arguments: Engine.available)
    func `§4 opening the page does not spend it`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let pushed = try await server.push(app)
            try await TestBrowser(server).open(server.address(app, pushed: pushed))
            try await TestBrowser(server).open(server.address(app, pushed: pushed))

            let answer = try await server.authorize(app, pushed: pushed)

            #expect(answer["code"] != nil)
        }
    }

    @Test(arguments: Engine.available)
    func `§4 of two tabs with one reference one is answered`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let pushed = try await server.push(app)
            let (first, second) = (TestBrowser(server), TestBrowser(server))
            try await first.open(server.address(app, pushed: pushed))
            try await second.open(server.address(app, pushed: pushed))

            let answers = [try await server.decide(first), try await server.decide(second)]

            #expect(answers.count { $0["code"] != nil } == 1)
        }
    }

    /// PA-10
    @Test(arguments: Engine.available)
    func `§4 of twenty tabs that answer at once one gets a code, five rounds`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            for _ in 1...5 {
                let pushed = try await server.push(app, [("scope", "openid")])
                var browsers: [TestBrowser] = []
                for _ in 0..<20 {
                    let browser = TestBrowser(server)
                    try await browser.open(server.address(app, pushed: pushed))
                    try await browser.submit("password", [("username", "amina.traveler"), ("password", "sandbox")])
                    browsers.append(browser)
                }

                let codes = try await withThrowingTaskGroup(of: String?.self) { group in
                    for browser in browsers { group.addTask { try await server.decide(browser)["code"] } }
                    return try await group.reduce(into: Set<String>()) { if let code = $1 { $0.insert(code) } }
                }

                #expect(codes.count == 1)
            }
        }
    }

    /// PA-04
    @Test func `§2-2 a reference belongs to the app that pushed it`() async throws {
        try await TestServer.run(.sqlite) { server in
            let (app, other) = (try await server.register(), try await server.register())
            let pushed = try await server.push(app)

            let answer = try await server.get(server.address(other, pushed: pushed))

            #expect(answer.status == .badRequest && answer.location == nil)
        }
    }

    /// PA-05
    @Test func `§4 an unknown reference and any other address are refused`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()
            let prefix = "urn:ietf:params:oauth:request_uri:"
            for uri in [prefix, prefix + "x", prefix + "' OR 1=1 --", prefix + String(repeating: "a", count: 10_000)] {
                let answer = try await server.get("/oauth2/authorize?" + Parameters([("client_id", app.clientID), ("request_uri", uri)]).urlEncoded)
                #expect(answer.status == .badRequest && answer.location == nil, "\(uri.prefix(60))")
            }
            for uri in ["https://app.example.com/request.jwt", "file:///etc/passwd", "http://127.0.0.1:1/"] {
                let answer = try await server.answer(app, [("request_uri", uri)])
                #expect(answer["error"] == "request_uri_not_supported", "\(uri)")
            }
        }
    }

    /// PA-07
    @Test func `§2-1 a request that is not the app's own, or refers to another, is refused`() async throws {
        try await TestServer.run(.sqlite) { server in
            let (app, other) = (try await server.register(), try await server.register())

            let stranger = try await server.push(app, headers: [:])
            #expect(stranger.status == .unauthorized && stranger.errorCode == "invalid_client")
            let nested = try await server.push(app, [("request_uri", "urn:ietf:params:oauth:request_uri:x")])
            #expect(nested.status == .badRequest && nested.errorCode == "invalid_request")
            let foreign = try await server.push(app, [("client_id", other.clientID)])
            #expect(foreign.errorCode == "invalid_client")
            let repeated = try await server.push(app, [("state", "a"), ("state", "b")])
            #expect(repeated.errorCode == "invalid_request")
            for method in [HTTPRequest.Method.get, .put, .delete] {
                #expect(try await server.send(method, "/oauth2/par").status == .methodNotAllowed)
            }
        }
    }

    @Test func `§2-3 what the authorization endpoint would refuse is refused here`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()
            let cases: [(change: (name: String, value: String), error: String)] = [
                (("redirect_uri", "https://evil.example/"), "invalid_request"), (("redirect_uri", ""), "invalid_request"),
                (("response_type", "code id_token"), "unsupported_response_type"), (("response_type", "token"), "unsupported_response_type"),
                (("code_challenge", ""), "invalid_request"), (("code_challenge_method", "plain"), "invalid_request"), (("scope", "unknown"), "invalid_scope"),
                (("authorization_details", "[{}]"), "invalid_authorization_details"),
                (("authorization_details", #"[{"type":"account_access","consent_id":"cns_00000000000000000000"}]"#), "invalid_authorization_details"),
                (("prompt", "none login"), "invalid_request"), (("resource", "https://other.example"), "invalid_target"),
                (("id_token_hint", "x"), "invalid_request"), (("response_mode", "web_message"), "invalid_request"),
            ]

            for (change, error) in cases {
                let answer = try await server.push(app, [change])
                #expect(answer.status == .badRequest && answer.errorCode == error, "\(change)")
            }
        }
    }

    /// PA-09
    @Test(arguments: Engine.available)
    func `§2-2 after its time the reference is worth nothing`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let pushed = try await server.push(app)
            server.clock.advance(by: .seconds(90))

            let answer = try await server.get(server.address(app, pushed: pushed))

            #expect(answer.status == .badRequest && answer.text.contains("This link has expired"))
        }
    }

    @Test(arguments: Engine.available)
    func `§2-2 a customer who came in time may take half an hour`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let browser = TestBrowser(server)
            try await browser.open(server.address(app, pushed: try await server.push(app)))
            server.clock.advance(by: .minutes(20))

            #expect(try await server.decide(browser)["code"] != nil)
        }
    }

    @Test func `§2 a public client pushes too`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register(.singlePage)

            let answer = try await server.authorize(app, pushed: server.push(app))

            #expect(answer["code"] != nil)
        }
    }

    @Test(arguments: Engine.available)
    func `RFC 9449 §10-1 a proof with the pushed request binds the code`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let (app, key, other) = (try await server.register(), try TestKey(), try TestKey())
            var headers = app.basic
            headers[.dpop] = try key.proof("POST", "/oauth2/par", at: server.clock.now)
            let answer = try await server.authorize(app, pushed: server.push(app, headers: headers))
            let code = Authorization(code: answer["code"], parameters: answer, verifier: TestServer.verifier, location: "")
            func redeem(_ key: TestKey) async throws -> TestResponse {
                headers[.dpop] = try key.proof(at: server.clock.now)
                return try await server.redeem(code, by: app, headers: headers)
            }

            #expect(try await redeem(other).errorCode == "invalid_grant")
            #expect(try await redeem(key).json["token_type"] as? String == "DPoP")
        }
    }

    @Test func `RFC 9449 §10-1 a dpop_jkt that is not the key of the proof is refused`() async throws {
        try await TestServer.run(.sqlite) { server in
            let (app, key, other) = (try await server.register(), try TestKey(), try TestKey())
            var headers = app.basic
            headers[.dpop] = try key.proof("POST", "/oauth2/par", at: server.clock.now)

            let answer = try await server.push(app, [("dpop_jkt", other.thumbprint)], headers: headers)

            #expect(answer.status == .badRequest && answer.errorCode == "invalid_request")
        }
    }

    /// PA-08
    @Test(arguments: ["profile", "metadata"])
    func `§5 an app that is held to push is refused at the front door`(by: String) async throws {
        try await TestServer.run(.sqlite) { server in
            let key = try TestKey()
            var metadata = key.metadata
            metadata.dpopBoundAccessTokens = true
            metadata.requiresPushedAuthorizationRequests = by == "metadata"
            let app = try await server.register(method: .privateKeyJWT, profile: by == "profile" ? .fapi2 : .oauth21, metadata: metadata)

            let answer = try await server.answer(app, [])
            let pushed = try await server.post(
                "/oauth2/par",
                form: (Parameters(urlEncoded: String(server.authorizationURI(app).dropFirst(18)))?.pairs ?? []).filter { $0.name != "client_id" }
                    + app.fields(try key.assertion(of: app.clientID, at: server.clock.now)))

            #expect(answer["error"] == "invalid_request" && answer["code"] == nil)
            #expect(pushed.status == .created)
            #expect(try await server.authorize(app, pushed: pushed)["code"] != nil)
        }
    }

    @Test(arguments: Engine.available)
    func `the customer's data in a pushed request is not readable in the database`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            _ = try await server.push(app, [("login_hint", "amina.traveler")])

            let rows = try await server.database.read { tx in
                try tx.all("SELECT digest, sealed_parameters FROM pushed_authorization_request").map {
                    (try $0["digest"] as String, try $0["sealed_parameters"] as String)
                }
            }

            #expect(rows.count == 1)
            #expect(!rows[0].1.contains("amina") && !rows[0].1.contains("login_hint"))
        }
    }

    /// PA-13
    @Test(arguments: Engine.available)
    func `§2-3 ten thousand of one app wait at most, the next is 429, and when their time is over they go`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let (app, other) = (try await server.register(), try await server.register())
            _ = try await server.push(app)
            try await server.database.write { tx in
                _ = try tx.execute(
                    """
                    WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 9998)
                    INSERT INTO pushed_authorization_request (digest, authorization_id, app_id, sealed_parameters, is_signed, expires_at)
                    SELECT CAST(n AS TEXT), authorization_id, app_id, sealed_parameters, is_signed, expires_at
                    FROM pushed_authorization_request
                    CROSS JOIN number
                    """)
            }

            let (last, refused, others) = (try await server.push(app), try await server.push(app), try await server.push(other))
            server.clock.advance(by: .seconds(91))
            let later = try await server.push(app)

            #expect([last, refused, others, later].map(\.status) == [.created, .tooManyRequests, .created, .created])
            #expect(refused.headers[.retryAfter] == "90" && refused.json["request_uri"] == nil)
            let now = server.clock.now
            var batches: [Int] = []
            repeat {
                batches.append(try await server.database.write { try AuthorizationPurge.pushedRequests.run(at: now + .hours(5), limit: 4000, in: $0) })
            } while batches.last == 4000
            #expect(batches == [4000, 4000, 2001])
        }
    }

    /// PA-13
    @Test func `§2-3 from one network public apps push 200 at once, then 20 a second, and others are not kept out`() async throws {
        try await TestServer.run(.sqlite) { server in
            let (app, backend) = (try await server.register(.singlePage), try await server.register())
            let (stranger, customer) = (server.called(from: "198.51.100.7"), server.called(from: "198.51.100.8"))
            var statuses: Set<HTTPResponse.Status> = []
            for _ in 0..<200 { statuses.insert(try await stranger.push(app).status) }

            let refused = try await stranger.push(app)
            let others = [try await customer.push(app), try await stranger.push(backend)]
            server.clock.advance(by: .milliseconds(50))
            let later = [try await stranger.push(app), try await stranger.push(app)]

            #expect(statuses == [.created])
            #expect(refused.status == .tooManyRequests && refused.errorCode == "temporarily_unavailable" && refused.headers[.retryAfter] == "1")
            #expect(others.map(\.status) == [.created, .created])
            #expect(later.map(\.status) == [.created, .tooManyRequests])
        }
    }

    @Test func `§5 the metadata names the endpoint`() async throws {
        try await TestServer.run(.sqlite) { server in
            let metadata = try await server.get("/.well-known/oauth-authorization-server").json

            #expect(metadata["pushed_authorization_request_endpoint"] as? String == "http://localhost:8080/oauth2/par")
        }
    }
}
