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

@Suite("RFC 9701 · Introspection answered with a JWT")
struct RFC9701Tests {
    private static func signed(_ server: TestServer, _ token: String, by app: TestApp) async throws -> TestResponse {
        var headers = app.basic
        headers[.accept] = "application/token-introspection+jwt"
        return try await server.post("/oauth2/introspect", form: [("token", token)], headers: headers)
    }

    @Test(arguments: Engine.available)
    func `§5 the answer is signed for the app, of a type of its own`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let token = try await server.appToken(app)

            let answer = try await Self.signed(server, token, by: app)

            #expect(answer.headers[.contentType] == "application/token-introspection+jwt" && answer.isKeptByNoCache)
            let jws = try UnverifiedJWS(parsing: answer.text)
            #expect(jws.type == "token-introspection+jwt")
            let claims = try #require(try await server.claims(answer.text))
            #expect(claims["iss"]?.string == TestServer.issuer.text && claims["aud"]?.string == app.clientID)
            #expect(claims["iat"]?.integer == server.clock.now.seconds)
            #expect(claims["token_introspection"]?["active"] == .boolean(true))
            // §5: so that it is not taken for an access token.
            #expect(claims["exp"] == nil && claims["sub"] == nil)
        }
    }

    @Test func `§5 of a token that does not work it says no more`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()

            let claims = try await server.claims(try await Self.signed(server, "garbage", by: app).text)

            #expect(claims?["token_introspection"] == .object(JSONObject([("active", .boolean(false))])))
        }
    }

    @Test(arguments: [SignatureAlgorithm.ps256, .edDSA])
    func `§6 the registered algorithm signs`(algorithm: SignatureAlgorithm) async throws {
        try await TestServer.run(.sqlite) { server in
            var metadata = ClientMetadata()
            metadata.introspectionSignedResponseAlgorithm = algorithm
            let app = try await server.register(metadata: metadata)

            let answer = try await Self.signed(server, "garbage", by: app)

            #expect(try UnverifiedJWS(parsing: answer.text).algorithm == algorithm)
        }
    }

    @Test func `§4 without the media type the answer is plain JSON`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()

            let answer = try await server.introspect("garbage", by: app)

            #expect(answer.headers[.contentType] == "application/json")
        }
    }

    @Test func `§8-1 the signed answer works as no token`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()
            let answer = try await Self.signed(server, try await server.appToken(app), by: app)

            #expect(try await server.call("/v1/consents/cns_0000000000000000", token: answer.text).status == .unauthorized)
        }
    }
}
