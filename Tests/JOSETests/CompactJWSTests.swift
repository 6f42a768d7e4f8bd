import Crypto
import JOSE
import JSON
import Primitives
import Testing

@Suite("RFC 7515 · Compact JWS with ES256")
struct CompactJWSTests {
    let key = SigningKey(id: KeyID(trusted: "key_one"), key: P256.Signing.PrivateKey())
    let claims = JSONObject([("iss", .string("http://localhost")), ("n", .integer(1))])

    private func jws(header: String, payload: String = "{}", by signer: SigningKey? = nil) throws -> String {
        let input = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(payload.utf8))
        let private256 = try P256.Signing.PrivateKey(rawRepresentation: (signer ?? key).privateBytes)
        return input + "." + Base64URL.encode(try private256.signature(for: Array(input.utf8)).rawRepresentation)
    }

    @Test func `§7.1 a token signed here is read and verified here`() throws {
        let token = try key.sign(claims, type: .accessToken)

        let jws = try UnverifiedJWS(parsing: token)

        #expect(jws.keyID == key.id.rawValue)
        #expect(jws.type == "at+jwt")
        #expect(jws.isType(.accessToken) && !jws.isType(.idToken))
        #expect(jws.claims == claims)
        #expect(jws.isSigned(by: key.verificationKey))
    }

    @Test func `§4.1.9 the type may be spelled as a media type, in any case`() throws {
        for type in ["at+jwt", "AT+JWT", "application/at+jwt"] {
            #expect(try UnverifiedJWS(parsing: jws(header: #"{"alg":"ES256","kid":"key_one","typ":"\#(type)"}"#)).isType(.accessToken))
        }
    }

    @Test func `A key of the same id that is another does not verify`() throws {
        let other = SigningKey(id: key.id, key: P256.Signing.PrivateKey())
        let token = try other.sign(claims, type: .accessToken)

        #expect(!(try UnverifiedJWS(parsing: token).isSigned(by: key.verificationKey)))
    }

    @Test func `A changed claim, header or signature does not verify`() throws {
        let parts = try key.sign(claims, type: .accessToken).split(separator: ".").map(String.init)
        let edited = Base64URL.encode(Array(#"{"iss":"http://localhost","n":2}"#.utf8))
        let otherType = Base64URL.encode(Array(#"{"alg":"ES256","kid":"key_one","typ":"JWT"}"#.utf8))
        var signature = try #require(Base64URL.decode(parts[2]))
        signature[0] ^= 1

        for token in ["\(parts[0]).\(edited).\(parts[2])", "\(otherType).\(parts[1]).\(parts[2])", "\(parts[0]).\(parts[1]).\(Base64URL.encode(signature))"] {
            #expect(!(try UnverifiedJWS(parsing: token).isSigned(by: key.verificationKey)))
        }
    }

    @Test func `RFC 7518 §3.4 signatures of another length, of zeros or in DER do not verify`() throws {
        let parts = try key.sign(claims, type: .accessToken).split(separator: ".").map(String.init)
        let raw = try #require(Base64URL.decode(parts[2]))
        let der = Array(try P256.Signing.ECDSASignature(rawRepresentation: raw).derRepresentation)

        for signature in [[], [UInt8](repeating: 0, count: 64), Array(raw.prefix(63)), raw + [0], der] {
            let token = "\(parts[0]).\(parts[1]).\(Base64URL.encode(signature))"
            #expect(!(try UnverifiedJWS(parsing: token).isSigned(by: key.verificationKey)))
        }
    }

    @Test(arguments: ["none", "None", "HS256", "ES384", "", "es256", "RS1"])
    func `RFC 8725 §3.1 an algorithm that is not ours is refused before a key is looked up`(algorithm: String) throws {
        let token = try jws(header: #"{"alg":"\#(algorithm)","kid":"key_one","typ":"at+jwt"}"#)

        #expect(throws: UnverifiedJWS.Refusal.unsupportedAlgorithm) { try UnverifiedJWS(parsing: token) }
    }

    @Test(arguments: ["RS256", "PS256", "EdDSA"])
    func `RFC 8725 §3.1 an algorithm of another key does not verify`(algorithm: String) throws {
        let token = try jws(header: #"{"alg":"\#(algorithm)","kid":"key_one","typ":"at+jwt"}"#)

        #expect(!(try UnverifiedJWS(parsing: token).isSigned(by: key.verificationKey)))
    }

    @Test func `§4.1.11 a critical extension is refused`() throws {
        let token = try jws(header: #"{"alg":"ES256","kid":"key_one","typ":"at+jwt","crit":["exp"],"exp":1}"#)

        #expect(throws: UnverifiedJWS.Refusal.criticalHeader) { try UnverifiedJWS(parsing: token) }
    }

    @Test func `§4 a header or payload with a member named twice is refused`() throws {
        let header = #"{"alg":"ES256","kid":"key_one","typ":"at+jwt"}"#

        #expect(throws: UnverifiedJWS.Refusal.malformedHeader) {
            try UnverifiedJWS(parsing: jws(header: #"{"alg":"none","alg":"ES256","kid":"key_one","typ":"at+jwt"}"#))
        }
        #expect(throws: UnverifiedJWS.Refusal.malformedClaims) { try UnverifiedJWS(parsing: jws(header: header, payload: #"{"sub":"a","sub":"b"}"#)) }
        #expect(throws: UnverifiedJWS.Refusal.malformedClaims) { try UnverifiedJWS(parsing: jws(header: header, payload: "[]")) }
    }

    @Test func `A token without kid or with a foreign kid is signed by no key of ours`() throws {
        #expect(!(try UnverifiedJWS(parsing: jws(header: #"{"alg":"ES256","typ":"at+jwt"}"#)).isSigned(by: key.verificationKey)))
        for kid in ["../../dev/null", "' OR 1=1", "key_", String(repeating: "k", count: 500)] {
            let token = try jws(header: #"{"alg":"ES256","kid":"\#(kid)","typ":"at+jwt"}"#)
            #expect(!(try UnverifiedJWS(parsing: token).isSigned(by: key.verificationKey)))
        }
    }

    @Test func `A token without typ is of no type`() throws {
        let untyped = try UnverifiedJWS(parsing: jws(header: #"{"alg":"ES256","kid":"key_one"}"#))

        #expect(TokenType.allCases.allSatisfy { !untyped.isType($0) })
    }

    @Test(arguments: [#""kid":1,"typ":"at+jwt""#, #""kid":"a","typ":null"#, #""kid":["a"],"typ":"at+jwt""#])
    func `A kid or typ that is no text is refused`(members: String) throws {
        #expect(throws: UnverifiedJWS.Refusal.malformedHeader) { try UnverifiedJWS(parsing: jws(header: #"{"alg":"ES256",\#(members)}"#)) }
    }

    @Test func `A key in the header is not used`() throws {
        let thief = SigningKey(id: key.id, key: P256.Signing.PrivateKey())
        let header = #"{"alg":"ES256","kid":"key_one","typ":"at+jwt","jwk":\#(thief.verificationKey.jwk.object.text),"jku":"http://127.0.0.1:1/"}"#

        #expect(!(try UnverifiedJWS(parsing: jws(header: header, by: thief)).isSigned(by: key.verificationKey)))
    }

    @Test func `RFC 4648 §3.5 padding, line breaks and bits beyond the last byte are refused`() throws {
        let token = try key.sign(claims, type: .accessToken)
        let parts = token.split(separator: ".").map(String.init)

        for text in [
            token + "=", token + "\n", " " + token, "\(parts[0]).\(parts[1])=.\(parts[2])", parts[0] + "." + parts[1] + "." + String(parts[2].dropLast()) + "_",
        ] {
            #expect(throws: UnverifiedJWS.Refusal.notBase64URL) { try UnverifiedJWS(parsing: text) }
        }
    }

    @Test(arguments: ["", ".", "..", "...", "a.b", "a.b.c.d", "....", "é.é.é"])
    func `What is not three parts of base64url is refused`(text: String) {
        #expect(throws: UnverifiedJWS.Refusal.self) { try UnverifiedJWS(parsing: text) }
    }

    @Test func `A token of 100 kB is refused unread`() {
        #expect(throws: UnverifiedJWS.Refusal.tooLong) { try UnverifiedJWS(parsing: String(repeating: "a", count: 100_000)) }
    }
}
