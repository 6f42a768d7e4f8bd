import Applications
import Certificates
import Composition
import Crypto
import Events
import Foundation
import HTTPTypes
import HummingbirdTesting
import JSON
import OAuth
import Primitives
import Storage
import SwiftASN1
import TestSupport
import Testing
import Web
import X509

/// An authority that the bank trusts, or one that only bears its name.
private struct PartnerAuthority: Sendable {
    private let key = P256.Signing.PrivateKey()
    let certificate: Certificate

    init() throws {
        let name = try Self.name
        let now = ManualClock().now
        certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey), notValidBefore: Self.date(now - .days(10)),
            notValidAfter: Self.date(now + .days(100)), issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
            }, issuerPrivateKey: .init(key))
    }

    private static var name: X509.DistinguishedName { get throws { try X509.DistinguishedName { CommonName("Partner CA") } } }

    private static func date(_ time: Timestamp) -> Date { Date(timeIntervalSince1970: Double(time.seconds)) }

    var pem: String { get throws { try certificate.serializeAsPEM().pemString } }

    func issue(
        _ commonName: String = "acme", until: Timestamp = ManualClock().now + .days(1), usage: ExtendedKeyUsage.Usage = .clientAuth,
        names: [GeneralName] = [], isSelfSigned: Bool = false
    ) throws -> TestIdentity {
        let clientKey = P256.Signing.PrivateKey()
        let subject = try X509.DistinguishedName {
            CommonName(commonName)
            OrganizationName("Acme Ltd")
        }
        let certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(clientKey.publicKey), notValidBefore: Self.date(ManualClock().now - .days(2)),
            notValidAfter: Self.date(until), issuer: isSelfSigned ? subject : Self.name, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                try ExtendedKeyUsage([usage])
                if !names.isEmpty { SubjectAlternativeNames(names) }
            }, issuerPrivateKey: .init(isSelfSigned ? clientKey : key))
        return TestIdentity(der: try certificate.serializeAsPEM().derBytes, key: clientKey)
    }
}

/// How certificates reach the server.
enum Way: CaseIterable, Sendable {
    /// A trusted proxy tells them (RFC 9440).
    case proxy
    /// In a handshake with the server's own listener, under an https issuer.
    case handshake
}

/// A server that is shown certificates.
private struct Gate: Sendable {
    static let proxy = "192.0.2.7"
    static let consent = #"{"type":"account_access","permissions":["ReadAccountsBasic"],"expires_at":"2027-02-19T00:00:00Z"}"#
    let server: TestServer
    let authority: PartnerAuthority

    static func run(_ engine: Engine = .sqlite, way: Way, _ body: @escaping @Sendable (Gate) async throws -> Void) async throws {
        let authority = try PartnerAuthority()
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("authority-\(UUID().uuidString).pem")
        try authority.pem.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        switch way {
        case .proxy:
            try await TestServer.run(engine, trusting: [proxy], authorities: file.path) { server in
                try await body(Gate(server: server.called(from: proxy), authority: authority))
            }
        case .handshake:
            try await TestServer.runOverTLS(engine, authorities: file.path) { try await body(Gate(server: $0, authority: authority)) }
        }
    }

    func register(
        _ kind: TLSClientSubject.Kind = .subjectDN, _ value: String = "O=Acme Ltd,CN=acme", bound: Bool = true, as app: AppKind = .backend
    ) async throws -> TestApp {
        var metadata = ClientMetadata()
        metadata.tlsSubject = TLSClientSubject(kind: kind, value: value)
        metadata.tlsClientCertificateBoundAccessTokens = bound
        return try await server.register(app, method: .tlsClientAuth, metadata: metadata)
    }

    func token(_ app: TestApp, _ certificate: TestIdentity?) async throws -> TestResponse {
        try await server.presenting(certificate).post("/oauth2/token", form: [("grant_type", "client_credentials"), ("client_id", app.clientID)])
    }

