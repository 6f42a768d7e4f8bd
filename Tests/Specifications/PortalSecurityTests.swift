import Applications
import Composition
import Events
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

@Suite("Portal · profile, keys and how an app proves itself")
struct PortalSecurityTests {
    private let key: TestKey

    init() throws { key = try TestKey(id: "k1") }

    private var set: String { key.metadata.jwks?.text ?? "" }

    /// The form filled in for FAPI 2.0 with a key.
    private func fapi(_ changes: [(name: String, value: String)] = []) -> [(name: String, value: String)] {
        let usual: [(name: String, value: String)] = [
            ("profile", "fapi2"), ("auth_method", "private_key_jwt"), ("jwks", set), ("jwks_uri", ""), ("tls_subject_kind", "tls_client_auth_subject_dn"),
            ("tls_subject", ""), ("binding", "dpop_bound_access_tokens"), ("id_token_signed_response_alg", ""), ("token_endpoint_auth_signing_alg", ""),
            ("request_object_signing_alg", ""),
        ]
        let changed = Set(changes.map(\.name))
        return usual.filter { !changed.contains($0.name) } + changes
    }

    private static func address(_ app: App) -> String { "/portal/apps/\(app.id)/security" }

    @Test(arguments: Engine.available)
    func `an app moves from a secret to FAPI 2-0 and its own key, effective at once`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let demo = try await server.demoApp()
            let browser = try await server.developer()
            try await browser.open(Self.address(demo))

            try await browser.submit("profile", fapi())
            try await server.settle()

