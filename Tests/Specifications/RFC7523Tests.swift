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

/// An app that signs, and what its assertions obtain.
private struct Signer: Sendable {
    let server: TestServer
    let app: TestApp
    let key: TestKey

    static func run(
        _ engine: Engine, _ algorithm: SignatureAlgorithm = .es256, profile: SecurityProfile = .oauth21,
        _ body: @escaping @Sendable (Signer) async throws -> Void
    ) async throws {
        try await TestServer.run(engine) { server async throws in
            let key = try TestKey(algorithm)
            var metadata = key.metadata
            metadata.dpopBoundAccessTokens = profile.rules.requiresSenderConstrainedTokens
            let app = try await server.register(.backend, method: .privateKeyJWT, profile: profile, metadata: metadata)
            try await body(Signer(server: server, app: app, key: key))
        }
    }

    func assertion(claims: [String: JSONValue] = [:], header: [String: JSONValue] = [:]) throws -> String {
        try key.assertion(of: app.clientID, at: server.clock.now, claims: claims, header: header)
    }

    /// What the introspection endpoint, which wants an authenticated caller and nothing else, answers.
    func send(_ assertion: String) async throws -> TestResponse { try await send(app.fields(assertion)) }

    func send(_ fields: [(name: String, value: String)]) async throws -> TestResponse {
        try await server.post("/oauth2/introspect", form: fields + [("token", "x")])
    }

    func isAccepted(_ assertion: String) async throws -> Bool { try await send(assertion).status == .ok }

    func refusal(_ assertion: String) async throws -> String? {
        let answer = try await send(assertion)
        return answer.status == .unauthorized && answer.errorCode == "invalid_client" ? answer.json["error_description"] as? String : nil
    }
}

@Suite("RFC 7523 · Client assertions")
struct RFC7523Tests {
    @Test(arguments: SignatureAlgorithm.allCases)
    func `§2-2 an assertion by the app's own key obtains a token`(algorithm: SignatureAlgorithm) async throws {
        try await Signer.run(.sqlite, algorithm) { signer async throws in
            let form: [(name: String, value: String)] = [("grant_type", "client_credentials"), ("scope", "consents.write")]

            let answer = try await signer.server.post("/oauth2/token", form: form + signer.app.fields(try signer.assertion()))

            #expect(answer.status == .ok)
            #expect(answer.json["access_token"] is String)
        }
    }

    @Test(arguments: Engine.available)
    func `§2-2 the client_id may be left out: the assertion names it`(engine: Engine) async throws {
        try await Signer.run(engine) { signer async throws in
            let fields = signer.app.fields(try signer.assertion()).filter { $0.name != "client_id" }

            #expect(try await signer.send(fields).status == .ok)
        }
    }

