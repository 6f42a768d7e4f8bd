import Certificates
import Crypto
import Foundation
import Primitives
import SwiftASN1
import TestSupport
import Testing
import X509

/// What our own authorities issue, and to which requests (RFC 2986).
@Suite("Our own authorities")
struct IssuingAuthorityTests {
    private static func authority() throws -> IssuingAuthority {
        try IssuingAuthority.make(commonName: "Sandbox", validFrom: noon - .hours(1), until: noon + .days(100), randomness: SeededRandom(3))
    }

    private static func request(_ key: Certificate.PrivateKey = .init(P256.Signing.PrivateKey())) throws -> [UInt8] {
        try CertificateSigningRequest(
            version: .v1, subject: X509.DistinguishedName { CommonName("whoever") }, privateKey: key, attributes: .init(), signatureAlgorithm: .ecdsaWithSHA256
        ).serializeAsPEM().derBytes
    }

    @Test func `a client's certificate, for the key of its request`() async throws {
        let authority = try Self.authority()
        let key = P256.Signing.PrivateKey()
        let request = try CertificateRequest.read(try Self.request(.init(key))).get()

        let der = try authority.issue(
            to: request, commonName: "app-1", organisation: "Acme, Ltd.", validFrom: noon, until: noon + .days(90), randomness: SystemRandom())

        let certificate = try ClientCertificate.read(der).get()
        #expect(certificate.subject.text == "CN=app-1,O=Acme\\, Ltd.")
        #expect(certificate.notBefore == noon && certificate.notAfter == noon + .days(90))
        #expect(certificate.subjectPublicKeyInfo == Array(key.publicKey.derRepresentation))
        let check = ClientCertificateCheck(authorities: try CertificateAuthorities(configured: [], sandbox: authority.certificate), revocationLists: nil)
        #expect(try await check.check(certificate, intermediates: [], at: noon).get().authority == .sandbox)
    }

    @Test func `no certificate outlives its authority`() throws {
        let authority = try Self.authority()
        let request = try CertificateRequest.read(try Self.request()).get()

        let der = try authority.issue(to: request, commonName: "a", organisation: "b", validFrom: noon, until: noon + .days(999), randomness: SystemRandom())

        #expect(try ClientCertificate.read(der).get().notAfter == authority.notAfter)
    }

    @Test func `an authority comes back with its key, and with no other`() throws {
        let authority = try Self.authority()

        #expect(IssuingAuthority(certificate: authority.certificate, privateKey: authority.privateKey) != nil)
        #expect(IssuingAuthority(certificate: authority.certificate, privateKey: try Self.otherKey()) == nil)
        #expect(IssuingAuthority(certificate: authority.certificate, privateKey: []) == nil)
    }

    private static func otherKey() throws -> [UInt8] {
        try IssuingAuthority.make(commonName: "Sandbox", validFrom: noon, until: noon + .days(1), randomness: SeededRandom(4)).privateKey
    }

    @Test func `RFC 2986 §4.2 a request whose signature does not fit its key`() throws {
        var der = try Self.request()
        let name = try #require(der.firstRange(of: Array("whoever".utf8)))
        der[name.lowerBound] = UInt8(ascii: "W")

        #expect(throws: CertificateRequest.Refusal.wrongSignature) { try CertificateRequest.read(der).get() }
    }

