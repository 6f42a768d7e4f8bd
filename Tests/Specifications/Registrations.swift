import Applications
import Composition
import Crypto
import Events
import Foundation
import HTTPTypes
import HummingbirdTesting
import JOSE
import JSON
import OAuth
import Primitives
import Storage
import SwiftASN1
import TestSupport
import Testing
import Web
import X509

// What the suites of RFC 7591 and RFC 7592 share: software that registers itself.

extension TestServer {
    static let callback = "https://robot.example.com/callback"

    /// The metadata of a sound registration.
    /// - Parameter changes: members that replace those; a null takes one away.
    static func metadata(_ changes: [String: JSONValue] = [:]) -> String {
        let sound: [String: JSONValue] = [
            "client_name": .string("Budget Robot"), "redirect_uris": .array([.string(callback)]),
            "grant_types": .array(["authorization_code", "refresh_token", "client_credentials"].map(JSONValue.string)),
        ]
        let members = sound.merging(changes) { $1 }.sorted { $0.key < $1.key }.filter { $0.value != .null }
        return JSONObject(members.map { ($0.key, $0.value) }).text
    }

    func registerSoftware(_ changes: [String: JSONValue] = [:], token: String? = nil) async throws -> TestResponse {
        try await registerSoftware(json: Self.metadata(changes), token: token)
    }

    func registerSoftware(json: String, token: String? = nil) async throws -> TestResponse {
        try await post("/oauth2/register", json: json, headers: token.map { [.authorization: "Bearer \($0)"] } ?? [:])
    }

    /// An initial access token of the demo's organisation, unless told otherwise.
    func initialAccessToken(
        uses: Int = 1, lifetime: Duration = .days(7), profile: SecurityProfile = .oauth21, of organisation: OrganisationID = DemoWorld.organisation
    ) async throws -> (id: InitialAccessTokenID, text: String) {
        let now = clock.now
        return try await database.write { tx in
            let made = try InitialAccessTokens().create(
                name: "Build server", uses: uses, lifetime: lifetime, profile: profile, for: organisation, by: .commandLine, at: now, requestID: nil, in: tx
            ).get()
            return (made.token.id, made.secret.value)
        }
    }

    /// A request to the client's own registration.
    func manage(_ method: HTTPRequest.Method, _ registered: TestResponse, token: String? = nil, json: String? = nil) async throws -> TestResponse {
        var headers: HTTPFields = [.authorization: "Bearer \(token ?? registered.registrationToken)"]
        if json != nil { headers[.contentType] = "application/json" }
        return try await send(method, registered.registrationPath, headers: headers, body: json)
    }

    /// The client's own token, as a backend gets it.
    func ownToken(of registered: TestResponse) async throws -> TestResponse {
        try await post(
            "/oauth2/token", form: [("grant_type", "client_credentials"), ("scope", "consents.write")],
            headers: .basic(registered.clientID, registered.json["client_secret"] as? String ?? ""))
    }

    func app(_ registered: TestResponse) async throws -> App? {
        let clientID = ClientID(registered.clientID)
        return try await database.read { tx in try clientID.flatMap { try Applications.Apps().find($0, in: tx) } }
    }
}

extension TestResponse {
    var clientID: String { json["client_id"] as? String ?? "" }
    var registrationToken: String { json["registration_access_token"] as? String ?? "" }
    var registrationPath: String { (json["registration_client_uri"] as? String ?? "").replacing(TestServer.issuer.text, with: "") }
    var errorDescription: String { json["error_description"] as? String ?? "" }

