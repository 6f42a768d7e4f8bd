import Applications
import Composition
import Events
import Foundation
import HTTPTypes
import HummingbirdTesting
import Identity
import Primitives
import Storage
import TestSupport
import Testing
import Web

@Suite("Portal · the team")
struct PortalTeamTests {
    private static func invite(_ email: String, by owner: TestBrowser, role: String = "member") async throws {
        try await owner.open("/portal/team")
        try await owner.submit("email", [("email", email), ("role", role)])
    }

    @Test(arguments: Engine.available) func `a new colleague joins by the link of their mail, once`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let owner = try await server.developer()
            try await Self.invite("baraka@acme.example", by: owner)
            #expect(await owner.address == "/portal/team?sent=1")
            let link = try await server.mail(to: "baraka@acme.example").link

            let colleague = TestBrowser(server)
            try await colleague.open(link)
            #expect(await colleague.heading == "Join Acme Budget")
            try await colleague.submit("name", [("name", "Baraka Otieno"), ("password", TestServer.passphrase)])

            #expect(await colleague.address == "/portal")
            #expect((await colleague.page).contains("Acme Budget"))
            let again = TestBrowser(server)
            try await again.open(link)
            #expect(await again.status == 410)
            try await owner.open("/portal/team")
            #expect((await owner.page).contains("Baraka Otieno"))
            #expect(!(await colleague.page).contains("Confirm your email"))
        }
    }

    @Test func `a developer with an account joins only signed in to it`() async throws {
        try await TestServer.run(.sqlite) { server in
            try await server.enrol("wanjiku@savanna.example")
            let owner = try await server.developer()
            try await Self.invite("wanjiku@savanna.example", by: owner)
            let link = try await server.mail(to: "wanjiku@savanna.example").link

            let nobody = TestBrowser(server)
            try await nobody.open(link)
            let token = try #require(link.split(separator: "=").last.map(String.init))
            #expect(!(await nobody.forms).contains { $0.names.contains("token") })
            try await nobody.open("/portal/sign-up")
            #expect(
                try await nobody.post(server, "/portal/invitation", [("token", token), ("name", "Mallory"), ("password", TestServer.passphrase)]).status
                    == .forbidden)
            // Somebody else with the link.
            try await owner.open(link)
            #expect((await owner.page).contains("You are signed in as developer@example.test"))

            let wanjiku = try await server.signedIn("wanjiku@savanna.example", TestServer.passphrase)
            try await wanjiku.open(link)
            try await wanjiku.submit("token", [])

            #expect(await wanjiku.address == "/portal")
            #expect((await wanjiku.page).contains("Acme Budget on the Wekeza"))
            try await wanjiku.open("/portal/settings")
            #expect((await wanjiku.page).contains("Savanna Pay"))
        }
    }

    @Test func `a withdrawn or replaced invitation opens nothing`() async throws {
        try await TestServer.run(.sqlite) { server in
            let owner = try await server.developer()
            try await Self.invite("baraka@acme.example", by: owner)
            let first = try await server.mail(to: "baraka@acme.example").link
            try await Self.invite("baraka@acme.example", by: owner)
            let second = try await server.mail(to: "baraka@acme.example", count: 2).link
            let colleague = TestBrowser(server)
            try await colleague.open(first)
            #expect(await colleague.status == 410)

            let withdraw = try #require((await owner.forms).map(\.action).first { $0.hasSuffix("/withdraw") })
            #expect(try await owner.post(server, withdraw, []).status == .seeOther)

            try await colleague.open(second)
            #expect(await colleague.status == 410)
        }
    }

    @Test func `an invitation expires after seven days`() async throws {
        try await TestServer.run(.sqlite) { server in
            let owner = try await server.developer()
            try await Self.invite("baraka@acme.example", by: owner)
            let link = try await server.mail(to: "baraka@acme.example").link

            server.clock.advance(by: .days(7))

            let colleague = TestBrowser(server)
            try await colleague.open(link)
            #expect(await colleague.status == 410)
        }
    }

    @Test(arguments: Engine.available) func `members work on apps and do not change the team`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let member = try await server.enrol("baraka@acme.example", company: nil, role: .member)
            let browser = try await server.signedIn("baraka@acme.example", TestServer.passphrase)
            try await browser.open("/portal/team")
            #expect(!(await browser.forms).contains { $0.names.contains("email") })
            let owner = "usr_demodeveloper"

            #expect(try await browser.post(server, "/portal/team/invitations", [("email", "x@acme.example"), ("role", "owner")]).status == .forbidden)
            #expect(try await browser.post(server, "/portal/team/\(member)/role", [("role", "owner")]).status == .forbidden)
            #expect(try await browser.post(server, "/portal/team/\(owner)/remove", []).status == .forbidden)
            try await browser.open("/portal/team/\(owner)/remove")
            #expect(await browser.status == 403)
            try await browser.open("/portal/apps/new")
            #expect(await browser.status == 200)
        }
    }

    @Test(arguments: Engine.available) func `an app that a restore holds is confirmed by an owner alone`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.demoApp()
            _ = try await server.enrol("baraka@acme.example", company: nil, role: .member)
            let member = try await server.signedIn("baraka@acme.example", TestServer.passphrase)
            let owner = try await server.developer()
            _ = try await server.database.write { try ApplicationsRestoration().holdApps(by: .commandLine, at: server.clock.now, in: $0) }

            try await member.open("/portal/apps/\(app.id)")
            #expect(await member.page.contains("an owner of your team"))
            #expect(!(await member.forms).contains { $0.action.hasSuffix("/confirm") })
            #expect(try await member.post(server, "/portal/apps/\(app.id)/confirm", []).status == .forbidden)
            #expect(try await server.database.read { try Applications.Apps().find(app.id, in: $0) }?.isHeld == true)
            try await owner.open("/portal/apps/\(app.id)")
            #expect((await owner.forms).contains { $0.action.hasSuffix("/confirm") })
            #expect(try await owner.post(server, "/portal/apps/\(app.id)/confirm", []).status == .seeOther)
            #expect(try await server.database.read { try Applications.Apps().find(app.id, in: $0) }?.isHeld == false)
        }
    }

    @Test(arguments: Engine.available) func `the last owner neither leaves nor steps down`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let member = try await server.enrol("baraka@acme.example", company: nil, role: .member)
            let owner = try await server.developer()
            try await owner.open("/portal/team")

            #expect(try await owner.post(server, "/portal/team/usr_demodeveloper/remove", []).status == .conflict)
            #expect(try await owner.post(server, "/portal/team/usr_demodeveloper/role", [("role", "member")]).status == .conflict)
            #expect(try await owner.post(server, "/portal/team/\(member)/role", [("role", "owner")]).status == .seeOther)
            #expect(try await owner.post(server, "/portal/team/usr_demodeveloper/remove", []).status == .seeOther)

            try await owner.open("/portal")
            #expect(await owner.status == 403)
            #expect(await owner.heading == "You belong to no organisation")
        }
    }

    @Test func `a removed member sees nothing from the next page on`() async throws {
        try await TestServer.run(.sqlite) { server in
            let member = try await server.enrol("baraka@acme.example", company: nil, role: .member)
            let browser = try await server.signedIn("baraka@acme.example", TestServer.passphrase)
            let owner = try await server.developer()
            try await owner.open("/portal/team/\(member)/remove")
            #expect(await owner.status == 200)

            #expect(try await owner.post(server, "/portal/team/\(member)/remove", []).status == .seeOther)

            try await browser.open("/portal/apps")
            #expect(await browser.status == 403)
        }
    }

    @Test func `people and invitations of other organisations are not there`() async throws {
        try await TestServer.run(.sqlite) { server in
            let wanjiku = try await server.enrol("wanjiku@savanna.example")
            let owner = try await server.developer()
            try await Self.invite("baraka@acme.example", by: owner)
            let withdraw = try #require((await owner.forms).map(\.action).first { $0.hasSuffix("/withdraw") })
            let stranger = try await server.signedIn("wanjiku@savanna.example", TestServer.passphrase)
            try await stranger.open("/portal/team")

            #expect(try await stranger.post(server, withdraw, []).status == .notFound)
            #expect(try await stranger.post(server, "/portal/team/usr_demodeveloper/remove", []).status == .notFound)
            #expect(try await stranger.post(server, "/portal/team/usr_demodeveloper/role", [("role", "member")]).status == .notFound)
            #expect(try await owner.post(server, "/portal/team/\(wanjiku)/remove", []).status == .notFound)
        }
    }
}
