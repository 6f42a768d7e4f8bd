import Certificates
import Foundation
import Primitives
import SwiftASN1
import Testing
import X509

/// RFC 5280 §5 and §6.3.
@Suite("Revocation lists")
struct RevocationListsTests {
    private let root: TestAuthority
    private let issuing: TestAuthority
    private let folder: TestFolder

    init() throws {
        root = try TestAuthority("Root")
        issuing = try TestAuthority("Issuing", issuer: root)
        folder = try TestFolder()
        try folder.write(root.revocationList(), to: "root.crl")
        try folder.write(issuing.revocationList(), to: "issuing.crl")
    }

    private func check(_ lists: RevocationLists) throws -> ClientCertificateCheck {
        ClientCertificateCheck(authorities: try CertificateAuthorities(configured: [try root.der], sandbox: nil), revocationLists: lists)
    }

    private func refusal(_ certificate: ClientCertificate, by check: ClientCertificateCheck, at now: Timestamp = noon) async throws -> CertificateRefusal? {
        switch await check.check(certificate, intermediates: [try issuing.der], at: now) {
        case .success: nil
        case .failure(let refusal): refusal
        }
    }

    /// What the folder as it stands says about a certificate.
    private func refusal(_ certificate: ClientCertificate, at now: Timestamp = noon) async throws -> CertificateRefusal? {
        try await refusal(certificate, by: check(RevocationLists(directory: folder.path)), at: now)
    }

    /// The files of the folder that a start cannot use.
    private func unusable() throws -> [String] {
        try RevocationLists(directory: folder.path).refresh().map { URL(fileURLWithPath: $0.file).lastPathComponent }
    }

    @Test func `§6.3.3 what stands in the issuer's list is revoked, and nothing else`() async throws {
        let (revoked, other) = (Certificate.SerialNumber(bytes: [0xFF, 1, 2]), Certificate.SerialNumber(bytes: [1, 2]))
        try folder.write(issuing.revocationList(.init(serialNumbers: [revoked])), to: "issuing.crl")

        #expect(try await refusal(issuing.issue(serialNumber: revoked)) == .revoked)
        #expect(try await refusal(issuing.issue(serialNumber: other)) == nil)
        // The number of another issuer's certificate.
        #expect(try await refusal(root.issue(serialNumber: revoked)) == nil)
    }

    @Test func `§6.3.3 an issuer that was revoked`() async throws {
        try folder.write(root.revocationList(.init(serialNumbers: [issuing.certificate.serialNumber])), to: "root.crl")

        #expect(try await refusal(issuing.issue()) == .revoked)
    }

    @Test func `a list that is out of date refuses, and so does one of tomorrow`() async throws {
        let certificate = try issuing.issue()
        #expect(try await refusal(certificate, at: noon + .minutes(59)) == nil)

        #expect(try await refusal(certificate, at: noon + .hours(1)) == .staleRevocationList(issuer: "CN=Issuing"))
        try folder.write(issuing.revocationList(.init(thisUpdate: noon + .minutes(6), nextUpdate: noon + .days(1))), to: "issuing.crl")
        #expect(try await refusal(certificate) == .staleRevocationList(issuer: "CN=Issuing"))
        // An authority's clock may run five minutes ahead.
        try folder.write(issuing.revocationList(.init(thisUpdate: noon + .minutes(5), nextUpdate: noon + .days(1))), to: "issuing.crl")
        #expect(try await refusal(certificate) == nil)
    }

    @Test func `of a list that is out of date what it revokes stays revoked`() async throws {
        let serial = Certificate.SerialNumber(bytes: [7])
        try folder.write(issuing.revocationList(.init(serialNumbers: [serial], nextUpdate: noon - .minutes(1))), to: "issuing.crl")

        #expect(try await refusal(issuing.issue(serialNumber: serial)) == .revoked)
    }

