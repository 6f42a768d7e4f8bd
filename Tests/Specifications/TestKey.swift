import Foundation
import JOSE
import JSON
import OAuth
import Primitives
import Web

/// A partner's private key and the JWTs it signs, sound or broken in one place.
struct TestKey: Sendable {
    let id: String?
    let key: PrivateKey

    init(_ algorithm: SignatureAlgorithm = .es256, id: String? = "key-1") throws {
        self.id = id
        key = try .random(algorithm, from: SystemRandom())
    }

    var jwk: JWK { JWK(keyID: id, algorithm: nil, key: key.publicKey) }
    var metadata: ClientMetadata {
        var metadata = ClientMetadata()
        metadata.jwks = JWKSet([jwk])
        return metadata
    }

    /// A compact JWS over these claims.
    /// - Parameter header: members that replace those of the usual header; a null takes one away.
    func sign(_ claims: [String: JSONValue], header: [String: JSONValue] = [:]) throws -> String {
        let usual: [String: JSONValue] = ["alg": .string(key.algorithm.rawValue), "kid": id.map(JSONValue.string) ?? .null]
        return try sign(payload: Self.object(claims).text, header: Self.object(usual.merging(header) { $1 }).text)
    }

    func sign(payload: String, header: String) throws -> String {
        let input = "\(Base64URL.encode(Array(header.utf8))).\(Base64URL.encode(Array(payload.utf8)))"
        return "\(input).\(Base64URL.encode(try key.signature(for: Array(input.utf8))))"
    }

    private static func object(_ members: [String: JSONValue]) -> JSONObject {
        JSONObject(members.sorted { $0.key < $1.key }.filter { $0.value != .null }.map { ($0.key, $0.value) })
    }

    // MARK: Client assertions

    /// RFC 7523 §3.
    /// - Parameter claims: members that replace those of a sound assertion; a null takes one away.
    func assertion(
        of clientID: String, for issuer: Issuer = TestServer.issuer, at now: Timestamp, claims: [String: JSONValue] = [:],
        header: [String: JSONValue] = [:]
    ) throws -> String {
        let sound: [String: JSONValue] = [
            "iss": .string(clientID), "sub": .string(clientID), "aud": .string(issuer.text), "jti": .string(UUID().uuidString),
            "iat": .integer(now.seconds), "exp": .integer((now + .seconds(60)).seconds),
        ]
        return try sign(sound.merging(claims) { $1 }, header: header)
    }
}

extension TestApp {
    /// The form fields of an assertion.
    func fields(_ assertion: String) -> [(name: String, value: String)] {
        [("client_assertion_type", ClientAssertion.type), ("client_assertion", assertion), ("client_id", clientID)]
    }
}

// MARK: DPoP

extension TestKey {
    /// A proof (RFC 9449 §4.2).
    /// - Parameters:
    ///   - token: with a request to a protected resource.
    ///   - claims: members that replace those of a sound proof; a null takes one away.
    func proof(
        _ method: String = "POST", _ path: String = "/oauth2/token", token: String? = nil, at now: Timestamp, claims: [String: JSONValue] = [:],
        header: [String: JSONValue] = [:]
    ) throws -> String {
        let sound: [String: JSONValue] = [
            "htm": .string(method), "htu": .string(TestServer.issuer.address(path)), "iat": .integer(now.seconds), "jti": .string(UUID().uuidString),
            "ath": token.map { .string(Digest(of: $0).text) } ?? .null,
        ]
        let usual: [String: JSONValue] = ["typ": .string("dpop+jwt"), "jwk": .object(key.publicKey.members), "kid": .null]
        return try sign(sound.merging(claims) { $1 }, header: usual.merging(header) { $1 })
    }

    var thumbprint: String { key.publicKey.thumbprint }
}
