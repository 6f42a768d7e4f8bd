import Applications
import Certificates
import Composition
import Crypto
import Events
import Foundation
import HTTPTypes
import HummingbirdTesting
import OAuth
import Primitives
import Storage
import SwiftASN1
import TestSupport
import Testing
import Web
import X509

@Suite("Portal · an app's certificates")
struct PortalCertificatesTests {
    private static let proxy = "127.0.0.1"

    /// Made with OpenSSL for `CN=anything`.
    private static let request = """
        -----BEGIN CERTIFICATE REQUEST-----
        MIHOMHUCAQAwEzERMA8GA1UEAwwIYW55dGhpbmcwWTATBgcqhkjOPQIBBggqhkjO
        PQMBBwNCAASa+3YHdMDmn1iMA/wH2LPE4Ph704owQ8CYoT4b5HVsaROZ3AhYLyTM
        JRnM0dHbtAVlvgVGfq7EK4ju8H6Z/flUoAAwCgYIKoZIzj0EAwIDSQAwRgIhAIfP
        8dwiwKVbQmJWWMkySo1S2V1rovruY1fGJRFwNPIiAiEAhDFlOIlwDEzaWtcAcHgh
        BW3P6YGI/loQZL8+3EibOpY=
        -----END CERTIFICATE REQUEST-----
        """

