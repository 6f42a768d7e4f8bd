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

extension HTTPField.Name {
    static let dpop = HTTPField.Name("DPoP")!  // a valid name
    static let dpopNonce = HTTPField.Name("DPoP-Nonce")!  // a valid name
}

/// An app that holds a DPoP key.
private struct Holder: Sendable {
    let server: TestServer
    let app: TestApp
    let key: TestKey

    static func run(_ engine: Engine = .sqlite, _ kind: AppKind = .web, _ body: @escaping @Sendable (Holder) async throws -> Void) async throws {
        try await TestServer.run(engine) { server in
            try await body(Holder(server: server, app: try await server.register(kind), key: try TestKey()))
        }
    }

    func proof(
        _ method: String = "POST", _ path: String = "/oauth2/token", token: String? = nil, claims: [String: JSONValue] = [:], header: [String: JSONValue] = [:]
    ) throws -> String {
        try key.proof(method, path, token: token, at: server.clock.now, claims: claims, header: header)
    }

    /// The token endpoint with client credentials and these proofs.
    func token(_ proofs: String...) async throws -> TestResponse {
        var headers = app.basic
        headers[values: .dpop] = proofs
        return try await server.token(app, [("grant_type", "client_credentials"), ("scope", "consents.write")], headers: headers)
    }

    /// A bound token of the app itself.
    func bound() async throws -> String { try await token(try proof()).json["access_token"] as? String ?? "" }

    /// A call of the API.
    func read(_ token: String, scheme: String = "DPoP", proofs: [String]) async throws -> TestResponse {
        var headers: HTTPFields = [.authorization: "\(scheme) \(token)"]
        headers[values: .dpop] = proofs
        return try await server.get(Self.path, headers: headers)
    }

    static let path = "/v1/consents/cns_0000000000000000"

    /// 404 is the answer of the resource: the token passed.
    func isAccepted(_ token: String, _ proof: String) async throws -> Bool { try await read(token, proofs: [proof]).status == .notFound }