    @Test func `§6.3.3 (g) a list that the issuer did not sign is none`() async throws {
        try folder.write(issuing.revocationList(signedBy: TestAuthority("Issuing")), to: "issuing.crl")

        #expect(try await refusal(issuing.issue()) == .noRevocationList(issuer: "CN=Issuing"))
    }

    @Test func `§6.3.3 (f) an issuer that may not revoke`() async throws {
        let silent = try TestAuthority("Silent", issuer: root, usage: KeyUsage(keyCertSign: true))
        try folder.write(silent.revocationList(), to: "silent.crl")
        let check = try check(RevocationLists(directory: folder.path))

        let outcome = await check.check(try silent.issue(), intermediates: [try silent.der], at: noon)

        #expect(throws: CertificateRefusal.noRevocationList(issuer: "CN=Silent")) { try outcome.get() }
    }

    @Test func `of several lists of one issuer the newest counts`() async throws {
        let serial = Certificate.SerialNumber(bytes: [7])
        try folder.write(issuing.revocationList(.init(serialNumbers: [serial], thisUpdate: noon - .minutes(5))), to: "newer.crl")
        #expect(try await refusal(issuing.issue(serialNumber: serial)) == .revoked)

        // Taken off hold (§5.3.1).
        try folder.write(issuing.revocationList(.init(thisUpdate: noon - .minutes(1))), to: "newest.crl")
        #expect(try await refusal(issuing.issue(serialNumber: serial)) == nil)
    }

    @Test func `§4.2.1.1 of an authority that changes its key each list counts for what its key issued`() async throws {
        let newer = try TestAuthority("Issuing", issuer: root)
        let (revoked, revokedByNewer) = (Certificate.SerialNumber(bytes: [7]), Certificate.SerialNumber(bytes: [8]))
        try folder.write(issuing.revocationList(.init(serialNumbers: [revoked])), to: "issuing.crl")
        try folder.write(newer.revocationList(.init(serialNumbers: [revokedByNewer])), to: "newer.crl")
        let check = try check(RevocationLists(directory: folder.path))
        func refusal(_ serial: Certificate.SerialNumber, by authority: TestAuthority) async throws -> CertificateRefusal? {
            switch await check.check(try authority.issue(serialNumber: serial), intermediates: [try authority.der], at: noon) {
            case .success: nil
            case .failure(let refusal): refusal
            }
        }

        // Each is asked again after the other.
        for _ in 1...3 {
            let ofOlder = [try await refusal(revoked, by: issuing), try await refusal(revokedByNewer, by: issuing)]
            let ofNewer = [try await refusal(revoked, by: newer), try await refusal(revokedByNewer, by: newer)]
            #expect(ofOlder == [.revoked, nil])
            #expect(ofNewer == [nil, .revoked])
        }
    }

    @Test func `lists are read again when they change, come or go`() async throws {
        let serial = Certificate.SerialNumber(bytes: [7])
        let certificate = try issuing.issue(serialNumber: serial)
        let lists = try RevocationLists(directory: folder.path)
        let check = try check(lists)
        #expect(try await refusal(certificate, by: check) == nil)

        try folder.write(issuing.revocationList(.init(serialNumbers: [serial])), to: "issuing.crl")
        #expect(try await refusal(certificate, by: check) == nil)
        #expect(try lists.refresh().isEmpty)
        #expect(try await refusal(certificate, by: check) == .revoked)

        try FileManager.default.removeItem(atPath: "\(folder.path)/issuing.crl")
        #expect(try lists.refresh().isEmpty && lists.count == 1)
        #expect(try await refusal(certificate, by: check) == .noRevocationList(issuer: "CN=Issuing"))
    }

    @Test func `a file that cannot be used leaves the list that was there`() async throws {
        let lists = try RevocationLists(directory: folder.path)
        let check = try check(lists)
        try folder.write([1, 2, 3], to: "issuing.crl")

        #expect(try lists.refresh().map(\.leavesList) == [true])

        #expect(try await refusal(try issuing.issue(), by: check) == nil)
        #expect(try await refusal(try issuing.issue(), by: check, at: noon + .hours(2)) != nil)
        // Told once.
        #expect(try lists.refresh().isEmpty)
    }