    /// A certificate of its own signing, PEM.
    private static func certificate(
        from: Timestamp = ManualClock().now - .days(1), until: Timestamp = ManualClock().now + .days(30), usage: ExtendedKeyUsage? = nil,
        signedBy issuer: P256.Signing.PrivateKey? = nil
    ) throws -> String {
        let key = P256.Signing.PrivateKey()
        let subject = try X509.DistinguishedName { CommonName("own <client>") }
        let date = { (time: Timestamp) in Date(timeIntervalSince1970: Double(time.seconds)) }
        return try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey), notValidBefore: date(from), notValidAfter: date(until),
            issuer: issuer == nil ? subject : X509.DistinguishedName { CommonName("Elsewhere") }, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions { if let usage { usage } }, issuerPrivateKey: .init(issuer ?? key)
        ).serializeAsPEM().pemString
    }

    /// The demo app's page, with a developer of its organisation.
    private static func visit(_ server: TestServer) async throws -> (browser: TestBrowser, path: String) {
        let browser = try await server.developer()
        let path = "/portal/apps/\(try await server.demoApp().id)/certificates"
        try await browser.open(path)
        return (browser, path)
    }

    private static func live(_ server: TestServer) async throws -> [AppCertificate] {
        let id = try await server.demoApp().id
        return try await server.database.read { try AppCertificates().list(of: id, in: $0) }
    }

    /// What the server says about a certificate that a trusted proxy passed on.
    private static func received(_ certificate: ClientCertificate, _ server: TestServer) async throws -> String {
        try await server.called(from: proxy).get("/tls/certificate", headers: [.clientCert: ":\(Data(certificate.der).base64EncodedString()):"]).text
    }

    @Test(arguments: Engine.available) func `a signing request is certified for ninety days, in the app's name`(engine: Engine) async throws {
        try await TestServer.run(engine, trusting: [Self.proxy]) { server in
            let (browser, path) = try await Self.visit(server)

            try await browser.submit("pem", [("pem", Self.request)])

            #expect((await browser.page).contains("The certificate is issued"))
            #expect((await browser.page).contains("CN=acme-budget,O=Acme Budget"))
            #expect((await browser.page).contains("90 days left"))
            let issued = try #require(try await Self.live(server).first)
            #expect(issued.source == .request && issued.notAfter == server.clock.now + .days(90))
            try await browser.open("\(path)/\(issued.thumbprint)/certificate.pem")
            #expect((await browser.headers)[.contentType] == "application/x-pem-file")
            let chain = try PEMText(await browser.page).certificates
            #expect(chain.count == 2)
            let certificate = try ClientCertificate.read(chain[0]).get()
            #expect(certificate.thumbprint == issued.thumbprint && certificate.subject == DistinguishedName(rfc4514: "CN=acme-budget,O=Acme Budget"))
            try await browser.open("\(path)/authority.pem")
            #expect(try PEMText(await browser.page).certificates == [chain[1]])

            #expect(try await Self.received(certificate, server).contains("\"accepted\":true"))
            let app = try await server.demoApp()
            let verified = try await server.platform.clientCertificates.verify(certificate.der, intermediates: [chain[1]], for: app, at: server.clock.now)
            #expect(try verified.get().authority == .sandbox)
        }
    }

    @Test(arguments: Engine.available) func `a removed certificate is refused, and does not come back`(engine: Engine) async throws {
        try await TestServer.run(engine, trusting: [Self.proxy]) { server in
            let (browser, path) = try await Self.visit(server)
            try await browser.submit("pem", [("pem", Self.request)])
            let issued = try #require(try await Self.live(server).first)
            let certificate = try #require(issued.certificate)
            let verify = { @Sendable in
                try await server.platform.clientCertificates.verify(
                    certificate.der, intermediates: [], for: server.demoApp(), at: server.clock.now)
            }
            #expect(try await verify().get().authority == .sandbox)

            try await browser.open("\(path)/\(issued.thumbprint)/remove")
            #expect(await browser.heading == "Remove this certificate?")
            let removal = try #require((await browser.forms).last { $0.action.hasSuffix("/remove") })
            try await browser.submit(removal, [])

            #expect((await browser.page).contains("The certificate is removed"))
            #expect(try await Self.live(server) == [])
            try await server.settle()
            #expect(try await verify() == .failure(.notOfThisApp))
            #expect(try await Self.received(certificate, server).contains("\"refusal\":\"not_of_this_app\""))
            try await browser.open("\(path)/\(issued.thumbprint)/certificate.pem")
            #expect(await browser.status == 404)
        }
    }

    @Test func `what the sandbox issued serves no other app, and none that is live`() async throws {
        try await TestServer.run(.sqlite) { server in
            let (browser, path) = try await Self.visit(server)
            try await browser.submit("pem", [("pem", Self.request)])
            let certificate = try #require(try await Self.live(server).first?.certificate)
            let other = try await server.database.write { tx in
                try Apps().create(
                    NewApp(organisationID: DemoWorld.organisation, name: "Other", kind: .backend), by: .system, at: server.clock.now, requestID: nil, in: tx)
            }.get().app
            let live = try await server.database.write { tx in
                try Apps().create(
                    NewApp(organisationID: DemoWorld.organisation, name: "Live", kind: .backend, environment: .live), by: .system, at: server.clock.now,
                    requestID: nil, in: tx)
            }.get().app
            let verify = { @Sendable (app: App) in
                try await server.platform.clientCertificates.verify(certificate.der, intermediates: [], for: app, at: server.clock.now)
            }

            #expect(try await verify(other) == .failure(.notOfThisApp))
            #expect(try await verify(live) == .failure(.sandboxOnly))

            // Nor can it be added there.
            try await browser.open(path.replacing(try await server.demoApp().id.rawValue, with: other.id.rawValue))
            try await browser.submit("pem", [("pem", PEMText.encode(certificate.der, label: "CERTIFICATE"))])
            #expect(await browser.status == 422)
            #expect((await browser.page).contains("Our sandbox authority issued this certificate"))
            // A live app gets none.
            try await browser.open(path.replacing(try await server.demoApp().id.rawValue, with: live.id.rawValue))
            try await browser.submit("pem", [("pem", Self.request)])
            #expect(await browser.status == 422)
            #expect((await browser.page).contains("Our authority issues for sandbox apps only"))
        }
    }

    @Test func `a certificate of one's own is kept, with what it is good for`() async throws {
        try await TestServer.run(.sqlite) { server in
            let (browser, _) = try await Self.visit(server)

            try await browser.submit("pem", [("pem", try Self.certificate())])
            #expect((await browser.page).contains("The certificate is added"))
            #expect((await browser.page).contains("Self-signed"))
            #expect((await browser.page).contains("CN=own \\&lt;client\\&gt;"))

            try await browser.submit("pem", [("pem", try Self.certificate(until: server.clock.now + .minutes(10), signedBy: P256.Signing.PrivateKey()))])
            #expect((await browser.page).contains("CN=Elsewhere, is not an authority that we trust"))
            #expect((await browser.page).contains("10 minutes left"))
            #expect(try await Self.live(server).map(\.source) == [.upload, .upload])

            server.clock.advance(by: .minutes(11))
            try await browser.open(await browser.address)
            #expect(await browser.heading == "Acme Budget")
            #expect((await browser.page).contains(">Expired<"))
        }
    }

    private static func refused() throws -> [(pasted: String, words: String)] {
        let key = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMG\n-----END PRIVATE KEY-----\n"
        let now = ManualClock().now
        return [
            ("  \n ", "Paste a signing request or a certificate"), ("hello", "Paste PEM text"),
            (key, "This holds a private key"), (try certificate() + "\n" + key, "This holds a private key"),
            ("-----BEGIN RSA PRIVATE KEY-----\nMIIE", "This holds a private key"),
            ("{\"kty\":\"EC\",\"crv\":\"P-256\",\"d\":\"x\"}", "This holds a private key"),
            (String(request.dropLast(40)), "A part is missing"), (request.replacing("MIHOMHUCAQ", with: "MIHO*HUCAQ"), "was changed on the way"),
            (request.replacing("YW55dGhpbmcw", with: "YW55dGhpbmdw"), "The signing request cannot be read"),
            (request.replacing("AwwIYW55dGhp", with: "AwwIQW55dGhp"), "signature does not fit its key"),
            (request + "\n" + request, "Paste one signing request"),
            (try certificate() + "\n" + request, "nothing else"),
            (try Array(repeating: certificate(), count: 6).joined(separator: "\n"), "More than 4 intermediates"),
            (try certificate(until: now - .days(1)), "The certificate expired at"),
            (try certificate(from: now + .days(1), signedBy: .init()), "is valid from"),
            (try certificate(usage: ExtendedKeyUsage([.serverAuth]), signedBy: .init()), "does not name clientAuth"),
            ("-----BEGIN PUBLIC KEY-----\nAQID\n-----END PUBLIC KEY-----", "This is only a public key"),
            ("-----BEGIN X509 CRL-----\nAQID\n-----END X509 CRL-----", "neither a signing request nor a certificate"),
            ("-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----", "The certificate cannot be read"),
        ]
    }

    @Test func `what is wrong is said precisely, and nothing is kept`() async throws {
        let refused = try Self.refused()
        try await TestServer.run(.sqlite) { server in
            let (browser, _) = try await Self.visit(server)
            for (pasted, words) in refused {
                try await browser.submit("pem", [("pem", pasted)])

                #expect(await browser.status == 422, "\(words)")
                #expect((await browser.page).contains(words), "\(words)")
                #expect((await browser.page).contains("<title>Error: "))
            }
            #expect(try await Self.live(server) == [])
        }
    }

    @Test func `a pasted private key is neither kept nor sent back`() async throws {
        try await TestServer.run(.sqlite) { server in
            let (browser, _) = try await Self.visit(server)

            try await browser.submit("pem", [("pem", "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEG\n-----END PRIVATE KEY-----")])

            #expect((await browser.page).contains("do not use it any more"))
            #expect(!(await browser.page).contains("MIGHAgEAMBMG"))
        }
    }

    @Test func `another organisation's app, and one without a secret, have no such page`() async throws {
        try await TestServer.run(.sqlite) { server in
            let (_, path) = try await Self.visit(server)
            try await server.enrol("stranger@example.test")
            let stranger = try await server.signedIn("stranger@example.test", TestServer.passphrase)
            for address in [path, "\(path)/authority.pem"] {
                try await stranger.open(address)
                #expect(await stranger.status == 404)
            }

            let native = try await server.database.write { tx in
                try Apps().create(
                    NewApp(
                        organisationID: DemoWorld.organisation, name: "Phone", kind: .native, redirectURIs: [RedirectURI(registered: "http://127.0.0.1/cb")]),
                    by: .system, at: server.clock.now, requestID: nil, in: tx)
            }.get().app
            let browser = try await server.developer()
            try await browser.open("/portal/apps/\(native.id)/certificates")
            #expect(await browser.status == 404)
            try await browser.open("/portal/apps/\(native.id)")
            #expect(!(await browser.page).contains("/certificates"))
        }
    }

    @Test func `what reached us is a page for browsers and JSON for programs`() async throws {
        try await TestServer.run(.sqlite, trusting: [Self.proxy]) { server in
            let certificate = try #require(try PEMText(try Self.certificate()).certificates.first)
            let field = ":\(Data(certificate).base64EncodedString()):"

            let page = try await server.called(from: Self.proxy).get("/tls/certificate", headers: [.clientCert: field, .accept: "text/html"])
            let json = try await server.called(from: Self.proxy).get("/tls/certificate", headers: [.clientCert: field])
            let nothing = try await server.get("/tls/certificate", headers: [.clientCert: field, .accept: "text/html"])
            let none = try await server.called(from: Self.proxy).get("/tls/certificate")

            #expect(page.text.contains("We do not accept your certificate") && page.text.contains(Thumbprint(ofDER: certificate).text))
            #expect(json.headers[.contentType] == "application/json" && json.text.contains("\"refusal\":\"self_signed\""))
            #expect(nothing.text.contains("No certificate reached us"))
            #expect(none.text.contains("\"refusal\":\"no_certificate\"") && none.text.contains("No certificate came to the proxy in front of us: name "))
        }
    }
}
