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

/// An app that signs its requests.
private struct Requester: Sendable {
    let server: TestServer
    let app: TestApp
    let key: TestKey

    static func run(
        _ engine: Engine = .sqlite, _ algorithm: SignatureAlgorithm = .es256, profile: SecurityProfile = .oauth21,
        _ body: @escaping @Sendable (Requester) async throws -> Void
    ) async throws {
        try await TestServer.run(engine) { server async throws in
            let key = try TestKey(algorithm)
            var metadata = key.metadata
            metadata.dpopBoundAccessTokens = profile.rules.requiresSenderConstrainedTokens
            let app = try await server.register(method: .privateKeyJWT, profile: profile, metadata: metadata)
            try await body(Requester(server: server, app: app, key: key))
        }
    }

    /// A sound request object; a null takes a claim away.
    func object(claims: [String: JSONValue] = [:], header: [String: JSONValue] = [:], by other: TestKey? = nil) throws -> String {
        let now = server.clock.now
        let sound: [String: JSONValue] = [
            "iss": .string(app.clientID), "aud": .string(TestServer.issuer.text), "client_id": .string(app.clientID), "exp": .integer(now.seconds + 300),
            "nbf": .integer(now.seconds), "response_type": .string("code"), "redirect_uri": .string(app.redirectURI), "scope": .string("openid"),
            "state": .string("inner"), "nonce": .string("n-0S6_WzA2Mj"), "code_challenge": .string(TestServer.challenge),
            "code_challenge_method": .string("S256"),
        ]
        return try (other ?? key).sign(sound.merging(claims) { $1 }, header: ["typ": .string("oauth-authz-req+jwt")].merging(header) { $1 })
    }

    /// What the pushed authorization request endpoint answers.
    func push(_ object: String, _ more: [(name: String, value: String)] = []) async throws -> TestResponse {
        let fields = app.fields(try key.assertion(of: app.clientID, at: server.clock.now))
        return try await server.post("/oauth2/par", form: fields + [("request", object)] + more)
    }

    func isRefused(_ object: String) async throws -> Bool {
        let answer = try await push(object)
        return answer.status == .badRequest && answer.errorCode == "invalid_request_object"
    }
}

@Suite("RFC 9101 · Signed authorization requests")
struct RFC9101Tests {
    @Test(arguments: SignatureAlgorithm.allCases)
    func `§5 a customer who comes with a signed request gets to the code`(algorithm: SignatureAlgorithm) async throws {
        try await Requester.run(.sqlite, algorithm) { requester async throws in
            let browser = TestBrowser(requester.server)
            let query = Parameters([("client_id", requester.app.clientID), ("request", try requester.object())])

            try await browser.open("/oauth2/authorize?" + query.urlEncoded)
            let answer = try await requester.server.decide(browser)

            #expect(answer["code"] != nil && answer["state"] == "inner")
        }
    }

    @Test func `§6-3 parameters beside the object do not count, not even where it has none`() async throws {
        try await Requester.run { requester async throws in
            let browser = TestBrowser(requester.server)
            let query = Parameters([
                ("client_id", requester.app.clientID), ("request", try requester.object(claims: ["state": .null])), ("state", "outer"), ("scope", "unknown"),
            ])

            try await browser.open("/oauth2/authorize?" + query.urlEncoded)
            let answer = try await requester.server.decide(browser)

            #expect(answer["code"] != nil && answer["state"] == nil)
        }
    }

    @Test(arguments: Engine.available)
    func `RFC 9126 §3 a signed request can be pushed`(engine: Engine) async throws {
        try await Requester.run(engine) { requester async throws in
            let pushed = try await requester.push(try requester.object())

            #expect(pushed.status == .created)
            #expect(try await requester.server.authorize(requester.app, pushed: pushed)["state"] == "inner")
        }
    }

