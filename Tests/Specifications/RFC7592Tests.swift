import AccessTokens
import Applications
import Composition
import Events
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

@Suite("RFC 7592 · Dynamic client registration management")
struct RFC7592Tests {
    /// The metadata of a replacement: a sound registration with the client's id.
    private static func replacement(of registered: TestResponse, _ changes: [String: JSONValue] = [:]) -> String {
        TestServer.metadata(["client_id": .string(registered.clientID)].merging(changes) { $1 })
    }

    @Test(arguments: Engine.available)
    func `§2-1 a client reads what it registered, with the same token and without its secret`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let registered = try await server.registerSoftware(["client_uri": .string("https://robot.example.com"), "default_max_age": .integer(600)])

            let read = try await server.manage(.get, registered)

            read.keeps("readClient")
            #expect(read.status == .ok && read.isKeptByNoCache)
            let expected = registered.json.filter { !$0.key.hasPrefix("client_secret") }
            #expect(NSDictionary(dictionary: read.json) == NSDictionary(dictionary: expected))
            #expect(read.registrationToken == registered.registrationToken)
        }
    }

    /// RG-06
    @Test(arguments: Engine.available)
    func `§3 RG-06 no token, an unknown one, another client's and a token of another kind are answered alike`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let (one, other) = (try await server.registerSoftware(), try await server.registerSoftware())
            let initial = try await server.initialAccessToken().text
            for method in [HTTPRequest.Method.get, .put, .delete] {
                let json = method == .put ? Self.replacement(of: one) : nil
                for token in ["wkz_rat_unknown", other.registrationToken, initial, one.json["client_secret"] as? String ?? ""] {
                    try await server.manage(method, one, token: token, json: json).isRefused("invalid_token", status: .unauthorized, of: "\(method)")
                }
                let without = try await server.send(method, one.registrationPath, headers: [.contentType: "application/json"], body: json)
                without.isRefused("invalid_token", status: .unauthorized)
                let nobody = try await server.send(
                    method, "/oauth2/register/app-nobody", headers: [.authorization: "Bearer \(one.registrationToken)"], body: nil)
                nobody.isRefused("invalid_token", status: .unauthorized)
            }
            #expect(try await server.manage(.get, one).status == .ok)
            #expect(try await server.send(.post, one.registrationPath).status == .methodNotAllowed)
        }
    }

    @Test(arguments: Engine.available)
    func `§3 from outside the app's allowed addresses its token reads, replaces and ends nothing`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let registered = try await server.registerSoftware()
            let (id, now) = (try #require(try await server.app(registered)).id, server.clock.now)
            try await server.database.write { tx in
                let list = AppChange(allowedNetworks: ["192.0.2.0/24"].compactMap(IPNetwork.init))
                _ = try Applications.Apps().update(id, list, by: .commandLine, at: now, requestID: nil, in: tx).get()
            }
            let (inside, elsewhere) = (server.called(from: "192.0.2.7"), server.called(from: "203.0.113.9"))
            let other = Self.replacement(of: registered, ["redirect_uris": .array([.string("https://thief.example.com/cb")])])

            let read = try await elsewhere.manage(.get, registered)
            let refused = [read, try await elsewhere.manage(.put, registered, json: other), try await elsewhere.manage(.delete, registered)]

            for answer in refused { answer.isRefused("invalid_token", naming: "The app may not call from 203.0.113.9.", status: .unauthorized) }
            read.keeps("readClient")
            let unchanged = try await server.app(registered)
            #expect(unchanged?.isRemoved == false && unchanged?.redirectURIs.map(\.text) == [TestServer.callback])
            let answers = [
                try await inside.manage(.get, registered), try await inside.manage(.put, registered, json: other), try await inside.manage(.delete, registered),
            ]
            #expect(answers.map(\.status) == [.ok, .ok, .noContent])
        }
    }

    @Test(arguments: Engine.available)
    func `§2-2 a replacement replaces everything: what is left out goes back to its default`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let registered = try await server.registerSoftware([
                "client_uri": .string("https://robot.example.com"), "contacts": .array([.string("a@b.example")]),
                "require_pushed_authorization_requests": .boolean(true),
                "scope": .string("openid accounts.read"), "client_name#sw": .string("Roboti"),
            ])

            let answer = try await server.manage(
                .put, registered,
                json: Self.replacement(
                    of: registered,
                    [
                        "client_name": .string("Savings Robot"), "redirect_uris": .array([.string("https://new.example.com/cb")]), "grant_types": .null,
                        "tos_uri": .string("https://robot.example.com/terms"), "contacts": .null, "token_endpoint_auth_method": .string("client_secret_post"),
                    ]))

            answer.keeps("replaceClient")
            #expect(answer.status == .ok && answer.isKeptByNoCache)
            #expect(answer.clientID == registered.clientID && answer.registrationToken == registered.registrationToken)
            #expect(answer.json["client_name"] as? String == "Savings Robot" && answer.json["redirect_uris"] as? [String] == ["https://new.example.com/cb"])
            #expect(answer.json["grant_types"] as? [String] == ["authorization_code"] && answer.json["tos_uri"] as? String == "https://robot.example.com/terms")
            for member in ["client_uri", "contacts", "require_pushed_authorization_requests", "client_name#sw", "client_secret"] {
                #expect(answer.json[member] == nil)
            }
            #expect(answer.json["scope"] as? String != "openid accounts.read")
            #expect(answer.json["token_endpoint_auth_method"] as? String == "client_secret_post")
            #expect(NSDictionary(dictionary: try await server.manage(.get, registered).json) == NSDictionary(dictionary: answer.json))
        }
    }

    @Test func `§2-2 a member that is null is left out`() async throws {
        try await TestServer.run(.sqlite) { server in
            let registered = try await server.registerSoftware(["client_uri": .string("https://robot.example.com")])
            let body = #"{"client_id":"\#(registered.clientID)","redirect_uris":["\#(TestServer.callback)"],"client_uri":null,"scope":null,"client_name":null}"#

            let answer = try await server.manage(.put, registered, json: body)

            #expect(answer.status == .ok && answer.json["client_uri"] == nil && answer.json["client_name"] as? String == registered.clientID)
        }
    }

    @Test func `§2-2 the client_id and a client_secret that is sent are the client's own`() async throws {
        try await TestServer.run(.sqlite) { server in
            let registered = try await server.registerSoftware()
            let secret = registered.json["client_secret"] as? String ?? ""

            for id: JSONValue in [.null, .string("acme-budget"), .integer(1)] {
                try await server.manage(.put, registered, json: TestServer.metadata(["client_id": id])).isRefused(
                    "invalid_client_metadata", naming: "client_id")
            }
            for wrong: JSONValue in [.string("chosen"), .string(""), .integer(1)] {
                let answer = try await server.manage(.put, registered, json: Self.replacement(of: registered, ["client_secret": wrong]))
                answer.isRefused("invalid_client_metadata", naming: "client_secret")
                #expect(!answer.text.contains("chosen"))
            }
            let answer = try await server.manage(.put, registered, json: Self.replacement(of: registered, ["client_secret": .string(secret)]))
            #expect(answer.status == .ok && answer.json["client_secret"] as? String == secret)
            #expect(try await server.ownToken(of: registered).status == .ok)
        }
    }

    @Test(arguments: ["registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"])
    func `§2-2 a replacement does not say what only the server says`(member: String) async throws {
        try await TestServer.run(.sqlite) { server in
            let registered = try await server.registerSoftware()

            try await server.manage(.put, registered, json: Self.replacement(of: registered, [member: .string("x")])).isRefused(
                "invalid_client_metadata", naming: member)
        }
    }

    @Test func `§2-2 a replacement is judged as a registration, and a refused one changes nothing`() async throws {
        try await TestServer.run(.sqlite) { server in
            let registered = try await server.registerSoftware()
            let before = try await server.manage(.get, registered).json

            for (changes, code): ([String: JSONValue], String) in [
                (["redirect_uris": .array([.string("http://evil.example/")])], "invalid_redirect_uri"), (["redirect_uris": .null], "invalid_redirect_uri"),
                (["jwks_uri": .string("http://robot.example.com/jwks")], "invalid_client_metadata"),
                (["jwks": .object(JSONObject())], "invalid_client_metadata"),
                (["grant_types": .array([.string("password")])], "invalid_client_metadata"), (["grant_types": .array([])], "invalid_client_metadata"),
                // Who keeps a secret cannot become one without.
                (["token_endpoint_auth_method": .string("none"), "grant_types": .null], "invalid_client_metadata"),
            ] {
                try await server.manage(.put, registered, json: Self.replacement(of: registered, changes)).isRefused(code, of: "\(changes)")
            }
            #expect(NSDictionary(dictionary: try await server.manage(.get, registered).json) == NSDictionary(dictionary: before))
        }
    }

    @Test(arguments: Engine.available)
    func `§2-2 a new redirect URI works, the one before does not`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let registered = try await server.registerSoftware()
            _ = try await server.manage(
                .put, registered, json: Self.replacement(of: registered, ["redirect_uris": .array([.string("https://new.example.com/cb")])]))
            try await server.settle()

            let app = TestApp(app: try #require(try await server.app(registered)), secret: registered.json["client_secret"] as? String)
            let old = try await server.get(server.authorizationURI(app, [("redirect_uri", TestServer.callback)]))

            #expect(old.status == .badRequest && old.location == nil)
            #expect(try await server.redeem(server.authorize(app, [("scope", "openid")]), by: app).status == .ok)
        }
    }

    @Test(arguments: Engine.available)
    func `§2-3 a client that ends itself ends its tokens, grants and consents with it`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let registered = try await server.registerSoftware()
            let app = TestApp(app: try #require(try await server.app(registered)), secret: registered.json["client_secret"] as? String)
            let tokens = try await server.redeem(server.authorize(app, [("scope", "openid accounts.read")]), by: app)
            let access = tokens.json["access_token"] as? String ?? ""
            #expect(try await server.call("/v1/accounts", token: access).status == .ok)

            let gone = try await server.manage(.delete, registered)
            try await server.settle()

            #expect(gone.status == .noContent && gone.isKeptByNoCache && gone.text.isEmpty)
            for method in [HTTPRequest.Method.get, .delete] {
                try await server.manage(method, registered).isRefused("invalid_token", status: .unauthorized)
            }
            try await server.manage(.put, registered, json: Self.replacement(of: registered)).isRefused("invalid_token", status: .unauthorized)
            let own = try await server.ownToken(of: registered)
            #expect(own.status == .unauthorized && own.errorCode == "invalid_client")
            let refreshed = try await server.refresh(tokens.json["refresh_token"] as? String, by: app)
            #expect(refreshed.status == .unauthorized && refreshed.errorCode == "invalid_client")
            #expect(try await server.call("/v1/accounts", token: access).status == .unauthorized)
            #expect(try await server.get(server.authorizationURI(app)).status == .badRequest)
        }
    }

    @Test func `§2-3 a developer who removes the app in the portal takes the token along`() async throws {
        try await TestServer.run(.sqlite) { server in
            let registered = try await server.registerSoftware()
            let app = TestApp(app: try #require(try await server.app(registered)), secret: nil)

            try await server.remove(app)

            try await server.manage(.get, registered).isRefused("invalid_token", status: .unauthorized)
        }
    }

    @Test(arguments: Engine.available)
    func `§2-2 what a software statement fixed stays fixed, until a new one comes`(engine: Engine) async throws {
        try await Directory.run(engine) { server, directory in
            let statement = try directory.statement(at: server.clock.now)
            let registered = try await server.registerSoftware(["software_statement": .string(statement)])
            let escape: [String: JSONValue] = ["client_name": .string("Other"), "redirect_uris": .array([.string("https://evil.example/cb")])]

            for changes in [escape, escape.merging(["software_statement": .string(statement)]) { $1 }, escape.merging(["software_statement": .null]) { $1 }] {
                let answer = try await server.manage(.put, registered, json: Self.replacement(of: registered, changes))
                #expect(answer.status == .ok && answer.json["client_name"] as? String == "Certified Robot")
                #expect(answer.json["redirect_uris"] as? [String] == ["https://certified.example.com/callback"])
                #expect(answer.json["software_statement"] as? String == statement)
            }
            let next = try directory.statement(at: server.clock.now, claims: ["client_name": .string("Certified Robot 2")])
            let answer = try await server.manage(.put, registered, json: Self.replacement(of: registered, ["software_statement": .string(next)]))
            #expect(answer.json["client_name"] as? String == "Certified Robot 2" && answer.json["software_statement"] as? String == next)
            try await server.manage(.put, registered, json: Self.replacement(of: registered, ["software_statement": .string(statement)]))
                .isRefused("invalid_software_statement", naming: "used before")
            #expect(try await server.manage(.get, registered).json["software_statement"] as? String == next)
        }
    }

    @Test func `§3 what the app itself did is in the audit log, and no token is`() async throws {
        try await TestServer.run(.sqlite) { server in
            let registered = try await server.registerSoftware()
            let app = try #require(try await server.app(registered))
            _ = try await server.manage(.put, registered, json: Self.replacement(of: registered, ["client_name": .string("Savings Robot")]))
            _ = try await server.manage(.delete, registered)

            let entries = try await server.database.read { try AuditLog().list(.init(actor: .app(app.id)), limit: 20, in: $0) }
            #expect(Set(entries.map(\.action)) == [.appCreated, .secretAdded, .registrationAccessTokenCreated, .appUpdated, .appRemoved])
            #expect(!"\(entries)".contains(registered.registrationToken))
        }
    }
}