    /// An app with a secret, whose tokens are bound.
    func registerBound() async throws -> TestApp {
        var metadata = ClientMetadata()
        metadata.tlsClientCertificateBoundAccessTokens = true
        return try await server.register(.backend, metadata: metadata)
    }

    func boundToken(_ app: TestApp, _ certificate: TestIdentity) async throws -> String {
        try await server.presenting(certificate).token(app, [("grant_type", "client_credentials")]).json["access_token"] as? String ?? ""
    }

    func isRefused(_ app: TestApp, _ certificate: TestIdentity?) async throws -> Bool {
        let answer = try await token(app, certificate)
        return answer.status == .unauthorized && answer.errorCode == "invalid_client"
    }

    /// A call of the API. 404 is the answer of the resource: the token passed.
    func read(_ token: String, _ certificate: TestIdentity?) async throws -> TestResponse {
        try await server.presenting(certificate).call("/v1/consents/cns_0000000000000000", token: token)
    }
}

extension TestServer {
    fileprivate func addCertificate(_ certificate: TestIdentity, to app: TestApp) async throws {
        let record = AppCertificate(try ClientCertificate.read(certificate.der).get(), of: app.app.id, source: .upload, at: clock.now)
        try await database.write { tx in _ = try AppCertificates().add(record, by: .commandLine, requestID: nil, in: tx).get() }
        try await settle()
    }

    fileprivate func removeCertificate(_ certificate: TestIdentity, from app: TestApp) async throws {
        let (thumbprint, now) = (Thumbprint(ofDER: certificate.der), clock.now)
        _ = try await database.write { tx in
            try AppCertificates().remove(thumbprint, of: app.app.id, by: .commandLine, at: now, requestID: nil, in: tx)
        }
        try await settle()
    }
}

@Suite("RFC 8705 · Mutual TLS")
struct RFC8705Tests {
    @Test(arguments: Engine.available, Way.allCases)
    func `§2-1 a certificate of a trusted authority for the registered subject obtains a token`(engine: Engine, way: Way) async throws {
        try await Gate.run(engine, way: way) { gate in
            let app = try await gate.register()

            let answer = try await gate.token(app, gate.authority.issue())

            #expect(answer.status == .ok && answer.json["token_type"] as? String == "Bearer")
        }
    }

    /// MT-01
    @Test(arguments: Way.allCases) func `§2-1 no certificate, another's, a foreign, self-signed, expired or server's one is refused`(way: Way) async throws {
        try await Gate.run(way: way) { gate in
            let app = try await gate.register()
            let foreign = try PartnerAuthority()
            let now = gate.server.clock.now

            #expect(try await gate.isRefused(app, nil))
            #expect(try await gate.isRefused(app, gate.authority.issue("other")))
            #expect(try await gate.isRefused(app, foreign.issue()))
            #expect(try await gate.isRefused(app, gate.authority.issue(isSelfSigned: true)))
            #expect(try await gate.isRefused(app, gate.authority.issue(until: now - .seconds(1))))
            #expect(try await gate.isRefused(app, gate.authority.issue(usage: .serverAuth)))
            #expect(try await !gate.isRefused(app, gate.authority.issue()))
        }
    }

    @Test(arguments: Way.allCases) func `§2-1 a certificate is judged at each request: it expires on the connection`(way: Way) async throws {
        try await Gate.run(way: way) { gate in
            let app = try await gate.register()
            let certificate = try gate.authority.issue()

            #expect(try await gate.token(app, certificate).status == .ok)
            gate.server.clock.advance(by: .days(2))
            #expect(try await gate.isRefused(app, certificate))
        }
    }

