import Certificates
import Foundation
import Primitives
import SwiftASN1
import Testing
import X509

/// RFC 8705 §3 at each request: what a certificate is worth to which a token is bound.
@Suite("Client certificates · standing")
struct CertificateStandingsTests {
    private let root: TestAuthority
    private let issuing: TestAuthority
    private let folder: TestFolder
    private let lists: RevocationLists
    private let authorities: CertificateAuthorities
    private let standings: CertificateStandings

    init() throws {
        root = try TestAuthority("Root")
        issuing = try TestAuthority("Issuing", issuer: root)
        folder = try TestFolder()
        try folder.write(root.revocationList(), to: "root.crl")
        try folder.write(issuing.revocationList(), to: "issuing.crl")
        lists = try RevocationLists(directory: folder.path)
        authorities = try CertificateAuthorities(configured: [try root.der], sandbox: nil)
        standings = CertificateStandings(check: ClientCertificateCheck(authorities: authorities, revocationLists: lists))
    }

    private func standing(
        _ certificate: ClientCertificate, through intermediates: [TestAuthority] = [], at now: Timestamp = noon
    ) async throws -> Result<CertificateStanding, CertificateRefusal> {
        await standings.standing(of: certificate.der, intermediates: try intermediates.map { try $0.der }, at: now)
    }

    private func alone(_ name: String = "acme", until: Timestamp = noon + .days(1)) throws -> ClientCertificate {
        let certificate = try TestAuthority(name, isAuthority: false, usage: KeyUsage(digitalSignature: true), until: until)
        return try ClientCertificate.read(certificate.der).get()
    }

    @Test func `an authority of ours vouches, another does not, and neither does the certificate itself`() async throws {
        #expect(try await standing(root.issue()) == .success(.vouched(.configured)))
        #expect(try await standing(issuing.issue(), through: [issuing]) == .success(.vouched(.configured)))
        #expect(try await standing(TestAuthority("Elsewhere").issue()) == .success(.alone(.unknownIssuer("CN=Elsewhere"))))
        #expect(try await standing(TestAuthority("Root").issue()) == .success(.alone(.foreignIssuer("CN=Root"))))
        #expect(try await standing(alone()) == .success(.alone(.selfSigned)))
    }

    @Test func `it ends with the certificate's last second, whoever signed it, though it was remembered`() async throws {
        for certificate in [try root.issue(until: noon + .minutes(1)), try alone(until: noon + .minutes(1))] {
            #expect(try await standing(certificate).isSuccess)
            #expect(try await standing(certificate, at: noon + .minutes(1)).isSuccess)
            #expect(try await standing(certificate, at: noon + .seconds(61)) == .failure(.expired(at: noon + .minutes(1))))
        }
    }

    @Test func `it ends with an issuer's time`() async throws {
        let brief = try TestAuthority("Brief", issuer: root, until: noon + .minutes(1))
        try folder.write(brief.revocationList(), to: "brief.crl")
        _ = try lists.refresh()
        let certificate = try brief.issue()

        #expect(try await standing(certificate, through: [brief]).isSuccess)
        #expect(try await standing(certificate, through: [brief], at: noon + .minutes(2)) == .failure(.issuerNotValid("CN=Brief")))
    }

    @Test func `a clock that was set back before its time is asked anew`() async throws {
        let certificate = try root.issue(from: noon - .minutes(1))

        #expect(try await standing(certificate).isSuccess)
        #expect(try await standing(certificate, at: noon - .minutes(2)) == .failure(.notYetValid(from: noon - .minutes(1))))
    }

    @Test func `a newer list ends it at once, and one that is out of date too`() async throws {
        let serial = Certificate.SerialNumber(bytes: [1, 2, 3])
        let (certificate, other) = (try root.issue(serialNumber: serial), try root.issue())
        #expect(try await standing(certificate).isSuccess)
        #expect(try await standing(other).isSuccess)

        try folder.write(root.revocationList(.init(serialNumbers: [serial])), to: "root.crl")
        _ = try lists.refresh()

        #expect(try await standing(certificate) == .failure(.revoked))
        #expect(try await standing(other).isSuccess)
        #expect(try await standing(other, at: noon + .hours(1)) == .failure(.staleRevocationList(issuer: "CN=Root")))
    }

