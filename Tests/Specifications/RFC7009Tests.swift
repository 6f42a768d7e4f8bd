import Applications
import HTTPTypes
import HummingbirdTesting
import OAuth
import Primitives
import Storage
import TestSupport
import Testing
import Web

@Suite("RFC 7009 · Token revocation")
struct RFC7009Tests {
    @Test(arguments: Engine.available)
    func `§2-1 an access token is denied, and the refresh token lives on`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let tokens = try await server.tokens(for: app)

            #expect(try await server.revoke(tokens.access, by: app, [("token_type_hint", "access_token")]).status == .ok)

            #expect(try await server.userinfo(tokens.access).errorCode == "invalid_token")
            #expect(try await server.call("/v1/accounts", token: tokens.access).status == .unauthorized)
            #expect(try await server.introspect(tokens.access, by: app).json["active"] as? Bool == false)
            #expect(try await server.refresh(tokens.refresh, by: app).status == .ok)
        }
    }

    @Test(arguments: Engine.available)
    func `§2-1 revoking a refresh token ends the grant and its access tokens`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let tokens = try await server.tokens(for: app)

            #expect(try await server.revoke(tokens.refresh, by: app, [("token_type_hint", "access_token")]).status == .ok)

            #expect(try await server.refresh(tokens.refresh, by: app).errorCode == "invalid_grant")
            #expect(try await server.userinfo(tokens.access).errorCode == "invalid_token")
            #expect(try await server.call("/v1/accounts", token: tokens.access).status == .unauthorized)
            #expect(try await server.introspect(tokens.refresh, by: app).json["active"] as? Bool == false)
        }
    }

    @Test(arguments: Engine.available)
    func `§2-1 an app's own token from client credentials can be revoked`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let token = try await server.appToken(app)

            for _ in 0..<2 { #expect(try await server.revoke(token, by: app).status == .ok) }

            #expect(try await server.introspect(token, by: app).json["active"] as? Bool == false)
        }
    }

    @Test(arguments: Engine.available)
    func `§2-2 revoking an unknown token still answers 200`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()

            for token in ["x", "wkz_rt_grt_x_1_y", "eyJhbGciOiJub25lIn0.e30.", String(repeating: "a", count: 20_000), "é"] {
                let response = try await server.revoke(token, by: app)
                #expect(response.status == .ok)
                #expect(response.text.isEmpty)
            }
        }
    }

    @Test(arguments: Engine.available)
    func `§2-1 a client cannot revoke another client's token`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let other = try await server.register(name: "Other")
            let tokens = try await server.tokens(for: app)

            for token in [tokens.access, tokens.refresh] { #expect(try await server.revoke(token, by: other).status == .ok) }

            #expect(try await server.userinfo(tokens.access).status == .ok)
            #expect(try await server.refresh(tokens.refresh, by: app).status == .ok)
        }
    }

    @Test(arguments: Engine.available)
    func `§2-1 the client is authenticated first, and the token is asked for`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let tokens = try await server.tokens(for: app)
            let form: [(name: String, value: String)] = [("token", tokens.refresh ?? "")]

            #expect(try await server.post("/oauth2/revoke", form: form).status == .unauthorized)
            #expect(try await server.post("/oauth2/revoke", form: form, headers: .basic(app.clientID, "wrong")).errorCode == "invalid_client")
            #expect(try await server.revoke("", by: app).errorCode == "invalid_request")
            #expect(try await server.revoke(tokens.refresh, by: app, [("token", "x")]).errorCode == "invalid_request")
            #expect(try await server.get("/oauth2/revoke?token=\(tokens.refresh ?? "")").status == .methodNotAllowed)
            #expect(try await server.refresh(tokens.refresh, by: app).status == .ok)
        }
    }

    @Test(arguments: Engine.available)
    func `§2-1 a public client revokes by naming itself`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register(.singlePage)
            let tokens = try await server.tokens(for: app)

            #expect(try await server.revoke(tokens.refresh, by: app).status == .ok)

            #expect(try await server.refresh(tokens.refresh, by: app).errorCode == "invalid_grant")
        }
    }

    @Test(arguments: Engine.available)
    func `§2-2-1 a database that does not answer is 503 with Retry-After, never 200`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let token = try await server.appToken(app)
            try await server.settle()
            _ = try await server.appToken(app)

            await server.database.close()
            let response = try await server.revoke(token, by: app)

            #expect(response.status == .serviceUnavailable)
            #expect(response.headers[.retryAfter] != nil)
            #expect(response.errorCode == "temporarily_unavailable")
        }
    }

    @Test(arguments: Engine.available)
    func `§5 a browser app on its own origin may call, another origin may not read`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register(.singlePage, redirectURIs: ["https://spa.example.com/callback"])
            let form: [(name: String, value: String)] = [("token", "x"), ("client_id", app.clientID)]

            let own = try await server.post("/oauth2/revoke", form: form, headers: [.origin: "https://spa.example.com"])
            let foreign = try await server.post("/oauth2/revoke", form: form, headers: [.origin: "https://evil.test"])

            #expect(own.allowedOrigin == "https://spa.example.com")
            #expect(own.headers[.accessControlAllowCredentials] == nil)
            #expect(foreign.allowedOrigin == nil)
        }
    }
}