    /// The broken proofs of DP-01, each in one place.
    func broken(_ method: String, _ path: String, token: String? = nil) throws -> [(name: String, proof: String)] {
        func made(_ name: String, claims: [String: JSONValue] = [:], header: [String: JSONValue] = [:]) throws -> (String, String) {
            (name, try proof(method, path, token: token, claims: claims, header: header))
        }
        let now = server.clock.now.seconds
        let sound = try proof(method, path, token: token)
        let parts = sound.split(separator: ".").map(String.init)
        let other = try TestKey()
        let one = Base64URL.encode([UInt8](repeating: 1, count: 32))
        var members: [(String, JSONValue)] = key.key.publicKey.members.members.map { ($0.name, $0.value) }
        members.append(("d", .string(one)))
        let broken: [(name: String, proof: String)] = [
            try made("no typ", header: ["typ": .null]), try made("typ JWT", header: ["typ": .string("JWT")]),
            try made("typ at+jwt", header: ["typ": .string("at+jwt")]),
            try made("no alg", header: ["alg": .null]), try made("alg none", header: ["alg": .string("none")]),
            try made("alg RS256", header: ["alg": .string("RS256")]), try made("alg of another key", header: ["alg": .string("EdDSA")]),
            try made("no jwk", header: ["jwk": .null]), try made("jwk a text", header: ["jwk": .string("key")]),
            try made("private jwk", header: ["jwk": .object(JSONObject(members))]),
            try made("symmetric jwk", header: ["jwk": .object(JSONObject([("kty", .string("oct")), ("k", .string("AA"))]))]),
            try made(
                "off the curve",
                header: ["jwk": .object(JSONObject([("kty", .string("EC")), ("crv", .string("P-256")), ("x", .string(one)), ("y", .string(one))]))]),
            try made("jwk of another", header: ["jwk": .object(other.key.publicKey.members)]), try made("crit", header: ["crit": .array([.string("exp")])]),
            ("no signature", "\(parts[0]).\(parts[1])."),
            ("flipped signature", "\(parts[0]).\(parts[1]).\(Base64URL.encode([UInt8](repeating: 7, count: 64)))"),
            ("empty", ""), ("two parts", "a.b"), ("array payload", try key.sign(payload: "[]", header: #"{"typ":"dpop+jwt","alg":"ES256"}"#)),
            (
                "member twice",
                try key.sign(payload: #"{"jti":"a","jti":"b"}"#, header: #"{"typ":"dpop+jwt","alg":"ES256","jwk":\#(key.key.publicKey.members.text)}"#)
            ),
            try made("no jti", claims: ["jti": .null]), try made("empty jti", claims: ["jti": .string("")]),
            try made("jti a number", claims: ["jti": .integer(1)]),
            try made("long jti", claims: ["jti": .string(String(repeating: "j", count: 256))]),
            try made("100 kB jti", claims: ["jti": .string(String(repeating: "j", count: 100_000))]),
            try made("no htm", claims: ["htm": .null]), try made("other htm", claims: ["htm": .string("PUT")]),
            try made("htm in lower case", claims: ["htm": .string(method.lowercased())]),
            try made("no htu", claims: ["htu": .null]), try made("other path", claims: ["htu": .string(TestServer.issuer.address("/oauth2/other"))]),
            try made("other host", claims: ["htu": .string("https://other.example\(path)")]), try made("relative htu", claims: ["htu": .string(path)]),
            try made("no iat", claims: ["iat": .null]), try made("iat a text", claims: ["iat": .string("\(now)")]),
            try made("iat 1e300", claims: ["iat": .number(JSONNumber(text: "1e300"))]), ("signed in DER", try signedInDER(sound)),
        ]
        return try broken + key.mistaken(sound).map { ("HS256", $0) }
    }
}

@Suite("RFC 9449 · DPoP")
struct RFC9449Tests {
    @Test(arguments: Engine.available)
    func `§5 a proof binds the token to its key`(engine: Engine) async throws {
        try await Holder.run(engine) { holder in
            let answer = try await holder.token(try holder.proof())

            #expect(answer.status == .ok)
            #expect(answer.json["token_type"] as? String == "DPoP")
            let claims = try await holder.server.claims(answer.json["access_token"] as? String)
            #expect(claims?["cnf"]?["jkt"]?.string == holder.key.thumbprint)
        }
    }

    /// DP-01, DP-03
    @Test func `§4-3 a proof that is broken in one place is refused, and a sound one afterwards accepted`() async throws {
        try await Holder.run { holder in
            for (name, proof) in try holder.broken("POST", "/oauth2/token") {
                let answer = try await holder.token(proof)
                #expect(answer.status == .badRequest && answer.errorCode == "invalid_dpop_proof", "\(name)")
            }
            let two = try await holder.token(try holder.proof(), try holder.proof())
            #expect(two.errorCode == "invalid_dpop_proof")

            #expect(try await holder.token(try holder.proof()).status == .ok)
        }
    }

    /// CA-04
    @Test func `RFC 8725 §3-10 no other member of the header brings a key, and no address of one is asked`() async throws {
        let thief = try TestKey()
        let keyServer = KeyServer(thief)
        try await KeyServer.run(keyServer) { address in
            try await Holder.run { holder in
                let now = holder.server.clock.now
                for offer in try thief.offers(at: address) where offer["jwk"] == nil {
                    for jwk in [JSONValue.null, .object(holder.key.key.publicKey.members)] {
                        let answer = try await holder.token(try thief.proof(at: now, header: offer.merging(["jwk": jwk]) { $1 }))
                        #expect(answer.status == .badRequest && answer.errorCode == "invalid_dpop_proof", "\(offer.keys)")
                    }
                }
                #expect(keyServer.count == 0)
            }
        }
    }

    @Test(arguments: Engine.available)
    func `§4-3 over TLS the htu names either listener, whichever was called, and nothing else`(engine: Engine) async throws {
        try await TestServer.runOverTLS(engine) { server in
            let (app, key) = (try await server.register(), try TestKey())
            func proof(_ htu: String, _ method: String = "POST", token: String? = nil) throws -> String {
                try key.proof(method, token: token, at: server.clock.now, claims: ["htu": .string(htu)])
            }
            func token(_ listener: Wire.Listener, _ proof: String) async throws -> TestResponse {
                var headers = app.basic
                headers[.dpop] = proof
                return try await server.at(listener).token(app, [("grant_type", "client_credentials"), ("scope", "consents.write")], headers: headers)
            }
            func read(_ listener: Wire.Listener, _ token: String, _ proof: String) async throws -> TestResponse {
                try await server.at(listener).get(Holder.path, headers: [.authorization: "DPoP \(token)", .dpop: proof])
            }

            for listener in Wire.Listener.allCases {
                for base in Wire.Listener.allCases.map({ "https://\($0.host)" }) {
                    let answer = try await token(listener, proof(base + "/oauth2/token"))
                    #expect(answer.status == .ok, "\(base) at \(listener)")
                    let bound = answer.json["access_token"] as? String ?? ""
                    #expect(try await read(listener, bound, proof(base + Holder.path, "GET", token: bound)).status == .notFound, "\(base) at \(listener)")
                }
                for base in [
                    "http://bank.example", "https://bank.example:8443", "https://bank.example.evil.example", "http://mtls.bank.example", "https://localhost",
                ] {
                    let answer = try await token(listener, proof(base + "/oauth2/token"))
                    #expect(answer.status == .badRequest && answer.errorCode == "invalid_dpop_proof", "\(base) at \(listener)")
                }
            }
        }
    }

    @Test(arguments: [SignatureAlgorithm.ps256, .edDSA])
    func `§4-2 other algorithms of FAPI work too`(algorithm: SignatureAlgorithm) async throws {
        try await Holder.run { holder async throws in
            let key = try TestKey(algorithm)

            #expect(try await holder.token(try key.proof(at: holder.server.clock.now)).status == .ok)
        }
    }

    @Test func `§4-3 the address is compared without query, fragment, case of the host and default port`() async throws {
        try await Holder.run { holder async throws in
            for address in ["http://LOCALHOST:8080/oauth2/token", "http://localhost:8080/oauth2/token?a=b", "http://localhost:8080/oauth2/token#x"] {
                #expect(try await holder.token(try holder.proof(claims: ["htu": .string(address)])).status == .ok, "\(address)")
            }
            for address in [
                "https://localhost:8080/oauth2/token", "http://localhost/oauth2/token", "http://localhost:8080/oauth2/TOKEN",
                "http://localhost:8080/oauth2/token/",
            ] {
                #expect(try await holder.token(try holder.proof(claims: ["htu": .string(address)])).status == .badRequest, "\(address)")
            }
        }
    }

    /// DP-12
    @Test(arguments: [-10, 10])
    func `§11-1 a clock that is 10 seconds off is forgiven`(seconds: Int64) async throws {
        try await Holder.run { holder async throws in
            let iat = JSONValue.integer(holder.server.clock.now.seconds + seconds)

            #expect(try await holder.token(try holder.proof(claims: ["iat": iat])).status == .ok)
        }
    }

    @Test func `§4-3 claims that are not known are ignored, exp and nbf too`() async throws {
        try await Holder.run { holder async throws in
            let claims: [String: JSONValue] = ["exp": .integer(1), "nbf": .integer(1), "extra": .object(JSONObject([("a", .null)]))]

            #expect(try await holder.token(try holder.proof(claims: claims)).status == .ok)
        }
    }

    @Test(arguments: [Int64(-3600), -61, 61, 3600])
    func `§8 a clock that is further off is given a nonce, and with it accepted`(seconds: Int64) async throws {
        try await Holder.run { holder in
            let iat = JSONValue.integer(holder.server.clock.now.seconds + seconds)

            let refused = try await holder.token(try holder.proof(claims: ["iat": iat]))
            let nonce = try #require(refused.headers[.dpopNonce])
            let accepted = try await holder.token(try holder.proof(claims: ["iat": iat, "nonce": .string(nonce)]))

            #expect(refused.status == .badRequest && refused.errorCode == "use_dpop_nonce")
            #expect(accepted.status == .ok)
        }
    }

    /// DP-15
    @Test func `§8 a guessed, foreign or old nonce is answered with a new one`() async throws {
        try await Holder.run { holder in
            let late = JSONValue.integer(holder.server.clock.now.seconds - 3600)
            let old = try #require(try await holder.token(try holder.proof(claims: ["iat": late])).headers[.dpopNonce])
            holder.server.clock.advance(by: .minutes(6))

            for nonce in [JSONValue.string(old), .string("guess"), .string(""), .integer(1), .array([])] {
                let answer = try await holder.token(try holder.proof(claims: ["nonce": nonce]))
                #expect(answer.errorCode == "use_dpop_nonce" && answer.headers[.dpopNonce] != nil, "\(nonce)")
            }
        }
    }

    @Test func `§8 a proof that needs a nonce does not cost the app its assertion`() async throws {
        try await TestServer.run(.sqlite) { server in
            let key = try TestKey()
            let app = try await server.register(.backend, method: .privateKeyJWT, metadata: key.metadata)
            let form: [(name: String, value: String)] =
                [("grant_type", "client_credentials")] + app.fields(try key.assertion(of: app.clientID, at: server.clock.now))
            let late = JSONValue.integer(server.clock.now.seconds - 3600)

            let refused = try await server.post("/oauth2/token", form: form, headers: [.dpop: try key.proof(at: server.clock.now, claims: ["iat": late])])
            let nonce = try #require(refused.headers[.dpopNonce])
            let proof = try key.proof(at: server.clock.now, claims: ["iat": late, "nonce": .string(nonce)])
            let accepted = try await server.post("/oauth2/token", form: form, headers: [.dpop: proof])

            #expect(refused.errorCode == "use_dpop_nonce")
            #expect(accepted.status == .ok)
        }
    }

    /// DP-07
    @Test(arguments: Engine.available)
    func `§11-1 a proof works once`(engine: Engine) async throws {
        try await Holder.run(engine) { holder in
            let proof = try holder.proof()

            let first = try await holder.token(proof)
            let second = try await holder.token(proof)

            #expect(first.status == .ok)
            #expect(second.status == .badRequest && second.errorCode == "invalid_dpop_proof")
        }
    }

    @Test(arguments: Engine.available)
    func `§11-1 of an assertion and a proof that come together each is used once, and a broken one costs the other nothing`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let (key, other) = (try TestKey(), try TestKey())
            let app = try await server.register(.backend, method: .privateKeyJWT, metadata: key.metadata)
            func assertion(by signer: TestKey) throws -> String { try signer.assertion(of: app.clientID, at: server.clock.now) }
            func proof() throws -> String { try key.proof(at: server.clock.now) }
            func token(_ assertion: String, _ proof: String) async throws -> TestResponse {
                let form: [(name: String, value: String)] = [("grant_type", "client_credentials")] + app.fields(assertion)
                return try await server.post("/oauth2/token", form: form, headers: [.dpop: proof])
            }
            let (first, second) = (try (assertion(by: key), proof()), try (assertion(by: key), proof()))

            #expect(try await token(first.0, first.1).status == .ok)
            // Whichever was used before is refused by its own name, the assertion first.
            #expect(try await token(first.0, proof()).errorCode == "invalid_client")
            #expect(try await token(assertion(by: key), first.1).errorCode == "invalid_dpop_proof")
            #expect(try await token(first.0, first.1).errorCode == "invalid_client")
            // What does not prove the app spends nothing, and neither does what proves no key.
            #expect(try await token(assertion(by: other), second.1).errorCode == "invalid_client")
            #expect(try await token(second.0, "no proof").errorCode == "invalid_dpop_proof")
            #expect(try await token(second.0, second.1).status == .ok)
        }
    }

    /// DP-08
    @Test(arguments: Engine.available)
    func `§11-1 of twenty at once one works, five rounds`(engine: Engine) async throws {
        try await Holder.run(engine) { holder in
            for _ in 1...5 {
                let proof = try holder.proof()

                let accepted = try await withThrowingTaskGroup(of: Bool.self) { group in
                    for _ in 0..<20 { group.addTask { try await holder.token(proof).status == .ok } }
                    return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
                }

                #expect(accepted == 1)
            }
        }
    }

    @Test(arguments: Engine.available)
    func `§7-1 a bound token works with a proof of its key, in any case of the scheme`(engine: Engine) async throws {
        try await Holder.run(engine) { holder in
            let token = try await holder.bound()
            for scheme in ["DPoP", "dpop", "dPoP"] {
                let answer = try await holder.read(token, scheme: scheme, proofs: [try holder.proof("GET", Holder.path, token: token)])
                #expect(answer.status == .notFound, "\(scheme)")
            }
        }
    }

    /// DP-02
    @Test func `§7-1 at a resource a proof that is broken in one place is refused`() async throws {
        try await Holder.run { holder in
            let token = try await holder.bound()
            var cases = try holder.broken("GET", Holder.path, token: token)
            cases.append(("no ath", try holder.proof("GET", Holder.path)))
            cases.append(("ath of another token", try holder.proof("GET", Holder.path, token: token + "x")))
            let hexadecimal = sha256(Array(token.utf8)).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
            cases.append(("ath in hexadecimal", try holder.proof("GET", Holder.path, claims: ["ath": .string(hexadecimal)])))

            for (name, proof) in cases {
                let answer = try await holder.read(token, proofs: [proof])
                #expect(answer.status == .unauthorized, "\(name)")
                let challenge = answer.headers[.wwwAuthenticate] ?? ""
                #expect(challenge.hasPrefix("DPoP ") && challenge.contains(#"error="invalid_dpop_proof""#) && challenge.contains(#"algs="ES256"#), "\(name)")
            }
            #expect(try await holder.isAccepted(token, try holder.proof("GET", Holder.path, token: token)))
        }
    }

    @Test func `§7-1 another key's proof, none, two, or the scheme Bearer are refused`() async throws {
        try await Holder.run { holder in
            let token = try await holder.bound()
            let other = try TestKey()
            let sound = { try holder.proof("GET", Holder.path, token: token) }

            let answers = [
                try await holder.read(token, proofs: [try other.proof("GET", Holder.path, token: token, at: holder.server.clock.now)]),
                try await holder.read(token, proofs: []), try await holder.read(token, proofs: [try sound(), try sound()]),
                try await holder.read(token, scheme: "Bearer", proofs: []), try await holder.read(token, scheme: "Bearer", proofs: [try sound()]),
            ]

            for answer in answers { #expect(answer.status == .unauthorized && answer.headers[.wwwAuthenticate]?.hasPrefix("DPoP ") == true) }
            #expect(answers[1].headers[.wwwAuthenticate]?.contains("invalid_dpop_proof") == true)
            #expect(answers[3].headers[.wwwAuthenticate]?.contains("invalid_token") == true)
        }
    }

    @Test func `§7-1 a token that is not bound does not work under the scheme DPoP`() async throws {
        try await Holder.run { holder in
            let token = try await holder.server.appToken(holder.app)

            let answer = try await holder.read(token, proofs: [try holder.proof("GET", Holder.path, token: token)])

            #expect(answer.status == .unauthorized && answer.errorCode == "invalid_token")
        }
    }

    @Test(arguments: Engine.available)
    func `§11-1 a proof works once at a resource`(engine: Engine) async throws {
        try await Holder.run(engine) { holder in
            let token = try await holder.bound()
            let proof = try holder.proof("GET", Holder.path, token: token)

            let first = try await holder.read(token, proofs: [proof])
            let second = try await holder.read(token, proofs: [proof])

            #expect(first.status == .notFound && second.status == .unauthorized)
        }
    }

    @Test func `§11-1 a proof is used within the app's burst alone, and one that was used before takes nothing of it`() async throws {
        try await TestServer.run(.sqlite) { server in
            let holder = Holder(server: server, app: try await server.register(plan: .unlimited), key: try TestKey())
            let (bound, bearer) = (try await holder.bound(), try await server.appToken(holder.app))
            func proof() throws -> String { try holder.proof("GET", Holder.path, token: bound) }
            let spent = try proof()

            let first = try await holder.read(bound, proofs: [spent])
            for _ in 0..<5 { _ = try await holder.read(bound, proofs: [spent]) }
            let second = try await holder.read(bound, proofs: [try proof()])
            for _ in 0..<998 { _ = try await server.call(Holder.path, token: bearer) }
            let late = try proof()
            let refused = try await holder.read(bound, proofs: [late])
            server.clock.advance(by: .seconds(1))
            let (later, again) = (try await holder.read(bound, proofs: [late]), try await holder.read(bound, proofs: [late]))

            #expect(first.headers[.rateLimit] == #""burst";r=999;t=1"# && second.headers[.rateLimit] == #""burst";r=998;t=1"#)
            #expect(refused.status == .tooManyRequests && refused.errorCode == "burst_exceeded")
            #expect(later.status == .notFound && again.errorCode == "invalid_dpop_proof")
        }
    }

    @Test func `§11-1 from one network public apps have 1,000 proofs remembered at once, then 50 a second, and others are not kept out`() async throws {
        try await Holder.run(.sqlite, .singlePage) { holder in
            let (server, backend) = (holder.server, try await holder.server.register())
            let (stranger, customer) = (server.called(from: "198.51.100.7"), server.called(from: "198.51.100.8"))
            let guess: [(name: String, value: String)] = [
                ("grant_type", "authorization_code"), ("code", "x"), ("redirect_uri", holder.app.redirectURI), ("code_verifier", TestServer.verifier),
            ]
            func send(_ proof: String, by server: TestServer) async throws -> TestResponse {
                try await server.token(holder.app, guess, headers: [.dpop: proof])
            }
            // Each counts, whatever it is answered.
            let spent = try holder.proof()
            for _ in 0..<1000 { _ = try await send(spent, by: stranger) }
            let next = try holder.proof()
            var headers = backend.basic
            headers[.dpop] = try holder.proof()

            let refused = try await send(next, by: stranger)
            let other = try await send(try holder.proof(), by: customer)
            let known = try await stranger.token(backend, [("grant_type", "client_credentials"), ("scope", "consents.write")], headers: headers)
            server.clock.advance(by: .milliseconds(20))
            let later = try await send(next, by: stranger)

            #expect(refused.status == .tooManyRequests && refused.errorCode == "temporarily_unavailable" && refused.headers[.retryAfter] == "1")
            #expect(other.errorCode == "invalid_grant" && known.status == .ok)
            // It was not used.
            #expect(later.errorCode == "invalid_grant")
        }
    }

    @Test func `§9 a resource asks for a nonce when the clock is off`() async throws {
        try await Holder.run { holder in
            let token = try await holder.bound()
            let late = JSONValue.integer(holder.server.clock.now.seconds - 3600)

            let refused = try await holder.read(token, proofs: [try holder.proof("GET", Holder.path, token: token, claims: ["iat": late])])
            let nonce = try #require(refused.headers[.dpopNonce])

            #expect(refused.status == .unauthorized)
            #expect(refused.headers[.wwwAuthenticate]?.contains(#"error="use_dpop_nonce""#) == true)
            #expect(try await holder.isAccepted(token, try holder.proof("GET", Holder.path, token: token, claims: ["iat": late, "nonce": .string(nonce)])))
        }
    }

    @Test(arguments: Engine.available)
    func `§7-1 what works no more is refused under the scheme that it came by, at the API and at userinfo`(engine: Engine) async throws {
        try await Holder.run(engine) { holder in
            let (server, app) = (holder.server, holder.app)
            func tokens() async throws -> (access: String, refresh: String) {
                var headers = app.basic
                headers[.dpop] = try holder.proof()
                let answer = try await server.redeem(server.authorize(app, [("scope", "openid accounts.read")]), by: app, headers: headers)
                return (answer.json["access_token"] as? String ?? "", answer.json["refresh_token"] as? String ?? "")
            }
            func ask(_ path: String, _ token: String, scheme: String = "DPoP") async throws -> String {
                let proof = try holder.proof("GET", path, token: token)
                let answer = try await server.get(path, headers: [.authorization: "\(scheme) \(token)", .dpop: proof])
                #expect(answer.status == .unauthorized || answer.status == .forbidden, "\(path) \(answer.text)")
                return answer.headers[.wwwAuthenticate] ?? ""
            }
            let (old, revoked, own) = (try await tokens().access, try await tokens(), try await holder.bound())
            _ = try await server.revoke(revoked.refresh, by: app)
            try await server.settle()

            for path in ["/v1/accounts", "/oauth2/userinfo"] {
                for token in ["a.b.c", revoked.access] {
                    let challenge = try await ask(path, token)
                    #expect(challenge.hasPrefix(#"DPoP realm="wekeza", error="invalid_token", "#), "\(path) \(challenge)")
                    #expect(challenge.contains(#", algs="ES256"#), "\(path) \(challenge)")
                }
                let (scope, bearer) = (try await ask(path, own), try await ask(path, "a.b.c", scheme: "Bearer"))
                #expect(scope.hasPrefix(#"DPoP realm="wekeza", error="insufficient_scope", "#) && scope.contains(#", algs="ES256"#), "\(path) \(scope)")
                #expect(bearer.hasPrefix(#"Bearer realm="wekeza", error="invalid_token", "#), "\(path) \(bearer)")
            }
            server.clock.advance(by: .minutes(6))
            for path in ["/v1/accounts", "/oauth2/userinfo"] {
                let expired = try await ask(path, old)
                #expect(expired.hasPrefix(#"DPoP realm="wekeza", error="invalid_token", "#), "\(path) \(expired)")
            }
        }
    }

    @Test(arguments: Engine.available)
    func `§7-1 userinfo wants the proof too`(engine: Engine) async throws {
        try await Holder.run(engine) { holder in
            let (server, app) = (holder.server, holder.app)
            let code = try await server.authorize(app, [("scope", "openid")])
            var headers = app.basic
            headers[.dpop] = try holder.proof()
            let token = try await server.redeem(code, by: app, headers: headers).json["access_token"] as? String ?? ""
            func userinfo(_ scheme: String, _ proof: String?) async throws -> TestResponse {
                var headers: HTTPFields = [.authorization: "\(scheme) \(token)"]
                headers[.dpop] = proof
                return try await server.get("/oauth2/userinfo", headers: headers)
            }

            let sound = try await userinfo("DPoP", try holder.proof("GET", "/oauth2/userinfo", token: token))
            let asBearer = try await userinfo("Bearer", nil)
            let without = try await userinfo("DPoP", nil)

            #expect(sound.status == .ok && sound.json["sub"] is String)
            #expect(asBearer.status == .unauthorized && without.status == .unauthorized)
            #expect(without.headers[.wwwAuthenticate]?.hasPrefix("DPoP ") == true)
        }
    }

    @Test func `§10 a code that is bound by dpop_jkt is redeemed with that key alone`() async throws {
        try await Holder.run { holder in
            let (server, app) = (holder.server, holder.app)
            let other = try TestKey()
            let code = try await server.authorize(app, [("scope", "openid"), ("dpop_jkt", holder.key.thumbprint)])
            func redeem(_ proof: String?) async throws -> TestResponse {
                var headers = app.basic
                headers[.dpop] = proof
                return try await server.redeem(code, by: app, headers: headers)
            }

            let without = try await redeem(nil)
            let withOther = try await redeem(try other.proof(at: server.clock.now))
            let sound = try await redeem(try holder.proof())

            #expect(without.errorCode == "invalid_grant" && withOther.errorCode == "invalid_grant")
            #expect(sound.status == .ok)
        }
    }

    @Test(arguments: ["short", "!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!"])
    func `§10 a dpop_jkt that is no thumbprint is refused`(text: String) async throws {
        try await Holder.run { holder in
            let answer = try await holder.server.answer(holder.app, [("scope", "openid"), ("dpop_jkt", text)])

            #expect(answer["error"] == "invalid_request")
        }
    }

    /// DP-10
    @Test(arguments: Engine.available)
    func `§5 a public client's refresh token is bound to its key`(engine: Engine) async throws {
        try await Holder.run(engine, .singlePage) { holder in
            let (server, app) = (holder.server, holder.app)
            let other = try TestKey()
            let code = try await server.authorize(app, [("scope", "openid")])
            let refreshToken = try await server.redeem(code, by: app, headers: [.dpop: try holder.proof()]).json["refresh_token"] as? String ?? ""
            func refresh(_ proof: String?) async throws -> TestResponse {
                var headers: HTTPFields = [:]
                headers[.dpop] = proof
                return try await server.post(
                    "/oauth2/token", form: [("grant_type", "refresh_token"), ("refresh_token", refreshToken), ("client_id", app.clientID)], headers: headers)
            }

            let without = try await refresh(nil)
            let withOther = try await refresh(try other.proof(at: server.clock.now))
            let sound = try await refresh(try holder.proof())

            #expect(without.errorCode == "invalid_grant" && withOther.errorCode == "invalid_grant")
            #expect(sound.status == .ok && sound.json["token_type"] as? String == "DPoP")
        }
    }

    @Test(arguments: Engine.available)
    func `§5 a confidential client refreshes with a new key`(engine: Engine) async throws {
        try await Holder.run(engine) { holder in
            let (server, app) = (holder.server, holder.app)
            let next = try TestKey()
            let code = try await server.authorize(app, [("scope", "openid")])
            var headers = app.basic
            headers[.dpop] = try holder.proof()
            let refreshToken = try await server.redeem(code, by: app, headers: headers).json["refresh_token"] as? String ?? ""

            headers[.dpop] = try next.proof(at: server.clock.now)
            let answer = try await server.token(app, [("grant_type", "refresh_token"), ("refresh_token", refreshToken)], headers: headers)

            let claims = try await server.claims(answer.json["access_token"] as? String)
            #expect(claims?["cnf"]?["jkt"]?.string == next.thumbprint)
        }
    }

    @Test func `§5-2 an app that is registered for bound tokens gets no other`() async throws {
        try await TestServer.run(.sqlite) { server in
            var metadata = ClientMetadata()
            metadata.dpopBoundAccessTokens = true
            let app = try await server.register(.backend, metadata: metadata)

            let answer = try await server.token(app, [("grant_type", "client_credentials")])

            #expect(answer.status == .badRequest && answer.errorCode == "invalid_request")
        }
    }

    @Test func `§6-2 introspection tells the binding`() async throws {
        try await Holder.run { holder in
            let answer = try await holder.server.introspect(try await holder.bound(), by: holder.app)

            #expect(answer.json["token_type"] as? String == "DPoP")
            #expect((answer.json["cnf"] as? [String: String])?["jkt"] == holder.key.thumbprint)
        }
    }

    @Test func `§5-1 the metadata lists the algorithms of proofs`() async throws {
        try await TestServer.run(.sqlite) { server in
            let metadata = try await server.get("/.well-known/oauth-authorization-server").json

            #expect(metadata["dpop_signing_alg_values_supported"] as? [String] == ["ES256", "PS256", "EdDSA"])
        }
    }
}