    @Test func `keys that we do not certify`() throws {
        let samples: [(String, CertificateRequest.Refusal)] = [(Samples.weakRequest, .weakKey(bits: 1024)), (Samples.ed25519Request, .unsupportedKey)]
        for (base64, refusal) in samples {
            let der = Array(try #require(Data(base64Encoded: base64)))
            #expect(throws: refusal) { try CertificateRequest.read(der).get() }
        }
        #expect(throws: Never.self) { try CertificateRequest.read(try Self.request(.init(P384.Signing.PrivateKey()))).get() }
        #expect(throws: CertificateRequest.Refusal.unsupportedKey) { try CertificateRequest.read(try Self.request(.init(P521.Signing.PrivateKey()))).get() }
    }

    @Test func `whatever of a request is cut or changed, reading it ends, and no other key is certified`() throws {
        let (authority, key) = (try Self.authority(), P256.Signing.PrivateKey())
        var refused = 0
        let all = mutilations(of: try Self.request(.init(key)))
        for der in all {
            guard case .success(let request) = CertificateRequest.read(der) else {
                refused += 1
                continue
            }
            // The count of unused bits behind the signature is signed by nobody.
            let issued = try authority.issue(to: request, commonName: "a", organisation: "b", validFrom: noon, until: noon, randomness: SystemRandom())
            #expect(try ClientCertificate.read(issued).get().subjectPublicKeyInfo == Array(key.publicKey.derRepresentation))
        }
        #expect(refused >= all.count - 1)
    }

    @Test func `a development certificate serves its hosts and no others, and for a while`() throws {
        let hosts = ["localhost", "127.0.0.1", "::1", "bank.example"]

        let made = try DevelopmentCertificate.make(hosts: hosts, at: noon, randomness: SystemRandom())

        #expect(DevelopmentCertificate.serves(made.certificate, hosts: hosts, until: noon + .days(364)))
        #expect(!DevelopmentCertificate.serves(made.certificate, hosts: hosts, until: noon + .days(366)))
        #expect(!DevelopmentCertificate.serves(made.certificate, hosts: ["other.example"], until: noon))
        #expect(!DevelopmentCertificate.serves(made.certificate, hosts: ["127.0.0.2"], until: noon))
        #expect(!DevelopmentCertificate.serves("", hosts: [], until: noon))
        #expect(made.key.hasPrefix("-----BEGIN PRIVATE KEY-----\n"))
    }
}

@Suite("RFC 7468 · Textual encodings")
struct PEMTextTests {
    @Test func `§2 what is written is read`() throws {
        let bytes = Array("some bytes, more than a line of sixty-four characters can hold".utf8)

        let text = PEMText.encode(bytes, label: "CERTIFICATE")

        #expect(text.split(separator: "\n").allSatisfy { $0.utf8.count <= 64 })
        let documents = try PEMText(text).documents
        #expect(documents.map(\.label) == ["CERTIFICATE"] && documents.map(\.der) == [bytes])
    }

    @Test(arguments: [
        "-----BEGIN X-----\nAQID\n-----END X-----", "  -----BEGIN X-----\r\n AQ\r\n ID \r\n-----END X-----\r\n",
        "before\n-----BEGIN X-----\n\nAQID\n\n-----END X-----\nafter",
    ]) func `§3 space and what stands around do not matter`(text: String) throws {
        #expect(try PEMText(text).documents.map(\.der) == [[1, 2, 3]])
    }

    @Test(arguments: [
        ("-----BEGIN X-----\nAQID\n", PEMText.Refusal.unfinished), ("-----BEGIN X-----\nAQID\n-----END Y-----", .unfinished),
        ("AQID\n-----END X-----", .unfinished),
        ("-----BEGIN X-----\n-----BEGIN X-----\nAQID\n-----END X-----", .unfinished), ("-----BEGIN X-----\nA!ID\n-----END X-----", .notBase64),
        ("-----BEGIN X-----\nAQI\n-----END X-----", .notBase64),
    ]) func `torn and changed`(text: String, refusal: PEMText.Refusal) {
        #expect(throws: refusal) { try PEMText(text) }
    }

    @Test func `several, among them a key`() throws {
        let text = ["CERTIFICATE", "EC PRIVATE KEY", "CERTIFICATE"].map { PEMText.encode([1], label: $0) }.joined()

        #expect(try PEMText(text).holdsPrivateKey && PEMText(text).certificates.count == 2)
        #expect(try !PEMText("nothing").holdsPrivateKey && PEMText("nothing").documents.isEmpty)
    }
}
