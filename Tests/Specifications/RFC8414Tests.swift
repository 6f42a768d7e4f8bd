import AccessTokens
import Composition
import Foundation
import HTTPTypes
import HummingbirdTesting
import JOSE
import Primitives
import Storage
import TestSupport
import Testing
import Web

@Suite("RFC 8414 · Authorization server metadata")
struct RFC8414Tests {
    static let paths = ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"]

    @Test(arguments: paths)
    func `§3-3 the issuer is the public address, byte by byte, whatever the request's headers say`(path: String) async throws {
        try await TestServer.run(.sqlite) { server in
            let forged: HTTPFields = [
                HTTPField.Name("X-Forwarded-Host")!: "evil.test", HTTPField.Name("Forwarded")!: "host=evil.test;proto=https",
                HTTPField.Name("X-Original-URL")!: "/evil", HTTPField.Name("X-Forwarded-Proto")!: "https",
            ]

            let response = try await server.get(path, headers: forged)

            #expect(response.status == .ok)
            #expect(response.json["issuer"] as? String == TestServer.issuer.text)
            #expect(!response.text.contains("evil"))
        }
    }

    /// DI-02
    @Test(arguments: paths)
    func `§2 over TLS each address is https, of the issuer's host, and answers there`(path: String) async throws {
        try await TestServer.runOverTLS(.sqlite) { server in
            let answer = try await server.get(path)
            let metadata = answer.json
            let aliases = metadata["mtls_endpoint_aliases"] as? [String: String] ?? [:]

            #expect(metadata["issuer"] as? String == "https://bank.example")
            #expect(answer.headers[.strictTransportSecurity] != nil)
            let addresses = metadata.compactMapValues { $0 as? String }.filter { $0.key.hasSuffix("_endpoint") || $0.key == "jwks_uri" }
            #expect(addresses.count >= 6)
            for (listener, addresses) in [(Wire.Listener.open, addresses), (.mutualTLS, aliases)] {
                for (name, address) in addresses {
                    let base = "https://\(listener.host)"
                    #expect(address.hasPrefix(base + "/oauth2/"), "\(name)")
                    #expect(try await server.at(listener).get(String(address.dropFirst(base.count))).status != .notFound, "\(name)")
                }
            }
            #expect(Set(aliases.keys).isSubset(of: Set(["userinfo_endpoint"]).union(addresses.keys)) && aliases.count == 5)
            // Whichever listener is asked, it says the same.
            #expect(try await server.at(.mutualTLS).get(path).text == answer.text)
        }
    }

    @Test(arguments: paths)
    func `§2 what is announced is what is there`(path: String) async throws {
        try await TestServer.run(.sqlite) { server in
            let metadata = try await server.get(path).json
            func list(_ name: String) -> [String] { metadata[name] as? [String] ?? [] }

            #expect(list("response_types_supported") == ["code"])
            #expect(list("response_modes_supported") == ["query", "fragment", "form_post", "jwt", "query.jwt", "fragment.jwt", "form_post.jwt"])
            #expect(list("grant_types_supported") == ["authorization_code", "refresh_token", "client_credentials"])
            #expect(list("code_challenge_methods_supported") == ["S256"])
            #expect(list("token_endpoint_auth_methods_supported") == ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"])
            #expect(!list("introspection_endpoint_auth_methods_supported").contains("none"))
            // Where a method signs, the algorithms are told, without "none".
            for endpoint in ["token", "introspection", "revocation"] {
                #expect(list("\(endpoint)_endpoint_auth_methods_supported").contains("private_key_jwt"))
                #expect(list("\(endpoint)_endpoint_auth_signing_alg_values_supported").sorted() == ["ES256", "EdDSA", "PS256", "RS256"], "\(endpoint)")
            }
            #expect(
                list("scopes_supported") == [
                    "openid", "profile", "email", "phone", "address", "offline_access", "accounts.read", "transactions.read", "payments.write",
                    "consents.write",
                ])
            #expect(list("authorization_details_types_supported") == ["account_access", "payment"])
            #expect(list("acr_values_supported") == ["urn:wekeza:acr:1", "urn:wekeza:acr:2"])
            #expect(metadata["authorization_response_iss_parameter_supported"] as? Bool == true)
            for name in ["authorization_endpoint", "token_endpoint", "introspection_endpoint", "revocation_endpoint", "jwks_uri"] {
                let address = metadata[name] as? String ?? ""
                #expect(address.hasPrefix(TestServer.issuer.text + "/oauth2/"), "\(name)")
                #expect(try await server.get(String(address.dropFirst(TestServer.issuer.text.count))).status != .notFound, "\(name)")
            }
        }
    }

    @Test func `OpenID Connect Discovery §3 the provider's own members, and no unsigned algorithm`() async throws {
        try await TestServer.run(.sqlite) { server in
            let response = try await server.get("/.well-known/openid-configuration")
            let metadata = response.json

            #expect(metadata["userinfo_endpoint"] as? String == "\(TestServer.issuer)/oauth2/userinfo")
            #expect(metadata["subject_types_supported"] as? [String] == ["public"])
            #expect(metadata["id_token_signing_alg_values_supported"] as? [String] == ["ES256", "PS256", "EdDSA", "RS256"])
            #expect(metadata["request_parameter_supported"] as? Bool == true)
            #expect(metadata["request_uri_parameter_supported"] as? Bool == false)
            #expect(metadata["claims_parameter_supported"] as? Bool == true)
            for name in metadata.keys where name.hasSuffix("alg_values_supported") {
                #expect((metadata[name] as? [String])?.contains { $0 == "none" || $0.hasPrefix("HS") } == false)
            }
        }
    }

    @Test(arguments: paths + ["/oauth2/jwks"])
    func `§3 public documents may be kept for a short while and read from every origin`(path: String) async throws {
        try await TestServer.run(.sqlite) { server in
            let response = try await server.get(path, headers: [.origin: "https://anywhere.test"])

            #expect(response.headers[.contentType]?.hasPrefix("application/json") == true)
            #expect(response.headers[.cacheControl]?.hasPrefix("public, max-age=") == true)
            #expect(response.allowedOrigin == "*")
            #expect(response.headers[.xContentTypeOptions] == "nosniff")
            let preflight = try await server.send(.options, path, headers: [.origin: "https://anywhere.test", .accessControlRequestMethod: "GET"])
            #expect(preflight.allowedOrigin == "*")
            #expect(try await server.send(.post, path).status == .methodNotAllowed)
        }
    }

    @Test(arguments: Engine.available)
    func `RFC 7517 §5 the key set has two keys with their own kid and no private part`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let keys = try await server.get("/oauth2/jwks").json["keys"] as? [[String: String]] ?? []

            #expect(keys.count == 2)
            #expect(Set(keys.compactMap { $0["kid"] }).count == 2)
            for key in keys {
                #expect(key["kty"] == "EC" && key["crv"] == "P-256" && key["alg"] == "ES256" && key["use"] == "sig")
                #expect(key["d"] == nil)
            }
        }
    }

    @Test(arguments: Engine.available)
    func `OpenID Connect Core §10-1-1 tokens verify across a rotation`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            server.clock.advance(by: .minutes(5))
            let before = try await server.appToken(app)

            try await server.platform.keys.rotate(at: server.clock.now)
            let after = try await server.appToken(app)

            #expect(try await server.claims(before) != nil)
            #expect(try await server.claims(after) != nil)
            #expect(try UnverifiedJWS(parsing: before).keyID != UnverifiedJWS(parsing: after).keyID)
            #expect(try await server.introspect(before, by: app).json["active"] as? Bool == true)
        }
    }
}
