import Applications
import HTTPTypes
import HummingbirdTesting
import JSON
import OAuth
import Primitives
import Storage
import TestSupport
import Testing
import Web

@Suite("RFC 9728 · The protected resource and its metadata")
struct RFC9728Tests {
    private static let resource = "http://localhost:8080/v1"

    @Test func `§2 the metadata names the resource, its servers and how tokens are sent`() async throws {
        try await TestServer.run(.sqlite) { server in
            let answer = try await server.get("/.well-known/oauth-protected-resource/v1")

            answer.keeps("getProtectedResourceMetadata")
            #expect(answer.json["resource"] as? String == Self.resource)
            #expect(answer.json["authorization_servers"] as? [String] == [TestServer.issuer.text])
            #expect(answer.json["bearer_methods_supported"] as? [String] == ["header"])
            #expect(answer.allowedOrigin == "*")
        }
    }

    @Test func `§5-1 each challenge of the API names the metadata`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()
            let (none, bad) = (try await server.get("/v1/accounts"), try await server.call("/v1/accounts", token: "x"))
            let scope = try await server.call("/v1/accounts", token: server.appToken(app))

            for answer in [none, bad, scope] {
                let challenge = answer.headers[.wwwAuthenticate] ?? ""
                #expect(challenge.contains(#"resource_metadata="http://localhost:8080/.well-known/oauth-protected-resource/v1""#))
            }
        }
    }

    @Test func `§3-3 over TLS the resource and its metadata are https at either listener`() async throws {
        try await TestServer.runOverTLS(.sqlite) { server in
            for listener in Wire.Listener.allCases {
                let challenge = try await server.at(listener).get("/v1/accounts").headers[.wwwAuthenticate] ?? ""
                #expect(challenge.contains(#"resource_metadata="https://bank.example/.well-known/oauth-protected-resource/v1""#))
                let metadata = try await server.at(listener).get("/.well-known/oauth-protected-resource/v1").json

                #expect(metadata["resource"] as? String == "https://bank.example/v1")
                #expect(metadata["authorization_servers"] as? [String] == ["https://bank.example"])
                #expect(metadata["tls_client_certificate_bound_access_tokens"] as? Bool == true)
            }
        }
    }
}