    /// A refusal with its code and words (RFC 7591 §3.2.2, RFC 6749 §5.2).
    func isRefused(
        _ code: String, naming words: String..., status: HTTPResponse.Status = .badRequest, of comment: Comment? = nil,
        at location: SourceLocation = #_sourceLocation
    ) {
        #expect(self.status == status && errorCode == code, comment ?? "\(text)", sourceLocation: location)
        for word in words { #expect(errorDescription.contains(word), comment ?? "\(text)", sourceLocation: location) }
        #expect(errorDescription.utf8.allSatisfy { $0 >= 32 && $0 < 127 && $0 != 34 && $0 != 92 }, comment, sourceLocation: location)
        #expect(isKeptByNoCache && json["client_id"] == nil, comment, sourceLocation: location)
        if status == .unauthorized { #expect(headers[.wwwAuthenticate]?.hasPrefix("Bearer ") == true, comment, sourceLocation: location) }
    }
}

/// Somebody whom the bank trusts to speak of software: a directory of partners.
struct Directory {
    let key: TestKey
    static let issuer = "https://directory.example"

    init() throws { key = try TestKey(.ps256, id: "directory-1") }

    /// Runs the body with a server that trusts this directory for Acme Budget's software.
    static func run(_ engine: Engine, demo: Bool = true, _ body: @escaping @Sendable (TestServer, Directory) async throws -> Void) async throws {
        let directory = try Directory()
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("issuers-\(UUID().uuidString).json")
        let entry =
            #"{"issuer":"\#(issuer)","jwks":\#(JWKSet([directory.key.jwk]).text),"organisation_claim":"org_id","organisations":{"0015800001041RHAAY":"acme-budget"}}"#
        try Data(#"{"issuers":[\#(entry)]}"#.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        try await TestServer.run(engine, demo: demo, statementIssuers: file.path) { try await body($0, directory) }
    }

    /// - Parameter claims: members that replace those of a sound statement; a null takes one away.
    func statement(at now: Timestamp, by other: TestKey? = nil, claims: [String: JSONValue] = [:], header: [String: JSONValue] = [:]) throws -> String {
        let sound: [String: JSONValue] = [
            "iss": .string(Self.issuer), "iat": .integer(now.seconds), "exp": .integer((now + .minutes(5)).seconds), "jti": .string(UUID().uuidString),
            "org_id": .string("0015800001041RHAAY"), "software_id": .string("robot"), "client_name": .string("Certified Robot"),
            "redirect_uris": .array([.string("https://certified.example.com/callback")]),
        ]
        return try (other ?? key).sign(sound.merging(claims) { $1 }, header: header)
    }
}

/// A server behind a proxy that passes client certificates on.
enum CertificateGate {
    private static let proxy = "192.0.2.7"

    static func run(_ engine: Engine, _ body: @escaping @Sendable (TestServer) async throws -> Void) async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("authority-\(UUID().uuidString).pem")
        try certificate(of: Curve.p256.key, isAuthority: true).serializeAsPEM().pemString.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        try await TestServer.run(engine, trusting: [proxy], authorities: file.path) { try await body($0.called(from: proxy)) }
    }

    enum Curve: String, CaseIterable {
        case p256 = "P-256"
        case p384 = "P-384"
        case p521 = "P-521"

        var key: Certificate.PrivateKey {
            switch self {
            case .p256: .init(P256.Signing.PrivateKey())
            case .p384: .init(P384.Signing.PrivateKey())
            case .p521: .init(P521.Signing.PrivateKey())
            }
        }
    }

    /// A client's certificate of its own signing.
    struct SelfSigned: Sendable {
        let curve: Curve
        let key: Certificate.PrivateKey
        /// Base64 of its DER.
        let certificate: String

        init(_ curve: Curve = .p256) throws {
            self.curve = curve
            key = curve.key
            certificate = Data(try CertificateGate.certificate(of: key).serializeAsPEM().derBytes).base64EncodedString()
        }

        /// - Parameter certificates: `x5c`; its own unless told otherwise.
        func jwk(_ certificates: [String]? = nil) -> JSONValue {
            // SEC 1 §2.3.3: 4, x, y.
            let point = key.publicKey.subjectPublicKeyInfoBytes.dropFirst()
            return .object(
                JSONObject([
                    ("kty", .string("EC")), ("crv", .string(curve.rawValue)), ("kid", .string("tls-\(curve.rawValue)")),
                    ("x", .string(Base64URL.encode(point.prefix(point.count / 2)))), ("y", .string(Base64URL.encode(point.suffix(point.count / 2)))),
                    ("x5c", .array((certificates ?? [certificate]).map(JSONValue.string))),
                ]))
        }
    }

    /// The members by which software registers these keys for their certificates.
    static func metadata(_ keys: [JSONValue]) -> [String: JSONValue] {
        ["token_endpoint_auth_method": .string("self_signed_tls_client_auth"), "jwks": .object(JSONObject([("keys", .array(keys))]))]
    }

    static func token(_ registered: TestResponse, _ identity: SelfSigned, _ server: TestServer) async throws -> TestResponse {
        try await server.post(
            "/oauth2/token", form: [("grant_type", "client_credentials"), ("client_id", registered.clientID)],
            headers: [.clientCert: ":\(identity.certificate):"])
    }

    private static func certificate(of key: Certificate.PrivateKey, isAuthority: Bool = false) throws -> Certificate {
        let name = try X509.DistinguishedName { CommonName(isAuthority ? "Partner CA" : "robot") }
        let date = { (time: Timestamp) in Date(timeIntervalSince1970: Double(time.seconds)) }
        return try Certificate(
            version: .v3, serialNumber: .init(), publicKey: key.publicKey, notValidBefore: date(ManualClock().now - .days(1)),
            notValidAfter: date(ManualClock().now + .days(30)), issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                if isAuthority {
                    Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                    Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                }
            }, issuerPrivateKey: key)
    }
}
