import AccessTokens
import Crypto
import Events
import JOSE
import JSON
import OAuth
import Primitives
import Storage
import TestSupport
import Testing

@Suite("RFC 9068 · Access tokens")
struct AccessTokenTests {
    @Test func `§2 a token carries the registered claims and this platform's own`() async throws {
        try await Fixture.run(.sqlite) { fixture in
            let grant = try await fixture.makeGrant()
            let token = try fixture.tokens.issue(fixture.request(grant), at: fixture.clock.now).token.value

            let jws = try UnverifiedJWS(parsing: token)

            #expect(jws.type == "at+jwt")
            #expect(jws.claims["iss"]?.string == issuer)
            #expect(jws.claims["aud"]?.string == "\(issuer)/v1")
            #expect(jws.claims["sub"]?.string == "usr_amina")
            #expect(jws.claims["client_id"]?.string == "acme-budget")
            #expect(jws.claims["scope"]?.string == "accounts.read")
            #expect(jws.claims["exp"]?.integer == fixture.clock.now.seconds + 300)
            #expect(jws.claims["iat"]?.integer == fixture.clock.now.seconds)
            #expect(jws.claims["env"]?.string == "sandbox")
            #expect(jws.claims["grant_id"]?.string == grant.id.rawValue)
            #expect(jws.claims["consent_id"]?.string == "cns_one")
            #expect(jws.claims["auth_time"]?.integer == fixture.clock.now.seconds)
            #expect(jws.claims["org"]?.string == "org_one")
        }
    }

    @Test func `a token verifies, is remembered, and expires all the same`() async throws {
        try await Fixture.run(.sqlite) { fixture in
            let verifier = fixture.verifier
            let token = try fixture.tokens.issue(fixture.request(), at: fixture.clock.now).token.value

            for _ in 0..<2 { #expect(try verifier.verify(token, at: fixture.clock.now).get().clientID == fixture.client) }
            fixture.clock.advance(by: .seconds(300))

            #expect(throws: TokenRefusal.expired(at: fixture.clock.now)) { try verifier.verify(token, at: fixture.clock.now).get() }
        }
    }

    @Test func `a token's clock is not its consent's, and without a consent it does not outlive its grant`() async throws {
        try await Fixture.run(.sqlite) { fixture in
            let consented = try await fixture.makeGrant(lifetime: .seconds(90))
            let bare = try await fixture.makeGrant(lifetime: .seconds(90), consent: nil)

            #expect(try fixture.tokens.issue(fixture.request(consented), at: fixture.clock.now).claims.expiresAt == fixture.clock.now + .minutes(5))
            #expect(try fixture.tokens.issue(fixture.request(bare), at: fixture.clock.now).claims.expiresAt == fixture.clock.now + .seconds(90))
        }
    }

    @Test func `§4 another signature, type, issuer or audience is refused for its reason`() async throws {
        try await Fixture.run(.sqlite) { fixture in
            let (verifier, now) = (fixture.verifier, fixture.clock.now)
            let claims = try fixture.tokens.issue(fixture.request(), at: now).claims
            let key = fixture.keys.current
            let thief = SigningKey(id: key.id, key: P256.Signing.PrivateKey())
            let stranger = SigningKey(id: KeyID(trusted: "key_stranger"), key: P256.Signing.PrivateKey())

            func refusal(_ token: String) -> TokenRefusal? {
                if case .failure(let refusal) = verifier.verify(token, at: now) { refusal } else { nil }
            }
            func changed(_ name: String, _ value: JSONValue) -> JSONObject {
                JSONObject(claims.json.members.map { ($0.name, $0.name == name ? value : $0.value) })
            }
            #expect(refusal(try thief.sign(claims.json, type: .accessToken)) == .badSignature)
            #expect(refusal(try stranger.sign(claims.json, type: .accessToken)) == .badSignature)
            #expect(refusal(try key.sign(claims.json, type: .idToken)) == .wrongType(got: "JWT"))
            #expect(
                refusal(try key.sign(changed("iss", .string("https://evil.test")), type: .accessToken))
                    == .wrongIssuer(expected: issuer, got: "https://evil.test"))
            for audience in [JSONValue.string("\(issuer)/v1/"), .string(issuer), .array([]), .array([.string("x")])] {
                guard case .wrongAudience = refusal(try key.sign(changed("aud", audience), type: .accessToken)) else {
                    Issue.record("accepted \(audience.text)")
                    continue
                }
            }
            for (name, value) in [
                ("exp", JSONValue.string("1")), ("exp", .number(1e300)), ("sub", .integer(1)), ("aud", .object(JSONObject())), ("jti", .null),
                ("scope", .string("unknown")),
            ] {
                #expect(refusal(try key.sign(changed(name, value), type: .accessToken)) == .malformed)
            }
            #expect(refusal(try key.sign(changed("iat", .integer(.max)), type: .accessToken)) != nil)
            #expect(refusal(try key.sign(changed("exp", .integer(.min)), type: .accessToken)) != nil)
        }
    }

