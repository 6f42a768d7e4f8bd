import Events
import Identity
import Mail
import Primitives
import Storage
import TestSupport
import Testing

/// Anybody can sign up with your address, and sign in before it is confirmed. Your mailbox is what takes the account over.
@Suite("An address that a stranger signed up with")
struct TakenAddressTests {
    private let address = "you@corp.example"

    @Test(arguments: Engine.available)
    func `its owner sets a new password by mail and is in, whatever phone the stranger enrolled`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let stranger = TestBrowser(server)
            try await stranger.open("/portal/sign-up")
            try await stranger.submit(
                "company", [("name", "Wanjiku Njoroge"), ("email", address), ("company", "Savanna Pay"), ("password", TestServer.passphrase)])
            let signedIn = try await server.signedIn(address, TestServer.passphrase)
            try await signedIn.open("/portal/settings/second-factor")
            try await signedIn.submit(#require(await signedIn.forms.first { $0.action.hasSuffix("/begin") }), [])
            let phone = try #require(await TestPhone(page: signedIn.page))
            try await signedIn.submit("code", [("code", phone.code(at: server.clock.now)), ("password", TestServer.passphrase)])
            let told = try await server.mail(to: address, count: 2).subject
            #expect(told == "Two-step sign-in is on")

            let owner = TestBrowser(server)
            try await owner.open("/portal/forgotten-password")
            try await owner.submit("email", [("email", address)])
            try await owner.open(try await server.mail(to: address, count: 3).link)
            try await owner.submit("password", [("password", "a quite different phrase")])
            try await owner.submit("username", [("username", address), ("password", "a quite different phrase")])

            #expect(await owner.address == "/portal")
            try await signedIn.open("/portal")
            #expect(await signedIn.address == "/portal/sign-in")
            let found = try await server.database.read { try People().find(signInName: address, population: .developer, in: $0) }
            let person = try #require(found)
            let audited = try await server.database.read { try AuditLog().list(.init(action: .secondFactorReset), limit: 10, in: $0) }
            #expect(audited.map(\.subject) == [person.id.rawValue])
            let isEnrolled = try await server.database.read { try SecondFactors.isEnrolled(person.id, in: $0) }
            #expect(!isEnrolled)
        }
    }
}
