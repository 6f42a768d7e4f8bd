import Certificates
import Crypto
import Foundation
import HTTPTypes
import JOSE
import JSON
import OAuth
import Primitives
import SwiftASN1
import Testing
import Web
import X509

@testable import Certificates

/// Each reader of what strangers send gets hostile inputs by the thousand: it ends, it traps on none, and what it accepts is what it says.
@Suite("Fuzzed readers")
struct ReadersTests {
    private static let key = try! PrivateKey.random(.es256, from: SystemRandom())  // P-256 draws always succeed
    private static let client = RegisteredClient(
        id: ClientID("acme-budget")!, redirectURIs: [RedirectURI(registered: "https://app.example.com/callback")], scopes: ScopeSet(Scope.allCases),
        grantTypes: Set(GrantType.allCases), isNative: false)  // a constant that parses
    private static let now = Timestamp(seconds: 1_795_240_800)

    private static func jws(_ claims: String, header: String = #"{"alg":"ES256","kid":"k","typ":"JWT"}"#) -> String {
        let input = "\(Base64URL.encode(Array(header.utf8))).\(Base64URL.encode(Array(claims.utf8)))"
        return "\(input).\(Base64URL.encode(try! key.signature(for: Array(input.utf8))))"  // a sound key signs
    }

    private static let proof = jws(
        #"{"htm":"POST","htu":"http://localhost:8080/oauth2/token","iat":1795240800,"jti":"a","nonce":"n","ath":"x"}"#,
        header: #"{"alg":"ES256","typ":"dpop+jwt","jwk":\#(key.publicKey.members.text)}"#)
    private static let assertion = jws(
        #"{"iss":"acme-budget","sub":"acme-budget","aud":"http://localhost:8080","jti":"a","iat":1795240800,"exp":1795240860,"nbf":1795240800}"#)
    private static let requestObject = jws(
        #"{"iss":"acme-budget","aud":["http://localhost:8080"],"client_id":"acme-budget","exp":1795240860,"nbf":1795240800,"scope":"openid","max_age":1,"claims":{"id_token":{"acr":{"essential":true}}},"resource":["a","b"]}"#
    )

    /// Runs a reader on every case.
    private func each(_ samples: [String], _ read: (String) throws -> Void) rethrows {
        let mutator = Mutator(samples)
        for _ in 0..<Mutator.cases { try read(String(decoding: mutator.next(), as: UTF8.self)) }
    }

    @Test func `JSON that is read says the same when it is written and read again`() throws {
        try each([#"{"a":[1,2.5e3,true,null,"é\u0000\ud83d\udca5"],"b":{"c":{}}}"#, #"[[[]]]"#, "1e5", #""text""#]) { text in
            guard let value = try? JSONValue(parsing: text, limits: .token()) else { return }
            let again = try JSONValue(parsing: value.text)
            #expect(again == value)
        }
    }

    @Test func `a JWT that is read has an algorithm of ours, and no other signature verifies`() {
        each([Self.proof, Self.assertion, Self.requestObject]) { text in
            guard let jws = try? UnverifiedJWS(parsing: text, limit: 32_768), jws.isSigned(by: Self.key.publicKey) else { return }
            #expect(jws.algorithm == .es256)
            #expect([Self.proof, Self.assertion, Self.requestObject].contains(text))
        }
    }

    @Test func `a key set that is read holds no private part, and says the same when it is written and read again`() throws {
        let rsa = try PrivateKey.random(.ps256, from: SystemRandom()).publicKey
        let sets = [
            JWKSet([JWK(keyID: "a", algorithm: .es256, key: Self.key.publicKey), JWK(keyID: "b", algorithm: nil, key: rsa)]).text,
            #"{"keys":[{"kty":"EC","use":"sig","alg":"ES384","kid":"c","crv":"P-384","x":"AA","y":"AA","x5c":["AAAA"]}]}"#,
        ]
        try each(sets) { text in
            guard let value = try? JSONValue(parsing: text, limits: .token()), let set = try? JWKSet(registering: value) else { return }
            #expect(set.object["keys"]?.array?.allSatisfy { key in ["d", "p", "q", "k"].allSatisfy { key[$0] == nil } } == true)
            let again = try JWKSet(registering: JSONValue(parsing: set.text))
            #expect(again == set)
        }
    }

    @Test func `no proof but the sound one proves anything`() {
        let target = DPoPProof.Target(method: "POST", addresses: ["http://localhost:8080/oauth2/token"])
        each([Self.proof]) { text in
            let read = try? DPoPProof(text, for: target, at: Self.now, keys: KnownPublicKeys()) { _ in (Self.now, Self.now + .seconds(60)) }
            if let read {
                #expect(read.thumbprint == Self.key.publicKey.thumbprint)
                #expect(text == Self.proof)
            }
        }
    }

    @Test func `assertions and request objects are judged whatever their claims hold`() {
        let audiences = ClientAssertion.Audiences(issuer: "http://localhost:8080", endpoints: [])
        let claims = [Self.assertion, Self.requestObject].map { String($0.split(separator: ".")[1]) }.compactMap { Base64URL.decode($0) }
        each(claims.map { String(decoding: $0, as: UTF8.self) }) { text in
            guard let jws = try? UnverifiedJWS(parsing: Self.jws(text), limit: 32_768) else { return }
            if let read = try? ClientAssertion(jws, of: Self.client.id, for: audiences, rules: SecurityProfile.fapi2.rules, at: Self.now) {
                #expect((1...255).contains(read.tokenID.utf8.count) && read.expiresAt > Self.now)
            }
            if let read = try? RequestObject(jws, of: Self.client, issuer: "http://localhost:8080", at: Self.now) {
                #expect(read.parameters["request"] == nil && read.parameters["client_id"] == "acme-budget")
            }
        }
    }

    @Test func `forms and queries that are read say the same when they are written and read again`() {
        each(["a=1&b=%C3%A9+x&c=&d", "scope=openid+profile&state=%22%3E"]) { text in
            guard let read = Parameters(urlEncoded: text) else { return }
            let again = Parameters(urlEncoded: read.urlEncoded)
            #expect(again?.pairs.map(\.name) == read.pairs.map(\.name) && again?.pairs.map(\.value) == read.pairs.map(\.value))
        }
    }

    @Test func `authorization requests with their details and claims are accepted or refused with a code of OAuth`() {
        let request = Parameters([
            ("response_type", "code"), ("client_id", "acme-budget"), ("redirect_uri", "https://app.example.com/callback"), ("scope", "openid"),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"), ("code_challenge_method", "S256"), ("response_mode", "jwt"),
            ("authorization_details", #"[{"type":"account_access","consent_id":"cns_4tYw8LkQz2RnVb6XcJ0e"}]"#),
            ("claims", #"{"id_token":{"acr":{"essential":true,"values":["urn:wekeza:acr:2"]}}}"#), ("max_age", "10"), ("prompt", "login consent"),
        ]).urlEncoded
        each([request]) { text in
            guard let query = Parameters(urlEncoded: text) else { return }
            let parameters = RequestParameters(query.pairs)
            guard let target = try? RedirectTarget(parameters, for: Self.client) else { return }
            #expect(target.address == "https://app.example.com/callback")
            do {
                let read = try AuthorizationRequest(parameters, for: Self.client, target: target, audience: "http://localhost:8080/v1")
                #expect(read.codeChallenge != nil)
            } catch let error as OAuthError {
                #expect(error.description.utf8.allSatisfy { $0 >= 32 && $0 < 127 && $0 != 34 && $0 != 92 })
            } catch {
                Issue.record("\(error) is no error of OAuth")
            }
        }
    }

    @Test func `an address that can be registered leads nowhere else`() {
        each(["https://app.example.com/callback?a=b", "http://localhost:8080/cb", "com.example.app:/cb", "http://[::1]:1/x"]) { text in
            guard case .success(let uri) = RedirectURI.register(text) else { return }
            #expect(uri.text.utf8.allSatisfy { $0 > 32 && $0 < 127 } && !uri.text.contains("#") && !uri.text.contains("*"))
            #expect(uri.scheme != "javascript" && uri.scheme != "data")
        }
    }

    @Test func `client metadata that is read says the same when it is written and read again`() throws {
        let sample =
            #"{"jwks_uri":"https://a.example/jwks","default_max_age":5,"contacts":["a@b.example"],"dpop_bound_access_tokens":true,"id_token_signed_response_alg":"PS256","tls_client_auth_subject_dn":"CN=a","client_uri":"https://a.example"}"#
        try each([sample]) { text in
            guard let object = (try? JSONValue(parsing: text, limits: .token()))?.object, let read = try? ClientMetadata(reading: object) else { return }
            let again = try ClientMetadata(reading: read.json)
            #expect(again == read)
        }
    }

    @Test func `registrations are read or refused by a member's name, in words that an answer can carry`() {
        let sample =
            #"{"client_name":"Robot","client_name#sw":"Roboti","redirect_uris":["https://a.example/cb"],"grant_types":["authorization_code"],"response_types":["code"],"scope":"openid","token_endpoint_auth_method":"none","application_type":"native","logo_uri":"https://a.example/l","jwks":\#(JWKSet([JWK(keyID: "a", algorithm: nil, key: Self.key.publicKey)]).text)}"#
        each([sample]) { text in
            guard let object = (try? JSONValue(parsing: text, limits: .token()))?.object else { return }
            switch Self.registration(object) {
            case .success(let read): #expect(read.redirectURIs.allSatisfy { !$0.text.contains("#") } && read.metadata.translations.count <= 20)
            case .failure(let refusal):
                let answer = refusal.error(about: object)
                #expect(answer.description.utf8.allSatisfy { $0 >= 32 && $0 < 127 && $0 != 34 && $0 != 92 } && answer.description.utf8.count < 600)
            }
        }
    }

    private static func registration(_ object: JSONObject) -> Result<ClientRegistration, ClientMetadataRefusal> {
        do { return .success(try ClientRegistration(reading: object, methods: ClientAuthenticationMethod.allCases)) } catch { return .failure(error) }
    }

    @Test func `software statements are judged whatever their claims hold`() {
        let claims =
            #"{"iss":"https://d.example","iat":1795240800,"exp":1795240860,"nbf":1795240800,"jti":"a","aud":["http://localhost:8080"],"client_name":"Robot","client_id":"x"}"#
        let request = JSONObject([("client_name", .string("Mine")), ("contacts", .array([]))])
        each([claims]) { text in
            guard let jws = try? UnverifiedJWS(parsing: Self.jws(text), limit: 32_768),
                let read = try? SoftwareStatement(jws, text: "", issuer: "https://d.example", audience: "http://localhost:8080", at: Self.now)
            else { return }
            #expect(read.expiresAt > Self.now && read.members["client_id"] == nil)
            let names = read.overriding(request).names
            #expect(Set(names).count == names.count)
        }
    }

    /// As OpenSSL made it: an entry of two has an extension, and so has the list.
    private static let revocationList = Array(
        Data(
            base64Encoded: """
                MIIBCzCBsQIBATAKBggqhkjOPQQDAjASMRAwDgYDVQQDDAdJc3N1aW5nFw0yNjExMjcxMTQxMDFaFw0yNjEyMjcxMTQxMDFaMD0wIAIBBxcNMjYxMTI3MDAwMDAwWjAM\
                MAoGA1UdFQQDCgEBMBkCCBEiM0RVZneIFw0yNjExMjcwMDAwMDBaoC8wLTAfBgNVHSMEGDAWgBSIcsJa821L+XBJXYGTUOVK9+/P8jAKBgNVHRQEAwIBATAKBggqhkjO\
                PQQDAgNJADBGAiEAj+YnR+qU4feaIW6dfTpmxMGoiEm5AodN7GBkLEZmOPMCIQC27IGT8pohO/VNd46jukIkTi52CHTqk8x281WpKvwAEA==
                """)!)  // a constant that decodes

    @Test func `revocation lists are read to an end`() throws {
        let whole = try RevocationList(der: Self.revocationList)
        let (revoked, other) = (Certificate.SerialNumber(bytes: [7]), Certificate.SerialNumber(bytes: [8]))
        #expect(whole.revokes(revoked) && !whole.revokes(other))
        let mutator = Mutator([Self.revocationList])
        for _ in 0..<Mutator.cases {
            // What is taken can be asked.
            _ = try? RevocationList(der: mutator.next()).revokes(revoked)
        }
    }

    private static let signingRequest = """
        MIH/MIGnAgEAMB4xDTALBgNVBAoMBEFjbWUxDTALBgNVBAMMBGFjbWUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAS4DADxfc+oJ2CSs5GjCgP3Ka+m+0WttwKkc8S8\
        57P+EY58+YA/r/P5FKuHgDadc1E6mQSnP0ybKM3jjgVlJAxOoCcwJQYJKoZIhvcNAQkOMRgwFjAUBgNVHREEDTALgglhLmV4YW1wbGUwCgYIKoZIzj0EAwIDRwAwRAIg\
        D3V8f0zb71qJNhJ+i0Sl+txr0MlTCfVa8XF/6RNPMI8CIC+/zapH6nHRCS7TTbS0c6r4f7y98YR24Z4gd+yYhB6H
        """

    @Test func `signing requests are read to an end, and their text too`() throws {
        let whole = try #require(Data(base64Encoded: Self.signingRequest))
        _ = try CertificateRequest.read(Array(whole)).get()
        let mutator = Mutator([Array(whole)])
        for _ in 0..<Mutator.cases { _ = CertificateRequest.read(mutator.next()) }
        each(["-----BEGIN CERTIFICATE REQUEST-----\n\(Self.signingRequest)\n-----END CERTIFICATE REQUEST-----\n"]) { text in _ = try? PEMText(text) }
    }

    @Test func `distinguished names that are read are the same when they are read again`() {
        each([#"CN=acme,O=Acme\, Ltd.+OU=\"a\"\C3\A9,2.5.4.5=#0C0161"#, "CN=acme, O = Acme"]) { text in
            guard let name = DistinguishedName(rfc4514: text) else { return }
            #expect(DistinguishedName(rfc4514: name.text) == name)
        }
    }

    @Test func `certificates and their fields are read to an end`() throws {
        let name = try X509.DistinguishedName { CommonName("acme") }
        let clientKey = P256.Signing.PrivateKey()
        let certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(clientKey.publicKey), notValidBefore: Date(timeIntervalSince1970: 1_795_000_000),
            notValidAfter: Date(timeIntervalSince1970: 1_796_000_000), issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                try ExtendedKeyUsage([.clientAuth])
                SubjectAlternativeNames([.dnsName("a.example"), .uniformResourceIdentifier("spiffe://a")])
            }, issuerPrivateKey: .init(clientKey)
        ).serializeAsPEM().derBytes
        let mutator = Mutator([certificate])
        for _ in 0..<Mutator.cases {
            let bytes = mutator.next()
            if case .success(let read) = ClientCertificate.read(bytes) { #expect(read.der == bytes) }
            _ = try? PresentedCertificate.read([.clientCert: ":\(Data(bytes).base64EncodedString()):"])
        }
        each([":\(Data(certificate.prefix(60)).base64EncodedString()):", #":YQ==:;a="b", :YQ==:"#]) { text in
            _ = try? PresentedCertificate.read([.clientCert: text, .clientCertChain: text])
        }
    }
}