    /// PA-11
    @Test func `§6 an object that is broken in one place is refused`() async throws {
        try await Requester.run { requester async throws in
            let other = try TestKey()
            let parts = try requester.object().split(separator: ".").map(String.init)
            let now = requester.server.clock.now.seconds
            let broken: [(String, String)] = [
                ("none", try requester.object(header: ["alg": .string("none")])), ("signed in DER", try signedInDER(requester.object())),
                ("RS256 by an EC key", try requester.object(header: ["alg": .string("RS256")])), ("unsigned", "\(parts[0]).\(parts[1])."),
                ("flipped", "\(parts[0]).\(parts[1]).\(Base64URL.encode([UInt8](repeating: 7, count: 64)))"), ("another key", try requester.object(by: other)),
                ("no JWT", "x"), ("type of a token", try requester.object(header: ["typ": .string("at+jwt")])),
                ("other aud", try requester.object(claims: ["aud": .string("https://other.example")])),
                ("no aud", try requester.object(claims: ["aud": .null])),
                ("other iss", try requester.object(claims: ["iss": .string("other-app")])), ("no iss", try requester.object(claims: ["iss": .null])),
                ("other client_id", try requester.object(claims: ["client_id": .string("other-app")])),
                ("no client_id", try requester.object(claims: ["client_id": .null])),
                ("expired", try requester.object(claims: ["exp": .integer(now - 60)])), ("exp a text", try requester.object(claims: ["exp": .string("soon")])),
                ("nbf in the future", try requester.object(claims: ["nbf": .integer(now + 61)])),
                ("nested request", try requester.object(claims: ["request": .string("x")])),
                ("nested request_uri", try requester.object(claims: ["request_uri": .string("urn:ietf:params:oauth:request_uri:x")])),
                ("member twice", try requester.key.sign(payload: #"{"iss":"a","iss":"b"}"#, header: #"{"alg":"ES256","kid":"key-1"}"#)),
            ]

            for (name, object) in broken { #expect(try await requester.isRefused(object), "\(name)") }
            for object in try requester.key.mistaken(requester.object()) { #expect(try await requester.isRefused(object), "\(object)") }
            let evil = try await requester.push(try requester.object(claims: ["redirect_uri": .string("https://evil.example/")]))
            #expect(evil.status == .badRequest)
            #expect(try await requester.push(try requester.object()).status == .created)
        }
    }

    /// CA-04
    @Test func `RFC 8725 §3-10 a key in the header is not used, nor an address of one asked`() async throws {
        let thief = try TestKey()
        let keyServer = KeyServer(thief)
        try await KeyServer.run(keyServer) { address in
            try await Requester.run { requester async throws in
                for header in try thief.offers(at: address) {
                    #expect(try await requester.isRefused(requester.object(header: header, by: thief)), "\(header.keys)")
                }
                #expect(keyServer.count == 0)
            }
        }
    }

    @Test func `§5-2 an object of several audiences, with a skew of 8 seconds or of an older type is accepted`() async throws {
        try await Requester.run { requester async throws in
            let now = requester.server.clock.now.seconds
            let sound = [
                try requester.object(claims: ["aud": .array([.string("https://other.example"), .string(TestServer.issuer.text)])]),
                try requester.object(claims: ["nbf": .integer(now + 8)]), try requester.object(header: ["typ": .null]),
                try requester.object(header: ["typ": .string("JWT")]), try requester.object(claims: ["exp": .null, "nbf": .null]),
                try requester.object(claims: ["max_age": .integer(600)]),
            ]

            for object in sound { #expect(try await requester.push(object).status == .created) }
        }
    }

    @Test func `FAPI 2 Message Signing §5-3-1 exp and nbf are there and at most an hour apart`() async throws {
        try await Requester.run(profile: .fapi2MessageSigning) { requester async throws in
            let now = requester.server.clock.now.seconds

            #expect(try await requester.isRefused(requester.object(claims: ["exp": .null])))
            #expect(try await requester.isRefused(requester.object(claims: ["nbf": .null])))
            #expect(try await requester.isRefused(requester.object(claims: ["exp": .integer(now + 3601)])))
            #expect(try await requester.isRefused(requester.object(claims: ["nbf": .integer(now - 3601)])))
            #expect(try await requester.push(try requester.object()).status == .created)
        }
    }

    @Test func `FAPI 2 Message Signing §5-3-1 an unsigned request is refused`() async throws {
        try await Requester.run(profile: .fapi2MessageSigning) { requester async throws in
            let query = Parameters(urlEncoded: String(requester.server.authorizationURI(requester.app).dropFirst(18)))?.pairs ?? []
            let fields = requester.app.fields(try requester.key.assertion(of: requester.app.clientID, at: requester.server.clock.now))

            let answer = try await requester.server.post("/oauth2/par", form: query.filter { $0.name != "client_id" } + fields)

            #expect(answer.status == .badRequest && answer.errorCode == "invalid_request")
        }
    }

    @Test func `FAPI 2 §5-4-1 RS256 is refused`() async throws {
        try await Requester.run(.sqlite, .rs256) { requester async throws in
            #expect(try await requester.push(try requester.object()).status == .created)
        }
        try await TestServer.run(.sqlite) { server in
            // An RSA key may sign PS256, so RS256 is refused by the rule and not by the key.
            let (key, rsa) = (try TestKey(.ps256), try TestKey(.rs256))
            var metadata = ClientMetadata()
            metadata.jwks = JWKSet([JWK(keyID: "ps", algorithm: nil, key: key.key.publicKey), JWK(keyID: "rs", algorithm: nil, key: rsa.key.publicKey)])
            metadata.dpopBoundAccessTokens = true
            let app = try await server.register(method: .privateKeyJWT, profile: .fapi2, metadata: metadata)
            let requester = Requester(server: server, app: app, key: key)
            let object = try requester.object(header: ["kid": .string("rs")], by: rsa)
            let fields = app.fields(try key.assertion(of: app.clientID, at: server.clock.now, header: ["kid": .string("ps")]))

            let answer = try await server.post("/oauth2/par", form: fields + [("request", object)])

            #expect(answer.errorCode == "invalid_request_object")
        }
    }

    @Test func `§6 a broken object is told to a registered address beside it, and to no other`() async throws {
        try await Requester.run { requester async throws in
            func open(_ redirectURI: String) async throws -> TestResponse {
                try await requester.server.get(
                    "/oauth2/authorize?" + Parameters([("client_id", requester.app.clientID), ("request", "x"), ("redirect_uri", redirectURI)]).urlEncoded)
            }

            let told = try await open(requester.app.redirectURI)
            let kept = try await open("https://evil.example/")

            #expect(told.location?.contains("error=invalid_request_object") == true)
            #expect(kept.status == .badRequest && kept.location == nil)
        }
    }

    @Test func `§5 request and request_uri together are told to a registered address beside them, and to no other`() async throws {
        try await Requester.run { requester async throws in
            let pushed = try await requester.push(try requester.object())
            let object: (name: String, value: String) = ("request", try requester.object())
            func open(_ redirectURI: String, _ both: [(name: String, value: String)]) async throws -> TestResponse {
                try await requester.server.get(
                    "/oauth2/authorize?" + Parameters([("client_id", requester.app.clientID), ("redirect_uri", redirectURI)] + both).urlEncoded)
            }

            for uri in [pushed.json["request_uri"] as? String ?? "", "https://other.example/request"] {
                let reference: (name: String, value: String) = ("request_uri", uri)
                for both in [[object, reference], [reference, object]] {
                    let told = try await open(requester.app.redirectURI, both)
                    let kept = try await open("https://evil.example/", both)

                    let query = Parameters(urlEncoded: String((told.location ?? "").split(separator: "?", maxSplits: 1).last ?? ""))
                    #expect(query?["error"] == "invalid_request", "\(told.location ?? told.text)")
                    #expect(kept.status == .badRequest && kept.location == nil)
                }
            }
            // Nothing was spent by it.
            let answer = try await requester.server.authorize(requester.app, pushed: pushed)
            #expect(answer["code"] != nil)
        }
    }

    @Test func `CA-10 an assertion is no request object, and a request object no assertion`() async throws {
        try await Requester.run { requester in
            let assertion = try requester.key.assertion(of: requester.app.clientID, at: requester.server.clock.now)
            let object = try requester.object()

            #expect(try await requester.isRefused(assertion))
            let answer = try await requester.server.post("/oauth2/introspect", form: requester.app.fields(object) + [("token", "x")])
            #expect(answer.errorCode == "invalid_client")
        }
    }
}
