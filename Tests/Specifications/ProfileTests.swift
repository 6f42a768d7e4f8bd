import Applications
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

@Suite("Profiles · what an app has signed up to")
struct ProfileTests {
    @Test(arguments: Engine.available)
    func `oidc-compat lets a confidential app leave PKCE out, and signs its ID tokens with RS256`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register(profile: .oidcCompat)
            let code = try await server.authorize(app, [("code_challenge", ""), ("code_challenge_method", "")])

            let answer = try await server.redeem(code, by: app, [("code_verifier", "")])

            let token = answer.json["id_token"] as? String ?? ""
            #expect(try UnverifiedJWS(parsing: token).algorithm == .rs256)
            #expect(try await server.claims(token)?["nonce"]?.string == "n-0S6_WzA2Mj")
        }
    }

    @Test func `OpenID Connect Core §3-1-2-1 oidc-compat lets a confidential app leave the nonce out too, and refuses a verifier`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register(profile: .oidcCompat)
            let without: [(name: String, value: String)] = [("code_challenge", ""), ("code_challenge_method", "")]

            let bare = try await server.redeem(server.authorize(app, without + [("nonce", "")]), by: app, [("code_verifier", "")])
            let answer = try await server.redeem(server.authorize(app, without), by: app)

            #expect(bare.status == .ok, "\(bare.text)")
            let claims = try #require(try await server.claims(bare.json["id_token"] as? String))
            #expect(claims["nonce"] == nil)
            #expect(answer.errorCode == "invalid_grant")
        }
    }

    @Test func `oidc-compat holds public apps to PKCE, and whoever sent a challenge to its verifier`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register(.singlePage, profile: .oidcCompat)
            let confidential = try await server.register(profile: .oidcCompat)
            let code = try await server.authorize(confidential)

            #expect(try await server.answer(app, [("code_challenge", ""), ("code_challenge_method", "")])["error"] == "invalid_request")
            #expect(try await server.redeem(code, by: confidential, [("code_verifier", "")]).errorCode == "invalid_grant")
        }
    }

    @Test(arguments: [SignatureAlgorithm.ps256, .edDSA, .rs256])
    func `OpenID Connect Registration §2 the registered algorithm signs ID tokens, and at_hash follows it`(algorithm: SignatureAlgorithm) async throws {
        try await TestServer.run(.sqlite) { server in
            var metadata = ClientMetadata()
            metadata.idTokenSignedResponseAlgorithm = algorithm
            let app = try await server.register(metadata: metadata)

            let tokens = try await server.tokens(for: app)

            #expect(try UnverifiedJWS(parsing: tokens.id ?? "").algorithm == algorithm)
            let claims = try #require(try await server.claims(tokens.id))
            #expect(claims["at_hash"]?.string?.count == (algorithm == .edDSA ? 43 : 22))
            // As a hint it is one of ours.
            let hinted = try await server.answer(app, [("id_token_hint", tokens.id ?? ""), ("prompt", "none")])
            #expect(hinted["error"] == "login_required")
        }
    }

    @Test(arguments: [SecurityProfile.fapi2, .fapi2MessageSigning])
    func `FAPI 2 the whole way: pushed, by assertion, bound by DPoP`(profile: SecurityProfile) async throws {
        try await TestServer.run(.sqlite) { server in
            let key = try TestKey()
            var metadata = key.metadata
            metadata.dpopBoundAccessTokens = true
            let app = try await server.register(method: .privateKeyJWT, profile: profile, metadata: metadata)
            let now = server.clock.now
            func assertion() throws -> [(name: String, value: String)] { app.fields(try key.assertion(of: app.clientID, at: now)) }
            var form = (Parameters(urlEncoded: String(server.authorizationURI(app).dropFirst(18)))?.pairs ?? []).filter { $0.name != "client_id" }
            if profile == .fapi2MessageSigning {
                var claims: [String: JSONValue] = [
                    "iss": .string(app.clientID), "aud": .string(TestServer.issuer.text), "client_id": .string(app.clientID), "exp": .integer(now.seconds + 60),
                    "nbf": .integer(now.seconds),
                ]
                for (name, value) in form { claims[name] = .string(value) }
                form = [("request", try key.sign(claims, header: ["typ": .string("oauth-authz-req+jwt")]))]
            }
            let pushed = try await server.post("/oauth2/par", form: form + assertion())
            let answer = try await server.authorize(app, pushed: pushed)
            let redemption: [(name: String, value: String)] = [
                ("grant_type", "authorization_code"), ("code", answer["code"] ?? ""), ("redirect_uri", app.redirectURI), ("code_verifier", TestServer.verifier),
            ]

            let unbound = try await server.post("/oauth2/token", form: redemption + assertion())
            let bound = try await server.post("/oauth2/token", form: redemption + assertion(), headers: [.dpop: try key.proof(at: now)])

            #expect(unbound.status == .badRequest && unbound.errorCode == "invalid_request")
            #expect(bound.status == .ok && bound.json["token_type"] as? String == "DPoP")
            // RFC 6749 §6 with FAPI 2 §5.3.2.1: the refresh token stays, whatever key comes with it.
            let next = try TestKey()
            let refresh: [(name: String, value: String)] = [("grant_type", "refresh_token"), ("refresh_token", bound.json["refresh_token"] as? String ?? "")]
            let refreshed = try await server.post("/oauth2/token", form: refresh + assertion(), headers: [.dpop: try next.proof(at: now)])
            #expect(refreshed.json["refresh_token"] as? String == bound.json["refresh_token"] as? String)
        }
    }

    /// Pushed and redeemed at the listener of mutual TLS, authorized at the public one, which is https alone.
    @Test(arguments: Engine.available)
    func `FAPI 2 the whole way over TLS: pushed, by assertion, bound to the certificate of the handshake`(engine: Engine) async throws {
        try await TestServer.runOverTLS(engine) { server in
            let (key, own, other) = (try TestKey(), try TestIdentity.selfSigned(), try TestIdentity.selfSigned())
            var metadata = key.metadata
            metadata.tlsClientCertificateBoundAccessTokens = true
            let app = try await server.register(method: .privateKeyJWT, profile: .fapi2, metadata: metadata)
            func assertion() throws -> [(name: String, value: String)] {
                app.fields(try key.assertion(of: app.clientID, for: server.issuer, at: server.clock.now))
            }
            let client = server.presenting(own)
            let request = (Parameters(urlEncoded: String(server.authorizationURI(app).dropFirst(18)))?.pairs ?? []).filter { $0.name != "client_id" }

            let pushed = try await client.post("/oauth2/par", form: request + assertion())
            let browser = TestBrowser(server)
            let answer = try await server.authorize(app, pushed: pushed, browser: browser)
            let redemption: [(name: String, value: String)] = [
                ("grant_type", "authorization_code"), ("code", answer["code"] ?? ""), ("redirect_uri", app.redirectURI), ("code_verifier", TestServer.verifier),
            ]
            let unbound = try await server.at(.mutualTLS).post("/oauth2/token", form: redemption + assertion())
            let bound = try await client.post("/oauth2/token", form: redemption + assertion())

            #expect(pushed.status == .created && answer["iss"] == "https://bank.example")
            // V3.3.1: what an https issuer sets, no other host and no plain connection gets.
            let cookies = await browser.cookies.keys
            #expect(!cookies.isEmpty && cookies.allSatisfy { $0.hasPrefix("__Host-") })
            #expect(unbound.status == .badRequest && unbound.errorCode == "invalid_request")
            #expect(bound.status == .ok && bound.json["token_type"] as? String == "Bearer")
            let token = bound.json["access_token"] as? String ?? ""
            let claims = try await server.claims(token)
            #expect(claims?["iss"]?.string == "https://bank.example" && claims?["aud"]?.string == "https://bank.example/v1")
            #expect(try await client.call("/v1/accounts", token: token).status == .ok)
            #expect(try await client.userinfo(token).status == .ok)
            for sender in [server.at(.open), server.at(.mutualTLS), server.presenting(other)] {
                #expect(try await sender.call("/v1/accounts", token: token).status == .unauthorized)
                #expect(try await sender.userinfo(token).status == .unauthorized)
            }
            // FAPI 2 §5.3.2.1: the refresh token stays, and its tokens are bound to the certificate that comes with it.
            let refresh: [(name: String, value: String)] = [("grant_type", "refresh_token"), ("refresh_token", bound.json["refresh_token"] as? String ?? "")]
            let renewed = try await server.presenting(other).post("/oauth2/token", form: refresh + assertion())
            #expect(renewed.json["refresh_token"] as? String == bound.json["refresh_token"] as? String)
            #expect(try await server.claims(renewed.json["access_token"] as? String)?["cnf"]?["x5t#S256"]?.string == other.thumbprint)
        }
    }

    @Test(arguments: [SecurityProfile.fapi2, .fapi2MessageSigning])
    func `FAPI 2 an app that cannot keep the rules is not registered`(profile: SecurityProfile) async throws {
        try await TestServer.run(.sqlite) { server in
            let key = try TestKey()
            var bound = key.metadata
            bound.dpopBoundAccessTokens = true
            let algorithms: [WritableKeyPath<ClientMetadata, SignatureAlgorithm?>] = [
                \.tokenEndpointAuthSigningAlgorithm, \.requestObjectSigningAlgorithm, \.idTokenSignedResponseAlgorithm, \.authorizationSignedResponseAlgorithm,
                \.introspectionSignedResponseAlgorithm,
            ]
            let weak = algorithms.map { algorithm in
                var metadata = bound
                metadata[keyPath: algorithm] = .rs256
                return (ClientAuthenticationMethod.privateKeyJWT, metadata)
            }
            let attempts: [(ClientAuthenticationMethod, ClientMetadata)] = [
                (.clientSecretBasic, bound), (.none, bound), (.privateKeyJWT, ClientMetadata()), (.privateKeyJWT, key.metadata),
            ]

            for (method, metadata) in attempts + weak {
                await #expect(throws: AppRefusal.self, "\(method)") { try await server.register(method: method, profile: profile, metadata: metadata) }
            }
            #expect(try await server.register(method: .privateKeyJWT, profile: profile, metadata: bound).secret == nil)
        }
    }

    @Test func `the table of rules says what each adds to oauth21`() {
        #expect(SecurityProfile.oauth21.rules.sentences.isEmpty)
        #expect(SecurityProfile.oidcCompat.rules.sentences.count == 2)
        #expect(SecurityProfile.fapi2.rules.sentences.count == 6)
        #expect(SecurityProfile.fapi2MessageSigning.rules.sentences.count == 7)
    }
}
