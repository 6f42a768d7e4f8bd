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

    @Test(arguments: Engine.available) func `whoever belongs to no organisation any more signs out`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let member = try await server.enrol("baraka@acme.example", company: nil, role: .member)
            let browser = try await server.signedIn("baraka@acme.example", TestServer.passphrase)
            let token = try #require(await browser.cookies["wkz_dev"])
            let owner = try await server.developer()
            try await owner.open("/portal/team")
            _ = try await owner.post(server, "/portal/team/\(member)/remove", [])
            try await browser.open("/portal")
            #expect(await browser.heading == "You belong to no organisation")

            let foreign = try await server.post("/portal/sign-out", form: [("csrf", "x")], headers: [.cookie: "wkz_dev=\(token)", .accept: "text/html"])
            let answer = try await browser.post(server, "/portal/sign-out", [])

            #expect(foreign.status == .forbidden)
            #expect(answer.status == .seeOther && answer.location == "/portal/sign-in?signed_out=1")
            let thief = TestBrowser(server, cookies: ["wkz_dev": token])
            try await thief.open("/portal")
            #expect(await thief.address == "/portal/sign-in")
        }
    }

    @Test(arguments: Engine.available) func `whom a removed or demoted owner invited does not come in`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let baraka = try await server.enrol("baraka@acme.example", name: "Baraka Otieno", company: nil)
            let inviter = try await server.signedIn("baraka@acme.example", TestServer.passphrase)
            let owner = try await server.developer()
            try await Self.invite("kept@acme.example", by: owner)
            let kept = try await server.mail(to: "kept@acme.example").link

            let changes: [(email: String, change: String, form: [(name: String, value: String)])] = [
                ("first@elsewhere.example", "role", [("role", "member")]), ("second@elsewhere.example", "remove", []),
            ]

            for (email, change, form) in changes {
                try await owner.open("/portal/team")
                _ = try await owner.post(server, "/portal/team/\(baraka)/role", [("role", "owner")])
                try await Self.invite(email, by: inviter, role: "owner")
                let invited = TestBrowser(server)
                try await invited.open(try await server.mail(to: email).link)
                #expect(await invited.status == 200, "\(change)")

                let changed = try await owner.post(server, "/portal/team/\(baraka)/\(change)", form)
                try await invited.submit("name", [("name", "Baraka Otieno"), ("password", TestServer.passphrase)])

                #expect(changed.status == .seeOther, "\(change)")
                #expect(await invited.status == 410, "\(change)")
            }
            let withdrawn = try await server.database.read { try AuditLog().list(.init(action: .invitationWithdrawn), limit: 20, in: $0) }
            #expect(withdrawn.count == 2)
            let colleague = TestBrowser(server)
            try await colleague.open(kept)
            #expect(await colleague.status == 200)
        }
    }

    @Test func `every open invitation is shown and can be withdrawn`() async throws {
        try await TestServer.run(.sqlite) { server in
            let now = server.clock.now
            try await server.database.write { tx in
                for number in 1...101 {
                    _ = try Invitations(randomness: SystemRandom()).invite(
                        email: "colleague\(number)@acme.example", role: .member, to: DemoWorld.organisation, by: PersonID(trusted: "usr_demodeveloper"),
                        at: now, requestID: nil, in: tx
                    ).get()
                }
            }
            let owner = try await server.developer()

            try await owner.open("/portal/team")

            let withdrawals = await owner.forms.filter { $0.action.hasSuffix("/withdraw") }
            #expect(withdrawals.count == 101)
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
