import Applications
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

@Suite("RFC 9068 · JWT access tokens")
struct RFC9068Tests {
    @Test(arguments: Engine.available)
    func `§2 a customer's token names issuer, audience, customer, app, scope and times`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let tokens = try await server.tokens(for: app)

            let jws = try UnverifiedJWS(parsing: tokens.access)
            let claims = try #require(try await server.claims(tokens.access))

            #expect(jws.type == "at+jwt")
            #expect(claims["iss"]?.string == TestServer.issuer.text)
            #expect(claims["aud"]?.string == "\(TestServer.issuer)/v1")
            #expect(claims["sub"]?.string?.hasPrefix("usr_") == true)
            #expect(claims["client_id"]?.string == app.clientID)
            #expect(claims["scope"]?.string == tokens.scope)
            #expect(claims["iat"]?.integer == server.clock.now.seconds)
            #expect(claims["exp"]?.integer == server.clock.now.seconds + 300)
            #expect(claims["env"]?.string == "sandbox")
            #expect(claims["org"]?.string == app.app.organisationID.rawValue)
            #expect(claims["consent_id"]?.string?.hasPrefix("cns_") == true)
            #expect(claims["grant_id"]?.string?.hasPrefix("grt_") == true)
            #expect(claims["auth_time"]?.integer == server.clock.now.seconds)
        }
    }

    @Test(arguments: Engine.available)
    func `§2-2 every token has a jti of its own`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            var ids = Set<String>()
            for _ in 0..<20 { ids.insert(try await server.claims(server.appToken(app))?["jti"]?.string ?? "") }

            #expect(ids.count == 20)
        }
    }

    @Test(arguments: Engine.available)
    func `§4 an ID token, a refresh token and an expired token are no access tokens`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let tokens = try await server.tokens(for: app)

            for token in [tokens.id ?? "", tokens.refresh ?? ""] {
                #expect(try await server.userinfo(token).errorCode == "invalid_token")
                #expect(try await server.call("/v1/accounts", token: token).status == .unauthorized)
            }
            server.clock.advance(by: .seconds(300))
            #expect(try await server.userinfo(tokens.access).errorCode == "invalid_token")
            #expect(try await server.call("/v1/accounts", token: tokens.access).status == .unauthorized)
        }
    }

    @Test(arguments: Engine.available)
    func `RFC 9700 §4-15 a subject names either a person or an app`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()

            #expect(ClientID("usr_amina") == nil)
            #expect(try await server.userinfo(server.appToken(app)).errorCode == "insufficient_scope")
        }
    }
}