    @Test func `a start goes on without a list that cannot be used, and its issuer's certificates are refused`() async throws {
        let (certificate, other) = (try issuing.issue(), try root.issue())
        try folder.write(Array("<html>404 Not Found</html>".utf8), to: "issuing.crl")
        let lists = try RevocationLists(directory: folder.path)
        let check = try check(lists)

        let (refused, taken) = (try await refusal(certificate, by: check), try await refusal(other, by: check))

        #expect(refused == .noRevocationList(issuer: "CN=Issuing"))
        #expect(taken == nil)
        // Told once, by the file's name.
        let told = try lists.refresh()
        #expect(told.count == 1 && told.allSatisfy { $0.file.hasSuffix("/issuing.crl") && !$0.leavesList })
        #expect(try lists.refresh().isEmpty)
        try folder.write(issuing.revocationList(), to: "issuing.crl")
        #expect(try lists.refresh().isEmpty)
        let mended = try await refusal(certificate, by: check)
        #expect(mended == nil)
    }

    @Test func `a folder that cannot be read ends the start`() {
        #expect(throws: RevocationFileRefusal.self) { try RevocationLists(directory: "\(folder.path)/nowhere") }
    }

    @Test func `PEM is read too`() async throws {
        let text = PEMText.encode(try issuing.revocationList(), label: "X509 CRL")
        try folder.write(Array(text.utf8), to: "issuing.crl")
        #expect(try await refusal(issuing.issue()) == nil)

        try folder.write(Array(PEMText.encode(try issuing.der, label: "CERTIFICATE").utf8), to: "issuing.crl")
        #expect(try unusable() == ["issuing.crl"])
    }

    private static let incomplete: [TestRevocationList] = [
        // §5.1.2.5
        .init(nextUpdate: nil),
        // §5.2.5, §5.2.4: a part only, or the change since another list
        .init(extensions: [([2, 5, 29, 28], true)]), .init(extensions: [([2, 5, 29, 27], true)]),
        // §5.3.3
        .init(serialNumbers: [.init(bytes: [7])], entryExtensions: [([2, 5, 29, 29], true)]),
    ]

    @Test(arguments: incomplete.indices) func `a list that is not complete and its issuer's own is not taken`(index: Int) throws {
        try folder.write(issuing.revocationList(Self.incomplete[index]), to: "issuing.crl")

        #expect(try unusable() == ["issuing.crl"])
    }

    @Test func `extensions that are not critical change nothing`() async throws {
        let list = TestRevocationList(
            serialNumbers: [.init(bytes: [7])], extensions: [([2, 5, 29, 20], false)], entryExtensions: [([2, 5, 29, 21], false)])
        try folder.write(issuing.revocationList(list), to: "issuing.crl")

        #expect(try await refusal(issuing.issue(serialNumber: .init(bytes: [7]))) == .revoked)
    }

    @Test func `whatever is cut or changed, reading it ends and nothing gets in force`() async throws {
        let serial = Certificate.SerialNumber(bytes: [7])
        let certificate = try issuing.issue(serialNumber: serial)
        let whole = try issuing.revocationList(.init(serialNumbers: [serial], extensions: [([2, 5, 29, 20], false)]))
        for (index, bytes) in mutilations(of: whole).enumerated() {
            try folder.write(bytes, to: "issuing.crl")
            let lists = try RevocationLists(directory: folder.path)
            #expect(try await refusal(certificate, by: check(lists)) != nil, "\(index)")
        }
    }

    @Test func `too large a file is not read`() throws {
        try folder.write(Array(repeating: 0x30, count: RevocationLists.largestFile + 1), to: "issuing.crl")

        #expect(try unusable() == ["issuing.crl"])
    }
}