    @Test(arguments: Way.allCases) func `§2-1-2 the subject may be an alternative name of any kind`(way: Way) async throws {
        try await Gate.run(way: way) { gate in
            let names: [GeneralName] = [
                .dnsName("client.acme.example"), .uniformResourceIdentifier("spiffe://acme/client"), .rfc822Name("ops@acme.example"),
                .ipAddress(ASN1OctetString(contentBytes: [192, 0, 2, 10])),
            ]
            let certificate = try gate.authority.issue(names: names)
            let cases: [(TLSClientSubject.Kind, String, String)] = [
                (.dns, "client.acme.example", "acme.example"), (.uri, "spiffe://acme/client", "spiffe://acme/other"),
                (.email, "ops@acme.example", "other@acme.example"), (.ip, "192.0.2.10", "192.0.2.11"),
            ]

            for (kind, right, wrong) in cases {
                let (app, other) = (try await gate.register(kind, right), try await gate.register(kind, wrong))
                #expect(try await gate.token(app, certificate).status == .ok, "\(kind)")
                #expect(try await gate.isRefused(other, certificate), "\(kind)")
            }
        }
    }

    @Test(arguments: Engine.available, Way.allCases)
    func `§2-2 a registered certificate, whoever signed it, obtains a token until it is removed or expires`(engine: Engine, way: Way) async throws {
        try await Gate.run(engine, way: way) { gate in
            let server = gate.server
            let app = try await server.register(.backend, method: .selfSignedTLSClientAuth)
            let (first, second) = (try gate.authority.issue(isSelfSigned: true), try gate.authority.issue(isSelfSigned: true))
            let records = try [first, second].map {
                AppCertificate(try ClientCertificate.read($0.der).get(), of: app.app.id, source: .upload, at: server.clock.now)
            }
            #expect(try await gate.isRefused(app, first))
            try await server.database.write { tx in
                for record in records { _ = try AppCertificates().add(record, by: .commandLine, requestID: nil, in: tx).get() }
            }
            try await server.settle()

            #expect(try await gate.token(app, first).status == .ok)
            #expect(try await gate.token(app, second).status == .ok)
            #expect(try await gate.isRefused(app, gate.authority.issue(isSelfSigned: true)))
            let now = server.clock.now
            _ = try await server.database.write { tx in
                try AppCertificates().remove(records[0].thumbprint, of: app.app.id, by: .commandLine, at: now, requestID: nil, in: tx)
            }
            try await server.settle()
            #expect(try await gate.isRefused(app, first))
            server.clock.advance(by: .days(2))
            #expect(try await gate.isRefused(app, second))
        }
    }

    /// MT-04
    @Test(arguments: Way.allCases) func `§2 a code is not redeemed with another app's certificate, and stays good for its own`(way: Way) async throws {
        try await Gate.run(way: way) { gate in
            let (mine, other) = (try await gate.register(as: .web), try await gate.register(.subjectDN, "O=Acme Ltd,CN=other", as: .web))
            let (own, foreign) = (try gate.authority.issue(), try gate.authority.issue("other"))
            let authorization = try await gate.server.authorize(mine)
            func redeem(_ app: TestApp, _ certificate: TestIdentity) async throws -> TestResponse {
                try await gate.server.presenting(certificate).redeem(authorization, by: app, [("client_id", app.clientID)], headers: [:])
            }

            let (stolen, posing) = (try await redeem(other, foreign), try await redeem(mine, foreign))
            let redeemed = try await redeem(mine, own)

            #expect(stolen.status == .badRequest && stolen.errorCode == "invalid_grant")
            #expect(posing.status == .unauthorized && posing.errorCode == "invalid_client")
            #expect(redeemed.status == .ok)
        }
    }

