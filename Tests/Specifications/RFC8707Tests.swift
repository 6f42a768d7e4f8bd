import HTTPTypes
import HummingbirdTesting
import JSON
import OAuth
import Primitives
import Storage
import TestSupport
import Testing
import Web

@Suite("RFC 8707 · Resource indicators")
struct RFC8707Tests {
    private static let resource = "http://localhost:8080/v1"

    @Test(arguments: Engine.available)
    func `§2 the API may be named, once or twice, at both endpoints`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let code = try await server.authorize(app, [("resource", Self.resource), ("resource", Self.resource)])

            let answer = try await server.redeem(code, by: app, [("resource", Self.resource)])

            #expect(try await server.claims(answer.json["access_token"] as? String)?["aud"]?.string == Self.resource)
        }
    }

    @Test func `§2 another resource is refused at both endpoints`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()
            for resource in ["https://other.example/v1", Self.resource + "/", "v1", Self.resource + "#x"] {
                let asked = try await server.answer(app, [("resource", resource)])
                let token = try await server.token(app, [("grant_type", "client_credentials"), ("resource", resource)])

                #expect(asked["error"] == "invalid_target", "\(resource)")
                #expect(token.status == .badRequest && token.errorCode == "invalid_target", "\(resource)")
            }
        }
    }
}