    /// CA-01, CA-02, CA-03
    @Test func `§3-9 none, symmetric and foreign algorithms and other signatures are refused`() async throws {
        try await Signer.run(.sqlite) { signer async throws in
            let other = try TestKey()
            let sound = try signer.assertion().split(separator: ".").map(String.init)
            var flipped = try #require(Base64URL.decode(sound[2]))
            flipped[5] ^= 1
            let broken: [String] = [
                try signer.assertion(header: ["alg": .string("none")]), try signer.assertion(header: ["alg": .string("None")]),
                try signer.assertion(header: ["alg": .null]),
                try signer.assertion(header: ["alg": .string("RS256")]),
                "\(sound[0]).\(sound[1]).", "\(sound[0]).\(sound[1]).\(Base64URL.encode(flipped))",
                "\(sound[0]).\(sound[1]).\(Base64URL.encode([UInt8](repeating: 0, count: 64)))",
                try other.assertion(of: signer.app.clientID, at: signer.server.clock.now), "", "a.b.c", "é.é.é",
                try signedInDER(signer.assertion()),
            ]

            for assertion in try broken + signer.key.mistaken(signer.assertion()) { #expect(try await !signer.isAccepted(assertion), "\(assertion)") }
            #expect(try await signer.isAccepted(signer.assertion()))
        }
    }

    /// CA-02, CA-03
    @Test func `§3-9 at the token endpoint an HMAC of the public key and a signature in DER are refused, and spend nothing`() async throws {
        try await Signer.run(.sqlite) { signer async throws in
            let sound = try signer.assertion()
            func obtain(_ assertion: String) async throws -> TestResponse {
                try await signer.server.post(
                    "/oauth2/token", form: [("grant_type", "client_credentials"), ("scope", "consents.write")] + signer.app.fields(assertion))
            }

            for forged in try signer.key.mistaken(sound) + [signedInDER(sound)] {
                let answer = try await obtain(forged)
                #expect(answer.status == .unauthorized && answer.errorCode == "invalid_client", "\(forged)")
            }
            #expect(try await obtain(sound).status == .ok)
        }
    }

    /// CA-04
    @Test func `RFC 8725 §3-10 a key in the header is not used, nor an address of one asked`() async throws {
        let thief = try TestKey()
        let keyServer = KeyServer(thief)
        try await KeyServer.run(keyServer) { address in
            try await Signer.run(.sqlite) { signer async throws in
                for header in try thief.offers(at: address) {
                    let assertion = try thief.assertion(of: signer.app.clientID, at: signer.server.clock.now, header: header)
                    #expect(try await !signer.isAccepted(assertion), "\(header.keys)")
                }
                #expect(keyServer.count == 0)
                // The address is one that we would ask.
                #expect(try await signer.server.accepts(thief, of: signer.server.registerWithKeys(at: address)))
            }
        }
    }

    /// CA-07
    @Test func `§3-4 an assertion without a sound exp is refused`() async throws {
        try await Signer.run(.sqlite) { signer async throws in
            let now = signer.server.clock.now.seconds
            let values: [JSONValue] = [
                .null, .integer(now - 300), .integer(now), .string(String(now + 60)), .number(JSONNumber(text: "1e300")),
                .number(JSONNumber(text: "-1e300")), .boolean(true), .integer(.max), .integer(now + 86400),
            ]

            for value in values { #expect(try await signer.refusal(signer.assertion(claims: ["exp": value])) != nil, "\(value)") }
            #expect(try await signer.isAccepted(signer.assertion(claims: ["exp": .integer(now + 3600)])))
            #expect(try await signer.isAccepted(signer.assertion(claims: ["exp": .number(JSONNumber(text: "\(now + 60).5"))])))
        }
    }

    /// CA-08
    @Test(arguments: ["nbf", "iat"])
    func `§3-5 a clock that runs 8 seconds ahead is forgiven, more than 60 not`(claim: String) async throws {
        try await Signer.run(.sqlite) { signer async throws in
            let now = signer.server.clock.now.seconds

            #expect(try await signer.isAccepted(signer.assertion(claims: [claim: .integer(now + 8)])))
            #expect(try await !signer.isAccepted(signer.assertion(claims: [claim: .integer(now + 61)])))
            #expect(try await !signer.isAccepted(signer.assertion(claims: [claim: .string("soon")])))
        }
    }

    /// CA-09
    @Test func `§3-3 an audience that is not this server is refused`() async throws {
        try await Signer.run(.sqlite) { signer async throws in
            let issuer = TestServer.issuer.text
            let values: [JSONValue] = [
                .null, .string("https://other.example"), .string(issuer + "/"), .string(String(issuer.dropLast())), .string(""),
                .object(JSONObject([("a", .string(issuer))])), .array([.string(issuer), .string("https://other.example")]), .array([]),
            ]

            for value in values { #expect(try await signer.refusal(signer.assertion(claims: ["aud": value])) != nil, "\(value)") }
            for value in [issuer, issuer + "/oauth2/token", issuer + "/oauth2/introspect"] {
                #expect(try await signer.isAccepted(signer.assertion(claims: ["aud": .string(value)])), "\(value)")
            }
            #expect(try await signer.isAccepted(signer.assertion(claims: ["aud": .array([.string(issuer)])])))
        }
    }

    /// CA-13
    @Test(arguments: [SecurityProfile.fapi2, .fapi2MessageSigning])
    func `FAPI 2 §5-3-2-1 the audience is the issuer as a string`(profile: SecurityProfile) async throws {
        try await Signer.run(.sqlite, profile: profile) { signer async throws in
            let issuer = TestServer.issuer.text

            #expect(try await signer.isAccepted(signer.assertion()))
            for value: JSONValue in [.array([.string(issuer)]), .string(issuer + "/oauth2/token"), .string(issuer + "/oauth2/introspect")] {
                #expect(try await !signer.isAccepted(signer.assertion(claims: ["aud": value])), "\(value)")
            }
        }
    }

    @Test(arguments: [SecurityProfile.oauth21, .fapi2])
    func `§3-3 over TLS the endpoint's address at either listener will do, under FAPI 2 the issuer alone`(profile: SecurityProfile) async throws {
        try await TestServer.runOverTLS(.sqlite) { server in
            let key = try TestKey()
            var metadata = key.metadata
            metadata.dpopBoundAccessTokens = profile == .fapi2
            let app = try await server.register(method: .privateKeyJWT, profile: profile, metadata: metadata)
            func isAccepted(_ listener: Wire.Listener, _ audience: String) async throws -> Bool {
                let assertion = try key.assertion(of: app.clientID, at: server.clock.now, claims: ["aud": .string(audience)])
                let proof = try key.proof(at: server.clock.now, claims: ["htu": .string("https://\(listener.host)/oauth2/token")])
                let answer = try await server.at(listener).post(
                    "/oauth2/token", form: [("grant_type", "client_credentials"), ("scope", "consents.write")] + app.fields(assertion), headers: [.dpop: proof])
                return answer.status == .ok
            }

            for listener in Wire.Listener.allCases {
                #expect(try await isAccepted(listener, "https://bank.example"))
                for audience in ["https://bank.example/oauth2/token", "https://mtls.bank.example/oauth2/token"] {
                    #expect(try await isAccepted(listener, audience) == (profile == .oauth21), "\(audience)")
                }
                for audience in ["http://bank.example", "https://mtls.bank.example", "https://mtls.bank.example/oauth2/par"] {
                    #expect(try await !isAccepted(listener, audience), "\(audience)")
                }
            }
        }
    }

    /// CA-10
    @Test(arguments: ["iss", "sub"])
    func `§3-1 issuer and subject are the client_id`(claim: String) async throws {
        try await Signer.run(.sqlite) { signer async throws in
            for value: JSONValue in [.null, .string("other-client"), .string(""), .integer(1), .array([.string(signer.app.clientID)])] {
                #expect(try await signer.refusal(signer.assertion(claims: [claim: value])) != nil, "\(value)")
            }
        }
    }

    /// CA-14
    @Test(arguments: Engine.available)
    func `§3-7 an assertion works once, at whatever endpoint`(engine: Engine) async throws {
        try await Signer.run(engine) { signer in
            let assertion = try signer.assertion()

            #expect(try await signer.isAccepted(assertion))
            #expect(try await signer.refusal(assertion) == "The client_assertion was used before.")
            let elsewhere = try await signer.server.post("/oauth2/revoke", form: signer.app.fields(assertion) + [("token", "x")])
            #expect(elsewhere.errorCode == "invalid_client")
        }
    }

    /// CA-15
    @Test(arguments: Engine.available)
    func `§3-7 of twenty at once one works, five rounds`(engine: Engine) async throws {
        try await Signer.run(engine) { signer in
            for _ in 1...5 {
                let assertion = try signer.assertion()

                let accepted = try await withThrowingTaskGroup(of: Bool.self) { group async throws in
                    for _ in 0..<20 { group.addTask { try await signer.isAccepted(assertion) } }
                    return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
                }

                #expect(accepted == 1)
            }
        }
    }

    @Test func `§3-7 the jti is a text of 1 to 255 bytes`() async throws {
        try await Signer.run(.sqlite) { signer async throws in
            for value: JSONValue in [.null, .string(""), .integer(1), .string(String(repeating: "j", count: 256))] {
                #expect(try await signer.refusal(signer.assertion(claims: ["jti": value])) != nil)
            }
        }
    }

    @Test func `§3-7 a refused assertion does not spend its jti`() async throws {
        try await Signer.run(.sqlite) { signer async throws in
            let tokenID = JSONValue.string("the-same")

            #expect(try await !signer.isAccepted(signer.assertion(claims: ["jti": tokenID, "aud": .string("https://other.example")])))
            #expect(try await signer.isAccepted(signer.assertion(claims: ["jti": tokenID])))
        }
    }

    @Test func `§3-7 two apps may use the same jti`() async throws {
        try await Signer.run(.sqlite) { signer in
            let other = try await signer.server.register(.backend, method: .privateKeyJWT, metadata: signer.key.metadata)
            let claims = ["jti": JSONValue.string("the-same")]

            #expect(try await signer.isAccepted(signer.assertion(claims: claims)))
            let theirs = try signer.key.assertion(of: other.clientID, at: signer.server.clock.now, claims: claims)
            #expect(try await signer.send(other.fields(theirs)).status == .ok)
        }
    }

    /// CA-16
    @Test func `RFC 6749 §2-3 a missing, second, foreign or misplaced proof is refused`() async throws {
        try await Signer.run(.sqlite) { signer in
            let (app, secretApp) = (signer.app, try await signer.server.register(.backend))
            let assertion = try signer.assertion()
            let type = ("client_assertion_type", ClientAssertion.type)
            let forms: [[(name: String, value: String)]] = [
                [("client_id", app.clientID)], [type, ("client_id", app.clientID)], [("client_assertion", assertion), ("client_id", app.clientID)],
                [("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"), ("client_assertion", assertion)],
                app.fields(assertion) + [("client_secret", "guess")], [type, ("client_assertion", assertion), ("client_id", secretApp.clientID)],
                secretApp.fields(try signer.key.assertion(of: secretApp.clientID, at: signer.server.clock.now)),
                [("client_id", app.clientID), ("client_secret", "guess")],
            ]

            for form in forms {
                let answer = try await signer.send(form)
                #expect(["invalid_client", "invalid_request"].contains(answer.errorCode), "\(form.map(\.name))")
                if answer.status == .unauthorized { #expect(answer.headers[.wwwAuthenticate] != nil) }
            }
            let both = try await signer.server.post("/oauth2/introspect", form: app.fields(assertion) + [("token", "x")], headers: secretApp.basic)
            #expect(both.errorCode == "invalid_request")
            // Nothing of that has spent it.
            #expect(try await signer.isAccepted(assertion))
        }
    }

    @Test func `RFC 6749 §2-3-1 an assertion in the address is not read`() async throws {
        try await Signer.run(.sqlite) { signer in
            let query = Parameters(signer.app.fields(try signer.assertion())).urlEncoded

            let answer = try await signer.server.post("/oauth2/introspect?\(query)", form: [("token", "x")])

            #expect(answer.errorCode == "invalid_client")
        }
    }

    /// CA-20
    @Test func `FAPI 2 §5-4-1 RS256 is refused`() async throws {
        try await Signer.run(.sqlite, .rs256, profile: .fapi2) { signer async throws in
            #expect(try await signer.refusal(signer.assertion()) == "The client_assertion is signed with an algorithm that the app may not use.")
        }
        try await Signer.run(.sqlite, .ps256, profile: .fapi2) { signer async throws in
            #expect(try await signer.isAccepted(signer.assertion()))
        }
    }

    @Test func `OpenID Connect Registration §2 the registered algorithm is the only one`() async throws {
        try await TestServer.run(.sqlite) { server async throws in
            let key = try TestKey(.rs256)
            var metadata = key.metadata
            metadata.tokenEndpointAuthSigningAlgorithm = .ps256
            let app = try await server.register(.backend, method: .privateKeyJWT, metadata: metadata)

            let answer = try await server.post(
                "/oauth2/introspect", form: app.fields(try key.assertion(of: app.clientID, at: server.clock.now)) + [("token", "x")])

            #expect(answer.errorCode == "invalid_client")
        }
    }

    @Test func `RFC 8725 §3-11 a JWT of another type is no assertion`() async throws {
        try await Signer.run(.sqlite) { signer async throws in
            for type in ["at+jwt", "dpop+jwt", "oauth-authz-req+jwt"] {
                #expect(try await signer.refusal(signer.assertion(header: ["typ": .string(type)])) == "The client_assertion is a JWT of another type.")
            }
            for type in ["JWT", "jwt", "client-authentication+jwt"] { #expect(try await signer.isAccepted(signer.assertion(header: ["typ": .string(type)]))) }
        }
    }

    @Test func `RFC 7515 §4-1-4 of several keys the named one is tried, without a name each`() async throws {
        try await TestServer.run(.sqlite) { server in
            let (first, second) = (try TestKey(id: "first"), try TestKey(id: "second"))
            var metadata = ClientMetadata()
            metadata.jwks = JWKSet([first.jwk, second.jwk])
            let app = try await server.register(.backend, method: .privateKeyJWT, metadata: metadata)
            func isAccepted(_ key: TestKey, header: [String: JSONValue] = [:]) async throws -> Bool {
                let assertion = try key.assertion(of: app.clientID, at: server.clock.now, header: header)
                return try await server.post("/oauth2/introspect", form: app.fields(assertion) + [("token", "x")]).status == .ok
            }

            #expect(try await isAccepted(first))
            #expect(try await isAccepted(second))
            #expect(try await isAccepted(second, header: ["kid": .null]))
            #expect(try await !isAccepted(second, header: ["kid": .string("first")]))
            #expect(try await !isAccepted(second, header: ["kid": .string("third")]))
        }
    }

    @Test func `RFC 8414 §2 the metadata lists the method and its algorithms`() async throws {
        try await TestServer.run(.sqlite) { server in
            let metadata = try await server.get("/.well-known/oauth-authorization-server").json

            #expect((metadata["token_endpoint_auth_methods_supported"] as? [String])?.contains("private_key_jwt") == true)
            #expect((metadata["token_endpoint_auth_signing_alg_values_supported"] as? [String])?.contains("ES256") == true)
        }
    }
}