    /// MT-02
    @Test(arguments: Engine.available, Way.allCases)
    func `§3 a bound token works with its certificate alone`(engine: Engine, way: Way) async throws {
        try await Gate.run(engine, way: way) { gate in
            let app = try await gate.register()
            let (certificate, renewed) = (try gate.authority.issue(), try gate.authority.issue())
            let token = try await gate.token(app, certificate).json["access_token"] as? String ?? ""

            let claims = try await gate.server.claims(token)
            let answers = [try await gate.read(token, certificate), try await gate.read(token, nil), try await gate.read(token, renewed)]

            #expect(claims?["cnf"]?["x5t#S256"]?.string == Thumbprint(ofDER: certificate.der).text)
            #expect(answers.map(\.status) == [.notFound, .unauthorized, .unauthorized])
            #expect(answers[1].errorCode == "invalid_token" && answers[2].headers[.wwwAuthenticate]?.hasPrefix("Bearer ") == true)
        }
    }

    @Test(arguments: Way.allCases) func `§3 an app of another method binds its tokens too, and gets none without a certificate`(way: Way) async throws {
        try await Gate.run(way: way) { gate in
            let app = try await gate.registerBound()
            let certificate = try gate.authority.issue(isSelfSigned: true)
            func token(_ certificate: TestIdentity?) async throws -> TestResponse {
                try await gate.server.presenting(certificate).token(app, [("grant_type", "client_credentials")])
            }

            let bound = try await gate.server.claims(try await token(certificate).json["access_token"] as? String)
            let refused = try await token(nil)

            #expect(bound?["cnf"]?["x5t#S256"]?.string == Thumbprint(ofDER: certificate.der).text)
            #expect(refused.status == .badRequest && refused.errorCode == "invalid_request")
        }
    }

    @Test(arguments: Way.allCases) func `§3-2 introspection tells the binding`(way: Way) async throws {
        try await Gate.run(way: way) { gate in
            let app = try await gate.register()
            let certificate = try gate.authority.issue()
            let token = try await gate.token(app, certificate).json["access_token"] as? String ?? ""

            let answer = try await gate.server.presenting(certificate).post("/oauth2/introspect", form: [("token", token), ("client_id", app.clientID)])

            #expect((answer.json["cnf"] as? [String: String])?["x5t#S256"] == Thumbprint(ofDER: certificate.der).text)
        }
    }

    @Test func `RFC 9440 §2 a certificate that a stranger tells is not believed`() async throws {
        try await Gate.run(way: .proxy) { gate in
            let app = try await gate.register()
            let stranger = Gate(server: gate.server.called(from: "198.51.100.9"), authority: gate.authority)

            #expect(try await stranger.isRefused(app, gate.authority.issue()))
        }
    }

    /// CA-16
    @Test(arguments: Way.allCases) func `RFC 6749 §2-3 a certificate replaces no other proof`(way: Way) async throws {
        try await Gate.run(way: way) { gate in
            let (secretApp, tlsApp) = (try await gate.server.register(.backend), try await gate.register())
            let certificate = try gate.authority.issue()

            #expect(try await gate.isRefused(secretApp, certificate))
            let both = try await gate.server.presenting(certificate).post(
                "/oauth2/token", form: [("grant_type", "client_credentials"), ("client_id", tlsApp.clientID), ("client_secret", "x")])
            #expect(both.errorCode == "invalid_client")
        }
    }

    @Test(arguments: Way.allCases) func `§5 the metadata names the addresses and the methods, where there is such a listener`(way: Way) async throws {
        try await Gate.run(way: way) { gate in
            let metadata = try await gate.server.get("/.well-known/oauth-authorization-server").json
            let aliases = metadata["mtls_endpoint_aliases"] as? [String: String] ?? [:]

            let base = way == .proxy ? "https://localhost:8443" : "https://mtls.bank.example"
            #expect(aliases["token_endpoint"] == base + "/oauth2/token")
            #expect(aliases["pushed_authorization_request_endpoint"] == base + "/oauth2/par")
            #expect(aliases.count == 5 && aliases.values.allSatisfy { $0.hasPrefix(base + "/oauth2/") })
            #expect((metadata["token_endpoint_auth_methods_supported"] as? [String])?.contains("tls_client_auth") == true)
            #expect(metadata["tls_client_certificate_bound_access_tokens"] as? Bool == true)
        }
        try await TestServer.run(.sqlite) { server in
            let metadata = try await server.get("/.well-known/oauth-authorization-server").json

            #expect(metadata["mtls_endpoint_aliases"] == nil)
            #expect((metadata["token_endpoint_auth_methods_supported"] as? [String])?.contains("tls_client_auth") == false)
        }
    }

