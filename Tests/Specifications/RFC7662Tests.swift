import Applications
import HTTPTypes
import HummingbirdTesting
import OAuth
import Primitives
import Storage
import TestSupport
import Testing
import Web

@Suite("RFC 7662 · Token introspection")
struct RFC7662Tests {
    @Test(arguments: Engine.available)
    func `§2-2 an app learns about its own access and refresh tokens`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let tokens = try await server.tokens(for: app)

            let access = try await server.introspect(tokens.access, by: app)
            let refresh = try await server.introspect(tokens.refresh, by: app)

            #expect(access.json["active"] as? Bool == true)
            #expect(access.isKeptByNoCache)
            #expect(access.json["client_id"] as? String == app.clientID)
            #expect(access.json["token_type"] as? String == "Bearer")
            #expect(access.json["scope"] as? String == tokens.scope)
            #expect(access.json["aud"] as? String == "\(TestServer.issuer)/v1")
            #expect((access.json["sub"] as? String)?.hasPrefix("usr_") == true)
            #expect(access.json["exp"] as? Int == Int(server.clock.now.seconds) + 300)
            #expect(refresh.json["active"] as? Bool == true)
            #expect(refresh.json["sub"] as? String == access.json["sub"] as? String)
            #expect(try await server.introspect(server.appToken(app), by: app).json["sub"] as? String == app.clientID)
        }
    }

    @Test(arguments: Engine.available)
    func `§2-2 garbage, foreign, expired and ID tokens are inactive, and nothing more is said`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let other = try await server.register(name: "Other")
            let tokens = try await server.tokens(for: app)

            for token in ["x", "..", tokens.id ?? "", tokens.access + "x", String(tokens.access.dropLast(4)) + "AAAA", String(repeating: "a", count: 10_000)] {
                #expect(try await server.introspect(token, by: app).text == #"{"active":false}"#)
            }
            for token in [tokens.access, tokens.refresh] { #expect(try await server.introspect(token, by: other).text == #"{"active":false}"#) }
            server.clock.advance(by: .seconds(300))
            #expect(try await server.introspect(tokens.access, by: app).text == #"{"active":false}"#)
        }
    }

    @Test(arguments: Engine.available)
    func `§2-1 the caller must be authenticated`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let spa = try await server.register(.singlePage, name: "Single page")
            let token = try await server.appToken(app)

            #expect(try await server.post("/oauth2/introspect", form: [("token", token)]).status == .unauthorized)
            #expect(try await server.post("/oauth2/introspect", form: [("token", token), ("client_id", spa.clientID)]).status == .unauthorized)
            #expect(try await server.post("/oauth2/introspect", form: [("token", token)], headers: [.authorization: "Bearer \(token)"]).status == .unauthorized)
            #expect(try await server.introspect("", by: app).errorCode == "invalid_request")
            #expect(try await server.get("/oauth2/introspect?token=\(token)").status == .methodNotAllowed)
        }
    }
}
