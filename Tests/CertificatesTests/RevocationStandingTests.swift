import Certificates
import Primitives
import Testing

/// What `wekeza doctor` says of the lists.
@Suite("Revocation lists · standing")
struct RevocationStandingTests {
    private let root: TestAuthority
    private let other: TestAuthority
    private let folder: TestFolder
    /// When a list ends unless it says otherwise.
    private let end = noon + .hours(1)

    init() throws {
        root = try TestAuthority("Root")
        other = try TestAuthority("Other")
        folder = try TestFolder()
        try folder.write(root.revocationList(), to: "root.crl")
    }

    private func standings(of authorities: TestAuthority...) throws -> [RevocationStanding] {
        let trusted = try CertificateAuthorities(configured: authorities.map { try $0.der }, sandbox: nil)
        return try RevocationLists(directory: folder.path).standings(of: trusted, at: noon)
    }

    @Test func `of two authorities one has a list`() throws {
        let standings = try standings(of: root, other)

        #expect(standings.map(\.authority) == ["CN=Root", "CN=Other"])
        #expect(standings.map(\.list) == [.current(until: end), .missing])
    }

    @Test func `the newest list of an authority counts, and an old one beside it says nothing`() throws {
        try folder.write(root.revocationList(.init(thisUpdate: noon - .days(2), nextUpdate: noon - .days(1))), to: "old.crl")

        #expect(try standings(of: root).map(\.list) == [.current(until: end)])
    }

    @Test func `a list that is out of date, and one of tomorrow`() throws {
        try folder.write(root.revocationList(.init(nextUpdate: noon)), to: "root.crl")
        try folder.write(other.revocationList(.init(thisUpdate: end, nextUpdate: noon + .days(1))), to: "other.crl")

        #expect(try standings(of: root, other).map(\.list) == [.stale(since: noon), .early(from: end)])
    }

    @Test func `a list that another key signed is none`() throws {
        try folder.write(root.revocationList(signedBy: other), to: "root.crl")

        #expect(try standings(of: root).map(\.list) == [.missing])
    }

    @Test func `an authority that has expired needs none, nor does one before its time`() throws {
        let (expired, early) = (try TestAuthority("Expired", until: noon - .days(1)), try TestAuthority("Early", from: noon + .days(1)))

        #expect(try standings(of: expired, early, root).map(\.authority) == ["CN=Root"])
    }

    @Test func `an authority under its next certificate and the same key goes by the same list`() throws {
        let next = try TestAuthority("Root", until: noon + .days(300), sharing: root.key)

        #expect(try standings(of: root, next).map(\.list) == [.current(until: end)])
    }

    @Test func `of an authority that clients send along the list alone tells`() throws {
        let issuing = try TestAuthority("Issuing", issuer: root)
        try folder.write(issuing.revocationList(.init(nextUpdate: noon)), to: "issuing.crl")

        let standings = try standings(of: root)

        #expect(standings.map(\.authority) == ["CN=Root", "CN=Issuing"] && standings.map(\.isTrusted) == [true, false])
        #expect(standings.map(\.list) == [.current(until: end), .stale(since: noon)])
    }
}