    @Test(arguments: Way.allCases) func `§5 what the API links to lies at the listener that was asked, where a bound token goes on`(way: Way) async throws {
        try await Gate.run(way: way) { gate in
            let certificate = try gate.authority.issue()
            let token = try await gate.token(gate.register(), certificate).json["access_token"] as? String ?? ""
            let client = gate.server.presenting(certificate)
            let base = way == .proxy ? "https://localhost:8443" : "https://mtls.bank.example"

            for _ in 1...2 {
                let lodged = try await client.call("/v1/consents", token: token, method: .post, json: Gate.consent)
                let place = lodged.headers[.location]
                #expect(place?.hasPrefix(base + "/v1/consents/cns_") == true)
                #expect((lodged.json["links"] as? [String: String])?["self"] == place)
            }
            let links = try await client.call("/v1/consents?limit=1", token: token).json["links"] as? [String: String]
            let next = links?["next"] ?? ""
            let rest = try await client.call(String(next.dropFirst(base.count)), token: token)

            #expect(links?["self"] == base + "/v1/consents?limit=1")
            #expect(next.hasPrefix(base + "/v1/consents?"))
            #expect((rest.json["data"] as? [Any])?.count == 1)
        }
    }

    @Test(arguments: Way.allCases) func `§5 what the API links to lies at the public listener for who asked there`(way: Way) async throws {
        try await Gate.run(way: way) { gate in
            let app = try await gate.register(bound: false)
            let token = try await gate.token(app, gate.authority.issue()).json["access_token"] as? String ?? ""

            let lodged = try await gate.server.call("/v1/consents", token: token, method: .post, json: Gate.consent)

            let base = way == .proxy ? TestServer.issuer.text : "https://bank.example"
            #expect(lodged.headers[.location]?.hasPrefix(base + "/v1/consents/cns_") == true)
        }
    }

    @Test(arguments: Engine.available, Way.allCases)
    func `§3 a bound token ends with its certificate's time, at the API and at userinfo`(engine: Engine, way: Way) async throws {
        try await Gate.run(engine, way: way) { gate in
            let app = try await gate.register(as: .web)
            let client = gate.server.presenting(try gate.authority.issue(until: gate.server.clock.now + .minutes(2)))
            let answer = try await client.redeem(gate.server.authorize(app), by: app, [("client_id", app.clientID)], headers: [:])
            let token = answer.json["access_token"] as? String ?? ""
            func answers() async throws -> [TestResponse] {
                [try await client.call("/v1/accounts", token: token), try await client.userinfo(token)]
            }
            #expect(try await answers().map(\.status) == [.ok, .ok])

            gate.server.clock.advance(by: .minutes(2))
            #expect(try await answers().map(\.status) == [.ok, .ok])
            gate.server.clock.advance(by: .seconds(1))
            let refused = try await answers()

            for answer in refused {
                #expect(answer.status == .unauthorized && answer.errorCode == "invalid_token")
                #expect(answer.headers[.wwwAuthenticate]?.contains(#"error="invalid_token""#) == true)
                #expect(answer.text.contains("expired"))
            }
        }
    }