    @Test func `whoever leaves the chain out, or sends something else, gains nothing`() async throws {
        let serial = Certificate.SerialNumber(bytes: [1, 2, 3])
        try folder.write(issuing.revocationList(.init(serialNumbers: [serial])), to: "issuing.crl")
        _ = try lists.refresh()
        let certificate = try issuing.issue(serialNumber: serial)

        #expect(try await standing(certificate) == .failure(.revoked))
        #expect(try await standing(certificate, through: [root]) == .failure(.revoked))
        #expect(try await standing(certificate, through: [issuing]) == .failure(.revoked))
        #expect(try await standing(certificate, through: Array(repeating: issuing, count: 5)) == .failure(.chainTooLong))
        let garbage = await standings.standing(of: certificate.der, intermediates: [[1, 2, 3]], at: noon)
        // The chain that was found a moment ago is known.
        #expect(garbage == .failure(.revoked))
        #expect(await standings.standing(of: try issuing.issue().der, intermediates: [[1, 2, 3]], at: noon) == .failure(.malformedChain))
    }

    @Test func `a file that was never read may hold the certificate of whoever leaves the chain out`() async throws {
        try folder.write(Array("<html>404 Not Found</html>".utf8), to: "issuing.crl")
        let lists = try RevocationLists(directory: folder.path)
        let standings = CertificateStandings(check: ClientCertificateCheck(authorities: authorities, revocationLists: lists))
        let (certificate, own) = (try issuing.issue(), try alone())

        let unread = await standings.standing(of: certificate.der, intermediates: [], at: noon)
        let selfSigned = await standings.standing(of: own.der, intermediates: [], at: noon)

        #expect(unread == .failure(.noRevocationList(issuer: "CN=Issuing")))
        #expect(selfSigned == .success(.alone(.selfSigned)))
        try folder.write(issuing.revocationList(), to: "issuing.crl")
        _ = try lists.refresh()
        let read = await standings.standing(of: certificate.der, intermediates: [], at: noon)
        #expect(read == .success(.alone(.unknownIssuer("CN=Issuing"))))
    }

    @Test func `an authority that is trusted no more vouches no more`() async throws {
        let certificate = try root.issue()
        #expect(try await standing(certificate) == .success(.vouched(.configured)))

        try authorities.replace(configured: [try TestAuthority("Newer Root").der])

        #expect(try await standing(certificate) == .success(.alone(.unknownIssuer("CN=Root"))))
    }

