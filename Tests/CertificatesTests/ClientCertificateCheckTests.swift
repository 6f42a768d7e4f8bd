import Certificates
import Foundation
import Primitives
import SwiftASN1
import Testing
import X509

/// Chains (RFC 5280 §6): the cases MT-01 and MT-05.
@Suite("Client certificates · chain, usage and time")
struct ClientCertificateCheckTests {
    private let root: TestAuthority
    private let issuing: TestAuthority

    init() throws {
        root = try TestAuthority("Root")
        issuing = try TestAuthority("Issuing", issuer: root)
    }

    private func trusting(_ authorities: TestAuthority..., sandbox: TestAuthority? = nil) throws -> ClientCertificateCheck {
        ClientCertificateCheck(
            authorities: try CertificateAuthorities(configured: authorities.map { try $0.der }, sandbox: try sandbox?.der), revocationLists: nil)
    }

    private func refusal(
        _ certificate: ClientCertificate, through intermediates: [TestAuthority] = [], by check: ClientCertificateCheck? = nil, at now: Timestamp = noon
    ) async throws -> CertificateRefusal? {
        switch await (try check ?? trusting(root)).check(certificate, intermediates: try intermediates.map { try $0.der }, at: now) {
        case .success: nil
        case .failure(let refusal): refusal
        }
    }

    @Test func `issued by a root, by an intermediate that is sent along, and by one that is named`() async throws {
        #expect(try await refusal(root.issue()) == nil)
        #expect(try await refusal(issuing.issue(), through: [issuing]) == nil)
        #expect(try await refusal(issuing.issue(), through: [issuing, root]) == nil)
        #expect(try await refusal(issuing.issue(), by: trusting(root, issuing)) == nil)
        // Named without its own issuer it is trusted as it is.
        #expect(try await refusal(issuing.issue(), by: trusting(issuing)) == nil)
        #expect(try await refusal(root.issue(), by: trusting(issuing)) == .unknownIssuer("CN=Root"))
    }

    @Test func `MT-05 an intermediate is missing`() async throws {
        #expect(try await refusal(issuing.issue()) == .unknownIssuer("CN=Issuing"))
    }

    @Test func `MT-01 of another authority, even of the same name`() async throws {
        #expect(try await refusal(TestAuthority("Elsewhere").issue()) == .unknownIssuer("CN=Elsewhere"))
        #expect(try await refusal(TestAuthority("Root").issue()) == .foreignIssuer("CN=Root"))
        let impostor = try TestAuthority("Root")
        #expect(try await refusal(impostor.issue(), through: [impostor]) != nil)
        #expect(try await refusal(TestAuthority("Issuing", issuer: impostor).issue(), through: [issuing]) == .foreignIssuer("CN=Issuing"))
    }

