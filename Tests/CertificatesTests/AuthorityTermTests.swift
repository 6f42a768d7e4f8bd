import Certificates
import Primitives
import Testing

/// What `wekeza doctor` says of the authorities.
@Suite("Client authorities · term")
struct AuthorityTermTests {
    private func terms(_ authorities: TestAuthority...) throws -> [AuthorityTerm] {
        try CertificateAuthorities(configured: authorities.map { try $0.der }, sandbox: nil).terms(at: noon)
    }

    @Test func `each authority ends by itself`() throws {
        let ends = [noon + .days(5), noon - .days(5)]

        let terms = try terms(TestAuthority("One", until: ends[0]), TestAuthority("Two", until: ends[1]))

        #expect(terms.map(\.name) == ["CN=One", "CN=Two"])
        #expect(terms.map(\.until) == ends)
        #expect(terms.allSatisfy { $0.outlived.isEmpty })
    }

    @Test func `one that has expired beside its successor is outlived`() throws {
        let (past, future) = (noon - .days(1), noon + .days(300))

        let terms = try terms(TestAuthority("Root", until: past), TestAuthority("Root", until: future))

        #expect(terms.map(\.until) == [future])
        #expect(terms.map(\.outlived) == [[past]])
    }

    @Test func `the next certificate counts before its time, where it begins before the last one ends`() throws {
        let (end, far) = (noon + .days(5), noon + .days(300))
        let last = try TestAuthority("Root", until: end)

        let followed = try terms(last, TestAuthority("Root", from: end, until: far))
        let broken = try terms(last, TestAuthority("Root", from: end + .days(1), until: far))

        #expect(followed.map(\.until) == [far])
        #expect(broken.map(\.until) == [end])
    }

    @Test func `an expired one is not outlived by one whose time has not begun`() throws {
        let past = noon - .days(1)

        let terms = try terms(TestAuthority("Root", until: past), TestAuthority("Root", from: noon + .days(1)))

        #expect(terms.map(\.until) == [past])
        #expect(terms.allSatisfy { $0.outlived.isEmpty })
    }

    @Test func `one that is there before its time has no term yet`() throws {
        #expect(try terms(TestAuthority("Root", from: noon + .days(1))).isEmpty)
    }
}