    @Test(arguments: Engine.available, Way.allCases)
    func `§3 a token is bound to any certificate in its time, and one that an app registered ends with it`(engine: Engine, way: Way) async throws {
        try await Gate.run(engine, way: way) { gate in
            let server = gate.server
            var metadata = ClientMetadata()
            metadata.tlsClientCertificateBoundAccessTokens = true
            let (secretApp, registered) = (
                try await server.register(.backend, metadata: metadata),
                try await server.register(.backend, method: .selfSignedTLSClientAuth, metadata: metadata)
            )
            let (own, foreign) = (try gate.authority.issue(isSelfSigned: true), try PartnerAuthority().issue())
            let expired = try gate.authority.issue(until: server.clock.now - .seconds(1), isSelfSigned: true)
            try await server.addCertificate(own, to: registered)
            func bySecret(_ certificate: TestIdentity) async throws -> TestResponse {
                try await server.presenting(certificate).token(secretApp, [("grant_type", "client_credentials")])
            }

            for certificate in [own, foreign] {
                let token = try await bySecret(certificate).json["access_token"] as? String ?? ""
                #expect(try await gate.read(token, certificate).status == .notFound)
            }
            let refused = try await bySecret(expired)
            #expect(refused.status == .badRequest && refused.errorCode == "invalid_request")

            let token = try await gate.token(registered, own).json["access_token"] as? String ?? ""
            #expect(try await gate.read(token, own).status == .notFound)
            try await server.removeCertificate(own, from: registered)
            let removed = try await gate.read(token, own)
            #expect(removed.status == .unauthorized && removed.errorCode == "invalid_token")
        }
    }

    @Test(arguments: Engine.available)
    func `§3 asking at each call whether the certificate is in force costs no statement`(engine: Engine) async throws {
        try await Gate.run(engine, way: .handshake) { gate in
            let app = try await gate.register()
            let certificate = try gate.authority.issue()
            let token = try await gate.token(app, certificate).json["access_token"] as? String ?? ""

            // An app's own token reads no accounts: the call ends at its scope, after the certificate.
            #expect(try await gate.server.presenting(certificate).call("/v1/accounts", token: token).errorCode == "insufficient_scope")
            let statements = try await gate.server.statements { _ = try await gate.server.presenting(certificate).call("/v1/accounts", token: token) }
            #expect(statements.all == 0)
        }
    }

    @Test(arguments: Engine.available, Way.allCases)
    func `RFC 7662 §2-2 a bound token is inactive when its certificate's time is over, though that does not come along`(engine: Engine, way: Way) async throws {
        try await Gate.run(engine, way: way) { gate in
            let server = gate.server
            let app = try await gate.registerBound()
            let certificates = [
                try gate.authority.issue(until: server.clock.now + .minutes(2)),
                try gate.authority.issue(until: server.clock.now + .minutes(2), isSelfSigned: true), try gate.authority.issue("longer"),
            ]
            var tokens: [String] = []
            for certificate in certificates { tokens.append(try await gate.boundToken(app, certificate)) }
            func active() async throws -> [Bool?] {
                var answers: [Bool?] = []
                for token in tokens { answers.append(try await server.introspect(token, by: app).json["active"] as? Bool) }
                return answers
            }

            server.clock.advance(by: .minutes(2))
            #expect(try await active() == [true, true, true])
            server.clock.advance(by: .seconds(1))

            #expect(try await active() == [false, false, true])
            #expect(try await server.introspect(tokens[0], by: app).text == #"{"active":false}"#)
        }
    }

    @Test(arguments: Engine.available)
    func `RFC 7662 §2-2 a bound token is inactive when the certificate that identifies its app is removed from it`(engine: Engine) async throws {
        try await Gate.run(engine, way: .proxy) { gate in
            let server = gate.server
            var metadata = ClientMetadata()
            metadata.tlsClientCertificateBoundAccessTokens = true
            let app = try await server.register(.backend, method: .selfSignedTLSClientAuth, metadata: metadata)
            let (old, new) = (try gate.authority.issue(isSelfSigned: true), try gate.authority.issue(isSelfSigned: true))
            for certificate in [old, new] { try await server.addCertificate(certificate, to: app) }
            let token = try await gate.token(app, old).json["access_token"] as? String ?? ""
            func introspection() async throws -> TestResponse {
                try await server.presenting(new).post("/oauth2/introspect", form: [("token", token), ("client_id", app.clientID)])
            }
            #expect(try await introspection().json["active"] as? Bool == true)

            try await server.removeCertificate(old, from: app)

            #expect(try await introspection().text == #"{"active":false}"#)
        }
    }