    @Test func `MT-01 by no authority`() async throws {
        let alone = try TestAuthority("acme", isAuthority: false, usage: KeyUsage(digitalSignature: true))

        #expect(try await refusal(ClientCertificate.read(alone.der).get()) == .selfSigned)
        #expect(
            try await refusal(root.issue(), by: ClientCertificateCheck(authorities: CertificateAuthorities(configured: [], sandbox: nil), revocationLists: nil))
                == .unknownIssuer("CN=Root"))
    }

    @Test func `MT-01 expired, and not yet valid`() async throws {
        #expect(try await refusal(root.issue(until: noon - .seconds(1))) == .expired(at: noon - .seconds(1)))
        #expect(try await refusal(root.issue(from: noon + .seconds(1))) == .notYetValid(from: noon + .seconds(1)))
    }

    @Test func `an authority with an RSA key, and SHA-1 under what it signed`() async throws {
        let read = { (base64: String) in try Array(#require(Data(base64Encoded: base64))) }
        let authorities = try CertificateAuthorities(configured: [try read(Samples.rsaRoot)], sandbox: nil)
        let check = ClientCertificateCheck(authorities: authorities, revocationLists: nil)

        #expect(try await refusal(ClientCertificate.read(read(Samples.signedWithSHA256)).get(), by: check) == nil)
        #expect(try await refusal(ClientCertificate.read(read(Samples.signedWithSHA1)).get(), by: check) == .weakSignature)
    }

    @Test func `MT-01 made for something else`() async throws {
        let server = try root.issue(extensions: .init { try ExtendedKeyUsage([.serverAuth]) })
        let encipherment = try root.issue(extensions: .init { Critical(KeyUsage(keyEncipherment: true)) })

        #expect(try await refusal(server) == .wrongUsage(.noClientAuth))
        #expect(try await refusal(encipherment) == .wrongUsage(.noDigitalSignature))
        #expect(try await refusal(ClientCertificate.read(issuing.der).get()) == .wrongUsage(.authority))
    }

    @Test func `what names no usage, any usage, or this one critically, serves`() async throws {
        #expect(try await refusal(root.issue(extensions: .init())) == nil)
        #expect(try await refusal(root.issue(extensions: .init { try ExtendedKeyUsage([.any]) })) == nil)
        let critical = try root.issue(
            extensions: .init {
                Critical(try ExtendedKeyUsage([.serverAuth, .clientAuth]))
                Critical(KeyUsage(digitalSignature: true))
                Critical(SubjectAlternativeNames([.dnsName("acme.example")]))
            })
        #expect(try await refusal(critical) == nil)
    }

    @Test func `RFC 5280 §4.2 a critical extension that nobody knows`() async throws {
        let certificate = try root.issue(extensions: .init { Certificate.Extension(oid: [1, 2, 3, 4], critical: true, value: [5, 0]) })

        #expect(try await refusal(certificate) == .untrustedChain)
    }

    @Test func `RFC 5280 §4.2.1.9 who is no authority issues nothing`() async throws {
        let client = try TestAuthority("client", issuer: root, isAuthority: false, usage: KeyUsage(digitalSignature: true))
        let signer = try TestAuthority("signer", issuer: root, usage: KeyUsage(digitalSignature: true))

        #expect(try await refusal(client.issue(), through: [client]) == .untrustedChain)
        #expect(try await refusal(signer.issue(), through: [signer]) == .untrustedChain)
        #expect(throws: CertificateAuthorityRefusal.noAuthority("CN=client")) { try trusting(client) }
    }

    @Test func `RFC 5280 §4.2.1.9 an authority that may have none below`() async throws {
        let last = try TestAuthority("Last", issuer: root, pathLength: 0)
        let below = try TestAuthority("Below", issuer: last)

        #expect(try await refusal(last.issue(), through: [last]) == nil)
        #expect(try await refusal(below.issue(), through: [below, last]) == .untrustedChain)
    }

    @Test func `an issuer whose time is over, also when the chain was found before`() async throws {
        let brief = try TestAuthority("Brief", issuer: root, until: noon + .minutes(1))
        let certificate = try brief.issue(until: noon + .days(1))
        let check = try trusting(root)

        #expect(try await refusal(certificate, through: [brief], by: check) == nil)
        #expect(try await refusal(certificate, through: [brief], by: check, at: noon + .minutes(2)) == .issuerNotValid("CN=Brief"))
        #expect(try await refusal(certificate, through: [brief], at: noon + .minutes(2)) == .issuerNotValid("CN=Brief"))
        #expect(try await refusal(certificate, through: [brief], by: check, at: noon + .days(2)) == .expired(at: noon + .days(1)))
    }

    @Test func `when one way ends another one is found`() async throws {
        let other = try TestAuthority("Other Root")
        // One key, certified by two roots, for different times.
        let brief = try TestAuthority("Cross", issuer: root, until: noon + .minutes(1))
        let lasting = try TestAuthority("Cross", issuer: other, sharing: brief.key)
        let certificate = try brief.issue(until: noon + .days(1))
        let check = try trusting(root, other)

        #expect(try await refusal(certificate, through: [brief], by: check) == nil)
        #expect(try await refusal(certificate, through: [brief, lasting], by: check, at: noon + .minutes(2)) == nil)
        #expect(try await refusal(certificate, through: [brief, lasting], by: trusting(root), at: noon + .minutes(2)) != nil)
    }

    @Test func `MT-05 a long chain is refused before anything is computed`() async throws {
        var chain = [root]
        for depth in 0..<20 { chain.append(try TestAuthority("Level \(depth)", issuer: chain[depth])) }
        let certificate = try chain[20].issue()

        #expect(try await refusal(certificate, through: chain.dropFirst().reversed()) == .chainTooLong)
        // Four intermediates are the most.
        #expect(try await refusal(chain[4].issue(), through: Array(chain[1...4].reversed())) == nil)
        #expect(try await refusal(chain[5].issue(), through: Array(chain[1...5].reversed())) == .chainTooLong)
    }

    @Test func `authorities that sign each other in a circle`() async throws {
        let one = try TestAuthority("One")
        let two = try TestAuthority("Two", issuer: one)

        #expect(try await refusal(two.issue(), through: [two, one]) == .selfSigned)
    }

    @Test func `bytes among the intermediates that are no certificate`() async throws {
        let outcome = await (try trusting(root)).check(try root.issue(), intermediates: [[1, 2, 3]], at: noon)

        #expect(throws: CertificateRefusal.malformedChain) { try outcome.get() }
    }

    @Test func `a session that brings no intermediates has those of the last time, and only the same certificate`() async throws {
        let check = try trusting(root)
        let (certificate, other) = (try issuing.issue(), try issuing.issue())
        #expect(try await refusal(certificate, through: [issuing], by: check) == nil)

        #expect(try await refusal(certificate, by: check) == nil)
        #expect(try await refusal(other, by: check) == .unknownIssuer("CN=Issuing"))
    }

    @Test func `an authority that is named no more`() async throws {
        let authorities = try CertificateAuthorities(configured: [try root.der], sandbox: nil)
        let check = ClientCertificateCheck(authorities: authorities, revocationLists: nil)
        let certificate = try issuing.issue()
        #expect(try await refusal(certificate, through: [issuing], by: check) == nil)

        try authorities.replace(configured: [try TestAuthority("Newer").der])
        #expect(try await refusal(certificate, by: check) == .unknownIssuer("CN=Root"))

        try authorities.replace(configured: [try root.der])
        #expect(try await refusal(certificate, through: [issuing], by: check) == nil)
        #expect(throws: CertificateAuthorityRefusal.unreadable(number: 1)) { try authorities.replace(configured: [[1]]) }
        #expect(try await refusal(certificate, by: check) == nil)
    }

    @Test func `the sandbox's authority is told apart`() async throws {
        let sandbox = try TestAuthority("Sandbox")
        let check = try trusting(root, sandbox: sandbox)

        #expect(try await check.check(sandbox.issue(), intermediates: [], at: noon).get().authority == .sandbox)
        #expect(try await check.check(root.issue(), intermediates: [], at: noon).get().authority == .configured)
    }

    @Test func `every refusal has a name of its own and a sentence`() {
        let all: [CertificateRefusal] = [
            .malformed, .tooLarge, .unsupportedKey, .weakKey(bits: 1024), .weakSignature, .notYetValid(from: noon), .expired(at: noon), .wrongUsage(.authority),
            .chainTooLong, .malformedChain, .selfSigned, .unknownIssuer("CN=A"), .foreignIssuer("CN=A"), .issuerNotValid("CN=A"), .untrustedChain, .revoked,
            .staleRevocationList(issuer: "CN=A"), .noRevocationList(issuer: "CN=A"), .notOfThisApp, .sandboxOnly,
        ]

        #expect(Set(all.map(\.code)).count == all.count)
        #expect(all.allSatisfy { $0.sentence.hasSuffix(".") })
    }
}
