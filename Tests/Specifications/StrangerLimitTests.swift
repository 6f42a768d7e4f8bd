import Composition
import Events
import HTTPTypes
import HummingbirdTesting
import Identity
import Mail
import Primitives
import Storage
import TestSupport
import Testing
import Web

@Suite("Portal · what strangers may cost")
struct StrangerLimitTests {
    private static func signUp(_ email: String) -> [(name: String, value: String)] {
        [("name", "Wanjiku Njoroge"), ("email", email), ("company", "Savanna Pay"), ("password", TestServer.passphrase)]
    }

    private static func reset(_ email: String) -> [(name: String, value: String)] { [("email", email)] }

    /// A browser that shows the form of an address.
    private static func opened(_ uri: String, at server: TestServer) async throws -> TestBrowser {
        let browser = TestBrowser(server)
        try await browser.open(uri)
        return browser
    }

    @Test func `a network signs up twenty times at once, then once every thirty seconds, and holds up no other`() async throws {
        try await TestServer.run(.sqlite) { server in
            let (uri, form) = ("/portal/sign-up", Self.signUp("wanjiku@savanna.example"))
            let (near, far) = (server.called(from: "2001:db8:1:2::1"), server.called(from: "2001:db8:1:3::1"))
            let browser = try await Self.opened(uri, at: near)
            // What is refused for a mistake costs no hash, and does not count.
            for _ in 0..<3 { _ = try await browser.post(near, uri, [("name", "Wanjiku Njoroge")]) }
            var statuses: [HTTPResponse.Status] = []
            for _ in 0..<20 { statuses.append(try await browser.post(near, uri, form).status) }

            let refused = try await browser.post(server.called(from: "2001:db8:1:2:ffff::1"), uri, form)
            let other = try await browser.post(far, uri, form)
            server.clock.advance(by: .seconds(30))
            let later = try await browser.post(near, uri, form)
            let again = try await browser.post(near, uri, form)

            #expect(statuses == Array(repeating: .seeOther, count: 20))
            #expect(refused.status == .tooManyRequests && refused.headers[.retryAfter] == "30")
            #expect(refused.text.contains("<a href=\"#email\">Too many accounts were asked for from your network. Try again in 30 seconds.</a>"))
            #expect(refused.text.contains("Savanna Pay") && !refused.text.contains(TestServer.passphrase))
            #expect(other.status == .seeOther && later.status == .seeOther && again.status == .tooManyRequests)
        }
    }

    @Test func `a network asks for a hundred links at once, then for one every thirty seconds, and holds up no other`() async throws {
        try await TestServer.run(.sqlite) { server in
            let (uri, form) = ("/portal/forgotten-password", Self.reset("nobody@example.test"))
            let near = server.called(from: "203.0.113.9")
            let browser = try await Self.opened(uri, at: near)
            // What is no address asks for nothing, and does not count.
            for _ in 0..<3 { _ = try await browser.post(near, uri, Self.reset("nobody")) }
            var statuses: [HTTPResponse.Status] = []
            for _ in 0..<100 { statuses.append(try await browser.post(near, uri, form).status) }

            let refused = try await browser.post(near, uri, form)
            let other = try await browser.post(server.called(from: "203.0.113.10"), uri, form)
            server.clock.advance(by: .seconds(30))
            let later = try await browser.post(near, uri, form)

            #expect(statuses == Array(repeating: .seeOther, count: 100))
            #expect(refused.status == .tooManyRequests && refused.headers[.retryAfter] == "30")
            #expect(refused.text.contains("<a href=\"#email\">Too many links were asked for from your network. Try again in 30 seconds.</a>"))
            #expect(refused.text.contains("nobody@example.test"))
            #expect(other.status == .seeOther && later.status == .seeOther)
        }
    }

    @Test(arguments: Engine.available)
    func `eight sign-ups with somebody's address do not keep them from a link for a new password`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let email = DemoWorld.developer.email
            let stranger = try await Self.opened("/portal/sign-up", at: server)
            for _ in 0..<8 { _ = try await stranger.post(server, "/portal/sign-up", Self.signUp(email)) }
            _ = try await server.mail(to: email, count: 5)
            let owner = try await Self.opened("/portal/forgotten-password", at: server)