    @Test func `RFC 8725 §3.3 a token that was signed here a moment ago is refused with any other part in it, before and after it is seen`() async throws {
        try await Fixture.run(.sqlite) { fixture in
            let (verifier, now) = (fixture.verifier, fixture.clock.now)
            let parts = try (0..<2).map { _ in try fixture.tokens.issue(fixture.request(), at: now).token.value.split(separator: ".") }
            let header = Base64URL.encode(JSONObject([("alg", .string("ES256")), ("typ", .string("at+jwt"))]).bytes)[...]
            let (own, other) = (parts[0], parts[1])
            let mixed = [
                [own[0], other[1], own[2]], [own[0], own[1], other[2]], [header, own[1], own[2]], [own[0], own[1], own[2].dropLast()],
            ].map { $0.joined(separator: ".") }

            for _ in 0..<2 {
                for token in mixed { #expect(throws: TokenRefusal.self) { try verifier.verify(token, at: now).get() } }
                for token in parts { #expect(throws: Never.self) { try verifier.verify(token.joined(separator: "."), at: now).get() } }
            }
        }
    }

    @Test func `garbage of any length is refused without a trap`() async throws {
        try await Fixture.run(.sqlite) { fixture in
            let verifier = fixture.verifier
            for token in ["", ".", "..", "a.b.c", "é", String(repeating: "a", count: 1_000_000), String(repeating: ".", count: 5000), "\u{0}"] {
                #expect(throws: TokenRefusal.malformed) { try verifier.verify(token, at: fixture.clock.now).get() }
            }
        }
    }

    @Test func `what is remembered is bounded`() async throws {
        try await Fixture.run(.sqlite) { fixture in
            let verifier = AccessTokenVerifier(keys: fixture.keys, issuer: issuer, remembered: 32)
            for _ in 0..<200 {
                let token = try fixture.tokens.issue(fixture.request(), at: fixture.clock.now).token.value
                #expect(throws: Never.self) { try verifier.verify(token, at: fixture.clock.now).get() }
            }
        }
    }

    @Test(arguments: Engine.available)
    func `a denied token and a revoked grant are refused, here at once and elsewhere through the feed`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let grant = try await fixture.makeGrant()
            let now = fixture.clock.now
            let (denied, ended) = (
                try fixture.tokens.issue(fixture.request(), at: now).claims, try fixture.tokens.issue(fixture.request(grant), at: now).claims
            )
            let revocations = Revocations(database: fixture.database, feed: fixture.feed)
            try await revocations.load(for: denied)
            #expect(try await revocations.refusal(of: denied) == nil)

            try await fixture.database.write { tx in
                try DeniedTokens().deny(denied, at: now, in: tx)
                try DeniedTokens().deny(denied, at: now, in: tx)
                try Grants().revoke(grant.id, because: .revokedByPartner, by: .system, at: now, requestID: nil, in: tx)
            }
            try await fixture.feed.poll()

            #expect(try await revocations.refusal(of: denied) == .tokenDenied)
            #expect(try await revocations.refusal(of: ended) == .grantRevoked)
            let later = Revocations(database: fixture.database, feed: fixture.feed)
            try await later.load(for: denied)
            #expect(try await later.refusal(of: denied) == .tokenDenied)
            #expect(try await later.refusal(of: ended) == .grantRevoked)
        }
    }

    @Test(arguments: Engine.available)
    func `without a current feed each question is read`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let now = fixture.clock.now
            let claims = try fixture.tokens.issue(fixture.request(), at: now).claims
            let stale = ChangeFeed(database: fixture.database, logger: .quiet)
            let revocations = Revocations(database: fixture.database, feed: stale)

            try await fixture.database.write { try DeniedTokens().deny(claims, at: now, in: $0) }

            #expect(!stale.isCurrent)
            #expect(try await revocations.refusal(of: claims) == .tokenDenied)
        }
    }
}