    @Test func `what came lately is judged by its thumbprint alone: by a newer list, its time and the authorities`() async throws {
        let serial = Certificate.SerialNumber(bytes: [1, 2, 3])
        let (certificate, other, brief) = (try issuing.issue(serialNumber: serial), try issuing.issue(), try alone(until: noon + .minutes(1)))
        func seen(_ certificate: ClientCertificate, at now: Timestamp = noon) async -> Result<CertificateStanding, CertificateRefusal>? {
            await standings.standing(ofSeen: certificate.thumbprint, at: now)
        }
        #expect(await seen(certificate) == nil)
        for certificate in [certificate, other] { #expect(try await standing(certificate, through: [issuing]).isSuccess) }
        // As on a resumed session.
        #expect(try await standing(certificate).isSuccess)
        #expect(try await standing(brief).isSuccess)
        #expect(await seen(certificate) == .success(.vouched(.configured)))

        try folder.write(issuing.revocationList(.init(serialNumbers: [serial])), to: "issuing.crl")
        _ = try lists.refresh()

        #expect(await seen(certificate) == .failure(.revoked))
        #expect(await seen(other) == .success(.vouched(.configured)))
        #expect(await seen(brief, at: noon + .seconds(61)) == .failure(.expired(at: noon + .minutes(1))))
        try authorities.replace(configured: [try TestAuthority("Newer Root").der])
        #expect(await seen(other) == .success(.alone(.unknownIssuer("CN=Root"))))
    }

    @Test func `one that was refused when it came first is known to be`() async throws {
        let serial = Certificate.SerialNumber(bytes: [1, 2, 3])
        try folder.write(issuing.revocationList(.init(serialNumbers: [serial])), to: "issuing.crl")
        _ = try lists.refresh()
        let certificate = try issuing.issue(serialNumber: serial)
        #expect(try await standing(certificate, through: [issuing]) == .failure(.revoked))

        #expect(await standings.standing(ofSeen: certificate.thumbprint, at: noon) == .failure(.revoked))
    }

    @Test func `a broken chain drives out nothing that was sound`() async throws {
        let certificate = try issuing.issue()
        #expect(try await standing(certificate, through: [issuing]).isSuccess)
        // Another list: it is judged anew.
        try folder.write(root.revocationList(), to: "root.crl")
        _ = try lists.refresh()

        _ = await standings.standing(of: certificate.der, intermediates: Array(repeating: [1, 2, 3], count: 5), at: noon)

        #expect(await standings.standing(ofSeen: certificate.thumbprint, at: noon) == .success(.vouched(.configured)))
    }

    @Test func `a chain that was left out at first is judged when it comes, and serves when it is left out again`() async throws {
        let certificate = try issuing.issue()

        let bare = try await standing(certificate)
        let whole = try await standing(certificate, through: [issuing])
        let bareAgain = try await standing(certificate)
        let seen = await standings.standing(ofSeen: certificate.thumbprint, at: noon)
        let foreign = try await standing(certificate, through: [TestAuthority("Elsewhere")])

        #expect(bare == .success(.alone(.unknownIssuer("CN=Issuing"))))
        #expect([whole, bareAgain, foreign] == Array(repeating: .success(.vouched(.configured)), count: 3))
        #expect(seen == .success(.vouched(.configured)))
    }

    @Test func `a chain that leads nowhere speaks against no other`() async throws {
        let (certificate, elsewhere) = (try issuing.issue(), try TestAuthority("Elsewhere"))

        let foreign = try await standing(certificate, through: [elsewhere])
        let foreignAgain = try await standing(certificate, through: [elsewhere])
        let whole = try await standing(certificate, through: [elsewhere, issuing])

        #expect([foreign, foreignAgain] == Array(repeating: .success(.alone(.unknownIssuer("CN=Issuing"))), count: 2))
        #expect(whole == .success(.vouched(.configured)))
    }

    /// An intermediate whose time is over is refused: that tells what is judged anew from what is remembered.
    @Test func `chains that lead nowhere are each judged once, however they take turns, up to four`() async throws {
        let brief = try TestAuthority("Brief", issuer: TestAuthority("Foreign"), until: noon + .minutes(1))
        let (certificate, later) = (try brief.issue(), noon + .minutes(2))
        let oldest = [brief, try TestAuthority("Elsewhere")]
        let latest = try (1...4).map { [brief, try TestAuthority("Elsewhere \($0)")] }
        for chain in [oldest] + latest {
            let first = try await standing(certificate, through: chain)
            #expect(first == .success(.alone(.unknownIssuer("CN=Foreign"))))
        }

        for chain in latest + latest {
            let again = try await standing(certificate, through: chain, at: later)
            #expect(again == .success(.alone(.unknownIssuer("CN=Foreign"))))
        }
        let anew = try await standing(certificate, through: oldest, at: later)
        #expect(anew == .failure(.issuerNotValid("CN=Brief")))
    }

    @Test func `a large chain that leads nowhere is judged once`() async throws {
        let brief = try TestAuthority("Brief", issuer: TestAuthority("Foreign"), until: noon + .minutes(1))
        let (certificate, later) = (try brief.issue(), noon + .minutes(2))
        let padding = Certificate.Extension(oid: [1, 2, 3, 4], critical: false, value: ArraySlice(repeating: 0, count: 13_000))
        let chain = [try brief.der, try root.issue(extensions: .init { padding }).der]

        let first = await standings.standing(of: certificate.der, intermediates: chain, at: noon)
        let second = await standings.standing(of: certificate.der, intermediates: chain, at: later)
        let smaller = try await standing(certificate, through: [brief], at: later)

        #expect([first, second] == Array(repeating: .success(.alone(.unknownIssuer("CN=Foreign"))), count: 2))
        #expect(smaller == .failure(.issuerNotValid("CN=Brief")))
    }

    @Test func `no chain is held against a certificate once its authority is trusted`() async throws {
        let newer = try TestAuthority("Newer Root")
        let (later, elsewhere) = (try TestAuthority("Later", issuer: newer), try TestAuthority("Elsewhere"))
        try folder.write(newer.revocationList(), to: "newer.crl")
        try folder.write(later.revocationList(), to: "later.crl")
        _ = try lists.refresh()
        let certificate = try later.issue()
        for _ in 1...2 {
            let whole = try await standing(certificate, through: [later])
            let foreign = try await standing(certificate, through: [elsewhere])
            #expect(whole == .success(.alone(.unknownIssuer("CN=Newer Root"))))
            #expect(foreign == .success(.alone(.unknownIssuer("CN=Later"))))
        }

        try authorities.replace(configured: [try newer.der])
        let foreign = try await standing(certificate, through: [elsewhere])
        let whole = try await standing(certificate, through: [later])

        #expect(foreign == .success(.alone(.unknownIssuer("CN=Later"))))
        #expect(whole == .success(.vouched(.configured)))
    }

    @Test func `a chain that came serves a resumed session, also when its authority is trusted only since`() async throws {
        let newer = try TestAuthority("Newer Root")
        let later = try TestAuthority("Later", issuer: newer)
        try folder.write(newer.revocationList(), to: "newer.crl")
        try folder.write(later.revocationList(), to: "later.crl")
        _ = try lists.refresh()
        let certificate = try later.issue()

        let early = try await standing(certificate, through: [later])
        try authorities.replace(configured: [try root.der])
        let resumed = try await standing(certificate)
        try authorities.replace(configured: [try newer.der])
        let trusted = try await standing(certificate)

        #expect([early, resumed] == Array(repeating: .success(.alone(.unknownIssuer("CN=Newer Root"))), count: 2))
        #expect(trusted == .success(.vouched(.configured)))
    }

    @Test func `of calls at once with the chain and without it those with it count from then on`() async throws {
        for _ in 1...20 {
            let (certificate, chain) = (try issuing.issue(), [try issuing.der])
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<20 {
                    group.addTask { [standings] in
                        _ = await standings.standing(of: certificate.der, intermediates: number.isMultiple(of: 2) ? [] : chain, at: noon)
                    }
                }
            }

            let seen = await standings.standing(ofSeen: certificate.thumbprint, at: noon)
            #expect(seen == .success(.vouched(.configured)))
        }
    }

    @Test func `a chain that cannot be read is forgotten`() async throws {
        let certificate = try root.issue(from: noon + .minutes(1))
        func broken(at now: Timestamp) async -> Result<CertificateStanding, CertificateRefusal> {
            await standings.standing(of: certificate.der, intermediates: [[1, 2, 3]], at: now)
        }

        let early = await broken(at: noon)
        let later = await broken(at: noon + .minutes(2))
        let bare = try await standing(certificate, at: noon + .minutes(2))

        #expect(early == .failure(.notYetValid(from: noon + .minutes(1))))
        #expect(later == .failure(.malformedChain))
        #expect(bare == .success(.vouched(.configured)))
    }

    @Test func `what cannot be read has no standing`() async throws {
        for der in [[], [0x30, 0x80], Array(repeating: UInt8(1), count: 30_000)] as [[UInt8]] {
            #expect(await !standings.standing(of: der, intermediates: [], at: noon).isSuccess)
        }
    }
}

extension Result {
    fileprivate var isSuccess: Bool { if case .success = self { true } else { false } }
}