            _ = try await owner.post(server, "/portal/forgotten-password", Self.reset(email))

            let link = try await server.mail(to: email, count: 6).link
            #expect(link.hasPrefix("/portal/reset-password?token="))
        }
    }

    @Test(arguments: Engine.available)
    func `a link that was asked for stands in the audit log when its address is somebody's`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let browser = try await Self.opened("/portal/forgotten-password", at: server)
            for email in ["nobody@example.test", DemoWorld.developer.email] {
                _ = try await browser.post(server, "/portal/forgotten-password", Self.reset(email))
            }
            _ = try await server.mail(to: DemoWorld.developer.email)

            let asked = try await server.database.read { try AuditLog().list(.init(action: .passwordResetAsked), limit: 20, in: $0).map(\.subject) }

            #expect(asked == ["usr_demodeveloper"])
        }
    }

    private static func invitation(_ email: String) -> [(name: String, value: String)] { [("email", email), ("role", "member")] }

    @Test func `an organisation invites fifty at once, then one every ten minutes, and holds up no other`() async throws {
        try await TestServer.run(.sqlite) { server in
            let uri = "/portal/team/invitations"
            try await server.enrol("wanjiku@savanna.example")
            let stranger = try await server.signedIn("wanjiku@savanna.example", TestServer.passphrase)
            let owner = try await server.developer()
            for browser in [stranger, owner] { try await browser.open("/portal/team") }
            // What is refused for a mistake does not count.
            for _ in 0..<3 { _ = try await stranger.post(server, uri, Self.invitation("nobody")) }
            var statuses: [HTTPResponse.Status] = []
            for number in 1...50 { statuses.append(try await stranger.post(server, uri, Self.invitation("guest\(number)@elsewhere.example")).status) }

            let refused = try await stranger.post(server, uri, Self.invitation("late@elsewhere.example"))
            let other = try await owner.post(server, uri, Self.invitation("baraka@acme.example"))
            server.clock.advance(by: .minutes(10))
            let later = try await stranger.post(server, uri, Self.invitation("late@elsewhere.example"))
            let again = try await stranger.post(server, uri, Self.invitation("later@elsewhere.example"))

            #expect(statuses == Array(repeating: .seeOther, count: 50))
            #expect(refused.status == .tooManyRequests && refused.headers[.retryAfter] == "600")
            #expect(refused.text.contains("<a href=\"#email\">Savanna Pay sent many invitations. Try again in 10 minutes.</a>"))
            #expect(refused.text.contains("value=\"late@elsewhere.example\""))
            #expect(other.status == .seeOther && later.status == .seeOther && again.status == .tooManyRequests)
        }
    }

    @Test(arguments: Engine.available) func `whoever has not confirmed their own email invites nobody`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let browser = try await Self.opened("/portal/sign-up", at: server)
            _ = try await browser.post(server, "/portal/sign-up", Self.signUp("wanjiku@savanna.example"))
            let link = try await server.mail(to: "wanjiku@savanna.example").link
            let stranger = try await server.signedIn("wanjiku@savanna.example", TestServer.passphrase)
            try await stranger.open("/portal/team")

            let refused = try await stranger.post(server, "/portal/team/invitations", Self.invitation("guest@elsewhere.example"))
            try await stranger.open(link)
            try await stranger.submit("token", [])
            try await stranger.open("/portal/team")
            let sent = try await stranger.post(server, "/portal/team/invitations", Self.invitation("guest@elsewhere.example"))

            #expect(refused.status == .unprocessableContent)
            #expect(refused.text.contains("<a href=\"#email\">Confirm your own email first, by the link that we sent you</a>"))
            #expect(sent.status == .seeOther)
            _ = try await server.mail(to: "guest@elsewhere.example")
            let mails = server.mailbox.messages(to: "guest@elsewhere.example")
            #expect(mails.count == 1)
        }
    }
}