    @Test(arguments: Engine.available)
    func `§3 a node that never saw a certificate knows it by its app, removed or not, and knows nothing of any other`(engine: Engine) async throws {
        try await Gate.run(engine, way: .proxy) { gate in
            let server = gate.server
            let (bySecret, registered) = (try await gate.registerBound(), try await server.register(.backend, method: .selfSignedTLSClientAuth))
            let (brief, removed) = (
                try gate.authority.issue(until: server.clock.now + .minutes(2), isSelfSigned: true), try gate.authority.issue(isSelfSigned: true)
            )
            for app in [bySecret, registered] { for certificate in [brief, removed] { try await server.addCertificate(certificate, to: app) } }
            for app in [bySecret, registered] { try await server.removeCertificate(removed, from: app) }
            let platform = server.platform
            let elsewhere = ClientCertificates(check: platform.certificateCheck, database: server.database, feed: platform.feed)
            func refusal(_ certificate: TestIdentity, _ app: TestApp, after time: Duration = .zero) async throws -> CertificateRefusal? {
                try await elsewhere.refusal(ofBound: Thumbprint(ofDER: certificate.der), for: app.app, at: server.clock.now + time)
            }

            #expect(try await refusal(brief, bySecret) == nil)
            #expect(try await refusal(brief, bySecret, after: .seconds(121)) == .expired(at: server.clock.now + .minutes(2)))
            #expect(try await refusal(brief, registered) == nil)
            // What only shows who holds its key needs no place at the app; what identifies the app does.
            #expect(try await refusal(removed, bySecret) == nil)
            #expect(try await refusal(removed, bySecret, after: .days(2)) == .expired(at: server.clock.now + .days(1)))
            #expect(try await refusal(removed, registered) == .notOfThisApp)
            let unknown = try gate.authority.issue(isSelfSigned: true)
            #expect(try await refusal(unknown, registered) == .notOfThisApp)
            #expect(try await refusal(unknown, bySecret, after: .days(2)) == nil)
        }
    }

    @Test(arguments: Engine.available)
    func `RFC 7662 §2 asking what became of the certificate costs no statement`(engine: Engine) async throws {
        try await Gate.run(engine, way: .proxy) { gate in
            let (bound, unbound) = (try await gate.registerBound(), try await gate.server.register(.backend))
            let tokens = [(try await gate.boundToken(bound, try gate.authority.issue()), bound), (try await gate.server.appToken(unbound), unbound)]

            for (token, app) in tokens {
                let statements = try await gate.server.statements {
                    let answer = try await gate.server.introspect(token, by: app)
                    #expect(answer.json["active"] as? Bool == true)
                }
                #expect(statements.all == 0)
            }
        }
    }

    @Test func `§3 over TLS it is this connection's certificate that counts`() async throws {
        try await Gate.run(way: .handshake) { gate in
            let app = try await gate.register()
            let (mine, other) = (try gate.authority.issue(), try gate.authority.issue("other"))
            let token = try await gate.token(app, mine).json["access_token"] as? String ?? ""

            let told = try await gate.server.at(.mutualTLS).call("/v1/accounts", token: token, headers: [.clientCert: mine.field])
            let open = try await gate.server.at(.open).call("/v1/accounts", token: token, headers: [.clientCert: mine.field])
            let forged = try await gate.server.presenting(other).call("/v1/accounts", token: token, headers: [.clientCert: mine.field])

            #expect([told, open, forged].allSatisfy { $0.status == .unauthorized && $0.errorCode == "invalid_token" })
        }
    }
}
