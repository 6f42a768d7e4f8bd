import Crypto
import JOSE
import JSON
import Primitives
import Testing

@Suite("RFC 7517 · JSON Web Keys")
struct JWKTests {
    /// RFC 7517 Appendix A.1.
    static let examples = #"""
        {"keys":[
          {"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","use":"enc","kid":"1"},
          {"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}
        ]}
        """#

    private func object(_ text: String) throws -> JSONObject { try #require(JSONValue(parsing: text).object) }

    private func refusal(of text: String) throws -> PublicKey.Refusal? {
        do {
            _ = try PublicKey(object(text))
            return nil
        } catch let refusal as PublicKey.Refusal {
            return refusal
        }
    }

    @Test(arguments: SignatureAlgorithm.allCases)
    func `a published key verifies what its private part signed`(algorithm: SignatureAlgorithm) throws {
        let key = SigningKey(id: KeyID(trusted: "key_one"), key: try .random(algorithm, from: SystemRandom()))
        let set = try JWKSet(reading: JSONValue(parsing: JWKSet([key.verificationKey.jwk]).text))

        let read = try #require(set.keys.first.flatMap(VerificationKey.init))

        #expect(read == key.verificationKey)
        #expect(try UnverifiedJWS(parsing: key.sign(JSONObject(), type: .idToken)).isSigned(by: read))
    }

    @Test(arguments: SignatureAlgorithm.allCases)
    func `a private key comes back from its bytes`(algorithm: SignatureAlgorithm) throws {
        let key = try PrivateKey.random(algorithm, from: SystemRandom())

        let again = try #require(PrivateKey(algorithm, bytes: key.bytes))

        #expect(again.publicKey == key.publicKey)
        #expect(key.publicKey.isValid(try again.signature(for: [1, 2, 3]), for: [1, 2, 3], by: algorithm))
        #expect(!key.publicKey.isValid(try again.signature(for: [1, 2, 3]), for: [1, 2, 4], by: algorithm))
    }

    @Test func `a set holds no private part`() throws {
        let key = SigningKey(id: KeyID(trusted: "key_one"), key: P256.Signing.PrivateKey())

        let text = JWKSet([key.verificationKey.jwk]).text

        #expect(!text.contains(#""d""#))
        #expect(!text.contains(Base64URL.encode(key.privateBytes)))
    }

    @Test func `RFC 7638 §3.1 the thumbprint covers the required members in order`() throws {
        let keys = try #require(JSONValue(parsing: Self.examples)["keys"]?.array).compactMap(\.object)

        // The RSA digest is the one of the RFC; the other was computed with an independent implementation.
        #expect(try PublicKey(keys[1]).thumbprint == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
        #expect(try PublicKey(keys[0]).thumbprint == "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s")
    }

    @Test func `RFC 8037 Appendix A an Ed25519 key verifies its example and has its thumbprint`() throws {
        let key = try PublicKey(object(#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#))
        let message = Array("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc".utf8)
        let signature = try #require(Base64URL.decode("hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"))

        #expect(key.thumbprint == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
        #expect(key.isValid(signature, for: message, by: .edDSA))
        #expect(!key.isValid(signature, for: message + [0], by: .edDSA))
    }

    @Test func `§5 keys for encryption and of unknown kinds are left out of a set`() throws {
        let rsa = try JWKSet(reading: JSONValue(parsing: Self.examples))
        let unknown = #"{"keys":[{"kty":"LMS","x":"AA"},{"kty":"EC","crv":"P-521","x":"AA","y":"AA"}]}"#

        #expect(rsa.keys.map(\.keyID) == ["2011-04-29"])
        #expect(throws: JWKSet.Refusal.noUsableKey) { try JWKSet(reading: JSONValue(parsing: unknown)) }
    }

    private func set(_ keys: String...) throws -> JSONValue { try JSONValue(parsing: #"{"keys":[\#(keys.joined(separator: ","))]}"#) }

    private static func rsa(bits: Int, _ more: String = "") -> String {
        #"{"kty":"RSA","e":"AQAB","n":"\#(Base64URL.encode([UInt8](repeating: 0xC1, count: bits / 8)))"\#(more)}"#
    }

    private static let leftOut = [
        rsa(bits: 1024), rsa(bits: 8192), rsa(bits: 16384), rsa(bits: 1024, #","use":"enc""#), rsa(bits: 1024, #","key_ops":["encrypt"]"#),
        rsa(bits: 1024, #","alg":"RSA-OAEP""#), #"{"kty":"EC","crv":"P-256","use":"enc"}"#,
    ]

    @Test(arguments: leftOut) func `§5 a key out of range, or for something else, is left out of a set whatever it is made of`(other: String) throws {
        let sound = JWK(keyID: "sound", algorithm: nil, key: try PrivateKey.random(.es256, from: SystemRandom()).publicKey).object.text

        let read = try JWKSet(reading: set(other, sound))

        #expect(read.keys.map(\.keyID) == ["sound"])
        #expect(throws: JWKSet.Refusal.noUsableKey) { try JWKSet(reading: set(other)) }
    }

    private static let p384 = #"{"kty":"EC","alg":"ES384","kid":"tls","crv":"P-384","x":"AA","y":"AA","x5c":["AAAA"]}"#

    @Test func `§4.7 a key of another kind is registered for its certificate, and checks no signature`() throws {
        let value = try set(Self.p384.replacing(#""x5c""#, with: #""owner":"acme","x5c""#))

        let registered = try JWKSet(registering: value)

        #expect(registered.keys.isEmpty)
        #expect(registered.withCertificates.map(\.text) == [Self.p384])
        #expect(try JWKSet(registering: JSONValue(parsing: registered.text)) == registered)
        #expect(throws: JWKSet.Refusal.noUsableKey) { try JWKSet(reading: value) }
    }

    @Test func `§4.7 one without a certificate, not for signatures or with its private part is not registered`() throws {
        for (member, replaced) in [
            (#","x5c":["AAAA"]"#, ""), (#"["AAAA"]"#, "[]"), (#"["AAAA"]"#, "[7]"), (#""alg""#, #""use":"enc","alg""#),
            (#""alg""#, #""key_ops":["encrypt"],"alg""#),
        ] {
            let key = Self.p384.replacing(member, with: replaced)
            #expect(throws: JWKSet.Refusal.noUsableKey, "\(key)") { try JWKSet(registering: set(key)) }
        }
        let leaked = Self.p384.replacing(#""alg""#, with: #""d":"AA","alg""#)
        #expect(throws: JWKSet.Refusal.key(index: 0, .privatePart)) { try JWKSet(registering: set(leaked)) }
    }

    @Test func `a private or symmetric member refuses the whole set`() throws {
        for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            let text =
                #"{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","\#(member)":"AA"}"#

            #expect(try refusal(of: text) == .privatePart)
            for text in [text, text.replacing("{", with: #"{"use":"enc","#)] {
                #expect(throws: JWKSet.Refusal.key(index: 0, .privatePart)) { try JWKSet(reading: set(text)) }
            }
        }
        #expect(try refusal(of: #"{"kty":"oct","k":"AA"}"#) == .privatePart)
    }

    @Test func `points off the curve, short coordinates, weak and oversized RSA keys are refused`() throws {
        let one = Base64URL.encode([UInt8](repeating: 1, count: 32))

        #expect(try refusal(of: #"{"kty":"EC","crv":"P-256","x":"\#(one)","y":"\#(one)"}"#) == .malformed)
        #expect(try refusal(of: #"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#) == .malformed)
        #expect(try refusal(of: #"{"kty":"EC","crv":"P-256","x":1,"y":null}"#) == .malformed)
        #expect(try refusal(of: #"{"kty":"EC","crv":"P-521"}"#) == .unsupportedCurve)
        #expect(try refusal(of: #"{"kty":"RSA"}"#) == .malformed)
        for bits in [1024, 4800, 8192] { #expect(try refusal(of: Self.rsa(bits: bits)) == .weak) }
        #expect(try refusal(of: #"{"kty":"OKP","crv":"X25519","x":"\#(one)"}"#) == .unsupportedCurve)
        #expect(try refusal(of: #"{"kty":7}"#) == .unsupportedType)
        #expect(try refusal(of: "{}") == .unsupportedType)
    }

    @Test func `a set of several keys names each, and each differently`() throws {
        func set(_ ids: [String?]) throws -> JWKSet {
            let keys = try ids.map { JWK(keyID: $0, algorithm: nil, key: try PrivateKey.random(.es256, from: SystemRandom()).publicKey) }
            return try JWKSet(reading: JSONValue(parsing: JWKSet(keys).text))
        }

        #expect(try set([nil]).keys.count == 1)
        #expect(try set(["a", "b"]).keys.count == 2)
        #expect(throws: JWKSet.Refusal.missingKeyID) { try set(["a", nil]) }
        #expect(throws: JWKSet.Refusal.repeatedKeyID("a")) { try set(["a", "a"]) }
        #expect(throws: JWKSet.Refusal.tooManyKeys) { try set((0...20).map { "key-\($0)" }) }
        #expect(throws: JWKSet.Refusal.notASet) { try JWKSet(reading: .array([])) }
        #expect(throws: JWKSet.Refusal.noUsableKey) { try JWKSet(reading: JSONValue(parsing: #"{"keys":[]}"#)) }
    }

    @Test func `RFC 8725 §3.1 a key verifies only the algorithm it is meant for`() throws {
        let rsa = try PrivateKey.random(.rs256, from: SystemRandom())
        let signature = try rsa.signature(for: [1])

        #expect(rsa.publicKey.isValid(signature, for: [1], by: .rs256))
        #expect(!rsa.publicKey.isValid(signature, for: [1], by: .ps256))
        #expect(!rsa.publicKey.isValid(signature, for: [1], by: .es256))
        #expect(!JWK(keyID: nil, algorithm: .ps256, key: rsa.publicKey).suits(.rs256))
        #expect(JWK(keyID: nil, algorithm: nil, key: rsa.publicKey).suits(.rs256))
    }

    @Test func `bytes that are no private key make none`() {
        for bytes in [[], [UInt8](repeating: 0, count: 32), [UInt8](repeating: 255, count: 32), [1]] {
            #expect(PrivateKey(.es256, bytes: bytes) == nil)
        }
        #expect(PrivateKey(.rs256, bytes: [UInt8](repeating: 1, count: 32)) == nil)
    }
}