            #expect(await browser.address == "/portal/apps/\(demo.id)?saved=1")
            #expect((await browser.page).contains("FAPI 2.0 Security Profile"))
            let app = try await server.demoApp()
            #expect(app.profile == .fapi2 && app.authenticationMethod == .privateKeyJWT && app.metadata.dpopBoundAccessTokens && app.liveSecrets.isEmpty)
            #expect(app.metadata.jwks?.keys.map(\.keyID) == ["k1"])
            #expect(app.redirectURIs == demo.redirectURIs && app.scopes == demo.scopes)
        }
    }

    @Test(arguments: Engine.available)
    func `both boxes of a question are ticked and saved`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let demo = try await server.demoApp()
            let browser = try await server.developer()
            for (question, members) in [
                ("requests", ["require_pushed_authorization_requests", "require_signed_request_object"]),
                ("binding", ["dpop_bound_access_tokens", "tls_client_certificate_bound_access_tokens"]),
            ] {
                try await browser.open(Self.address(demo))
                try await browser.submit("profile", fapi(members.map { (name: question, value: $0) }))
                try await server.settle()

                let saved = try await server.demoApp().metadata.json
                #expect(await browser.address == "/portal/apps/\(demo.id)?saved=1", "\(question)")
                #expect(members.allSatisfy { saved[$0]?.boolean == true }, "\(question)")
            }
            // What is no list still comes once.
            try await browser.open(Self.address(demo))
            try await browser.submit("profile", fapi() + [("profile", "oauth21")])
            #expect(await browser.status == 400)
        }
    }

    @Test(arguments: Engine.available)
    func `back to a secret, the new one is shown once`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let demo = try await server.demoApp()
            let browser = try await server.developer()
            try await browser.open(Self.address(demo))
            try await browser.submit("profile", fapi())
            try await browser.open(Self.address(demo))

            try await browser.submit(
                "profile", fapi([("profile", "oauth21"), ("auth_method", "client_secret_basic"), ("jwks", ""), ("binding", "")]))
            try await server.settle()

            #expect(await browser.address == "/portal/apps/\(demo.id)/secret")
            let secret = try #require((await browser.page).firstMatch(of: /wkz_sk_[A-Za-z0-9_-]+/)).0
            let answer = try await server.post(
                "/oauth2/token", form: [("grant_type", "client_credentials"), ("scope", "consents.write")], headers: .basic(demo.clientID.text, String(secret)))
            #expect(answer.status == .ok)
        }
    }

    @Test(arguments: Engine.available)
    func `contradictions stand next to their fields, and nothing is saved`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let demo = try await server.demoApp()
            let browser = try await server.developer()
            let cases: [(changes: [(name: String, value: String)], field: String, text: String)] = [
                ([("auth_method", "client_secret_basic")], "auth_method", "does not allow client_secret_basic"),
                ([("jwks", "")], "jwks", "For private_key_jwt give the app’s public keys"),
                ([("auth_method", "tls_client_auth")], "tls_subject", "say whom the certificate names"),
                ([("binding", "")], "binding", "The profile fapi2 binds tokens"),
                ([("id_token_signed_response_alg", "RS256")], "id_token_signed_response_alg", "does not allow RS256"),
                ([("token_endpoint_auth_signing_alg", "RS256")], "token_endpoint_auth_signing_alg", "does not allow RS256"),
                ([("tls_subject", "nonsense")], "tls_subject", "cannot be read"),
                ([("profile", "nonsense")], "profile", "Choose the rules"),
                ([("profile", "oauth21"), ("auth_method", "none")], "auth_method", "do not become one another"),
            ]

            for (changes, field, text) in cases {
                try await browser.open(Self.address(demo))
                try await browser.submit("profile", fapi(changes))
                let page = await browser.page
                #expect(await browser.status == 422, "\(field)")
                #expect(page.contains("href=\"#\(field)\""), "\(field)")
                #expect(page.contains("id=\"\(field)-error\""), "\(field)")
                #expect(page.contains(text), "\(text)")
            }
            try await server.settle()
            let unchanged = try await server.demoApp()
            #expect(fields(unchanged) == fields(demo))
        }
    }

    @Test func `each fault of pasted keys is named`() async throws {
        try await TestServer.run(.sqlite) { server in
            let demo = try await server.demoApp()
            let browser = try await server.developer()
            let public_ = key.jwk.object.text
            let weak = #"{"kty":"RSA","e":"AQAB","n":"\#(Base64URL.encode([UInt8](repeating: 0xC1, count: 128)))","kid":"k2"}"#
            let certified = weak.replacing(#""kid""#, with: #""x5c":["AAAA"],"kid""#)
            let cases: [(jwks: String, text: String)] = [
                ("{", "This is not valid JSON"), (public_, "This is one key"), ("{}", "Use a JSON object with the member keys"),
                (#"{"keys":[]}"#, "at least one key"),
                (#"{"keys":[{"kty":"oct","k":"c2VjcmV0","kid":"s"}]}"#, "Key 1 is a symmetric key"),
                (#"{"keys":[\#(public_.replacing("\"kty\"", with: "\"d\":\"AAAA\",\"kty\""))]}"#, "Key 1 holds a private part"),
                (#"{"keys":[\#(public_.replacing("\"sig\"", with: "\"enc\""))]}"#, "Key 1 is not for signatures (use enc)"),
                (#"{"keys":[\#(public_),\#(weak)]}"#, "Key 2 is an RSA key of fewer than 2048"),
                (#"{"keys":[\#(public_),\#(certified)]}"#, "Key 2 is an RSA key of fewer than 2048"),
                (#"{"keys":[\#(public_),\#(public_)]}"#, "k1 stands there twice"),
            ]

            for (jwks, text) in cases {
                try await browser.open(Self.address(demo))
                try await browser.submit("profile", fapi([("jwks", jwks)]))
                #expect(await browser.status == 422, "\(text)")
                #expect((await browser.page).contains(text), "\(text)")
            }
            for (address, text) in [
                ("http://keys.example.com/jwks", "Begin with https://"), ("not an address", "Use only the characters"),
                ("https://keys.example.com/jwks", "not both"),
            ] {
                try await browser.open(Self.address(demo))
                try await browser.submit("profile", fapi([("jwks_uri", address)]))
                #expect(await browser.status == 422, "\(text)")
                #expect((await browser.page).contains(text), "\(text)")
            }
        }
    }

    @Test func `RFC 8705 §2-2-2 a pasted RSA key of any size stays for its certificate, and for nothing else`() async throws {
        try await TestServer.run(.sqlite) { server in
            let demo = try await server.demoApp()
            let browser = try await server.developer()
            let large = #"{"kty":"RSA","e":"AQAB","n":"\#(Base64URL.encode([UInt8](repeating: 0xC1, count: 1024)))","kid":"k2""#
            let (certified, empty) = (large + #","x5c":["AAAA"]}"#, large + #","x5c":[]}"#)
            func form(_ method: String, _ other: String) -> [(name: String, value: String)] {
                fapi([("auth_method", method), ("jwks", #"{"keys":[\#(key.jwk.object.text),\#(other)]}"#)])
            }
            try await browser.open(Self.address(demo))

            try await browser.submit("profile", form("self_signed_tls_client_auth", certified))
            try await server.settle()

            #expect(await browser.address == "/portal/apps/\(demo.id)?saved=1")
            let kept = try await server.demoApp().metadata.jwks?.withCertificates.compactMap { $0["kid"]?.string }
            #expect(kept == ["k2"])
            for (method, other) in [("private_key_jwt", certified), ("tls_client_auth", certified), ("self_signed_tls_client_auth", empty)] {
                try await browser.open(Self.address(demo))
                try await browser.submit("profile", form(method, other))
                #expect(await browser.status == 422, "\(method)")
                #expect((await browser.page).contains("Key 2 is an RSA key"), "\(method)")
            }
        }
    }

    @Test func `members that the form does not show stay`() async throws {
        try await TestServer.run(.sqlite) { server in
            let demo = try await server.demoApp()
            let now = server.clock.now
            var metadata = demo.metadata
            (metadata.contacts, metadata.defaultMaxAge, metadata.introspectionSignedResponseAlgorithm) = (["dev@acme.example"], 600, .ps256)
            let change = AppChange(metadata: metadata)
            _ = try await server.database.write { try Applications.Apps().update(demo.id, change, by: .system, at: now, requestID: nil, in: $0) }
            let browser = try await server.developer()
            try await browser.open(Self.address(demo))

            try await browser.submit("profile", fapi())
            try await server.settle()

            let after = try await server.demoApp().metadata
            #expect(after.contacts == ["dev@acme.example"] && after.defaultMaxAge == 600 && after.introspectionSignedResponseAlgorithm == .ps256)
        }
    }

    @Test(arguments: Engine.available)
    func `another organisation finds no such app, and a form without its token changes nothing`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let demo = try await server.demoApp()
            try await server.enrol("wanjiku@savanna.example")
            let stranger = try await server.signedIn("wanjiku@savanna.example", TestServer.passphrase)
            try await stranger.open(Self.address(demo))
            #expect(await stranger.status == 404)
            try await stranger.open("/portal/apps/new")

            #expect(try await stranger.post(server, Self.address(demo), fapi()).status == .notFound)
            #expect(try await server.post(Self.address(demo), form: fapi(), headers: [.accept: "text/html"]).status == .seeOther)
            try await server.settle()
            let unchanged = try await server.demoApp()
            #expect(fields(unchanged) == fields(demo))
        }
    }

    @Test(arguments: Engine.available)
    func `grants go on: a refresh token works after the change, with the new way of proving`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let tokens = try await server.tokens(for: app)
            let now = server.clock.now
            var change = AppChange(authenticationMethod: .privateKeyJWT)
            change.metadata = try ClientMetadata(reading: JSONObject([("jwks", JSONValue(parsing: set))]))
            let wanted = change
            _ = try await server.database.write { try Applications.Apps().secure(app.app.id, wanted, by: .system, at: now, requestID: nil, in: $0).get() }
            try await server.settle()

            let bySecret = try await server.refresh(tokens.refresh, by: app)
            let assertion = app.fields(try key.assertion(of: app.clientID, at: server.clock.now))
            let byKey = try await server.post(
                "/oauth2/token",
                form: [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh ?? "")] + assertion)

            #expect(bySecret.errorCode == "invalid_client")
            #expect(byKey.status == .ok)
        }
    }
}
