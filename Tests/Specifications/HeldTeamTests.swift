import Applications
import Composition
import Events
import HTTPTypes
import HummingbirdTesting
import Identity
import Primitives
import Storage
import TestSupport
import Testing
import Web

@Suite("A team after a restore")
struct HeldTeamTests {
    /// The demo's developer, an owner of Acme Budget, and Baraka, another one unless told otherwise, whom a restore holds.
    private static func hold(_ server: TestServer, as role: MemberRole = .owner) async throws -> PersonID {
        let baraka = try await server.enrol("baraka@acme.example", name: "Baraka Otieno", company: nil, role: role)
        let count = try await server.database.write { try ApplicationsRestoration().holdMembers(by: .commandLine, at: server.clock.now, in: $0) }
        #expect(count == 2)
        return baraka
    }

    private static func confirm(_ person: PersonID, _ server: TestServer) async throws {
        try await server.database.write {
            _ = try Memberships().confirm(person, in: DemoWorld.organisation, by: Actor.commandLine, at: server.clock.now, requestID: nil, in: $0)
        }
    }

    private static func role(of person: PersonID, _ server: TestServer) async throws -> MemberRole? {
        try await server.database.read { try Memberships().role(of: person, in: DemoWorld.organisation, in: $0) }
    }

    /// What staff can press for somebody's place at Acme Budget.
    private static func forms(about email: String, _ staff: TestBrowser) async throws -> [TestBrowser.Form] {
        try await staff.open("/staff/people?name=\(Parameters.encode(email))")
        return await staff.forms.filter { $0.action.hasSuffix("/organisations/org_demo/confirm") }
    }

    private static func staff(_ server: TestServer) async throws -> TestBrowser {
        let browser = TestBrowser(server)
        try await browser.open("/staff/sign-in")
        try await browser.submit("username", [("username", DemoWorld.staff.email), ("password", DemoWorld.staff.password)])
        return browser
    }

    @Test(arguments: Engine.available) func `who waits to be confirmed sees and does nothing`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.demoApp()
            let baraka = try await Self.hold(server)
            let browser = try await server.signedIn("baraka@acme.example", TestServer.passphrase)

            for path in ["/portal", "/portal/team", "/portal/apps/\(app.id)"] {
                try await browser.open(path)
                #expect(await browser.status == 403)
                #expect(await browser.heading == "Your place at Acme Budget waits to be confirmed")
            }
            for (path, form) in [
                ("/portal/team/\(baraka)/confirm", []), ("/portal/team/usr_demodeveloper/remove", []), ("/portal/apps/\(app.id)/confirm", []),
                ("/portal/team/invitations", [("email", "friend@example.com"), ("role", "owner")]),
            ] as [(String, [(String, String)])] {
                #expect(try await browser.post(server, path, form.map { (name: $0.0, value: $0.1) }).status == .forbidden, "\(path)")
            }
            #expect(try await server.database.read { try Memberships().role(of: baraka, in: DemoWorld.organisation, in: $0) } == nil)
        }
    }

    @Test(arguments: Engine.available) func `staff confirm an owner, who confirms or removes the others`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let baraka = try await Self.hold(server)
            let staff = try await Self.staff(server)
            try await staff.open("/staff/people?name=\(Parameters.encode(DemoWorld.developer.email))")
            #expect(await staff.page.contains("Waits to be confirmed as owner of Acme Budget. Acme Budget has no confirmed owner yet."))
            #expect(!(await staff.forms).contains { $0.names.contains("role") })
            let confirmation = try #require(await staff.forms.first { $0.action.hasSuffix("/organisations/org_demo/confirm") })
            try await staff.submit(confirmation, [])
            #expect(await staff.page.contains("has their place in the team again"))
            // Pressed once more, or by a colleague at the same time.
            #expect(try await staff.post(server, confirmation.action, []).status == .seeOther)
            #expect(try await staff.post(server, "/staff/people/usr_demodeveloper/organisations/org_elsewhere/confirm", []).status == .notFound)

            let owner = try await server.developer()
            try await owner.open("/portal/team")
            #expect(await owner.page.contains("Unconfirmed"))
            let form = try #require(await owner.forms.first { $0.action == "/portal/team/\(baraka)/confirm" })
            try await owner.submit(form, [])
            #expect(await owner.address == "/portal/team?changed=1")
            #expect(!(await owner.page).contains("Unconfirmed"))
            #expect(try await owner.post(server, form.action, []).status == .seeOther)
            #expect(try await owner.post(server, "/portal/team/usr_nobody/confirm", []).status == .notFound)

            let browser = try await server.signedIn("baraka@acme.example", TestServer.passphrase)
            #expect(await browser.address == "/portal")
            let entries = try await server.database.read { try AuditLog().list(.init(action: .memberConfirmed), limit: 10, in: $0) }
            #expect(entries.map(\.actor) == [.person(PersonID(trusted: "usr_demodeveloper")), .person(PersonID(trusted: "usr_demostaff"))])
        }
    }

    @Test(arguments: Engine.available) func `staff confirm a member as owner where no owner is left`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let baraka = try await Self.hold(server, as: .member)
            let staff = try await Self.staff(server)
            try await staff.open("/staff/people?name=\(Parameters.encode("baraka@acme.example"))")
            #expect(await staff.page.contains("Waits to be confirmed as member of Acme Budget. Acme Budget has no confirmed owner yet."))
            let form = try #require(await staff.forms.first { $0.action.hasSuffix("/organisations/org_demo/confirm") && $0.names.contains("role") })
            #expect(try await staff.post(server, form.action, [("role", "king")]).status == .notFound)

            try await staff.submit(form, [])

            #expect(await staff.page.contains("Baraka Otieno has their place in the team again, as owner of Acme Budget."))
            #expect(!(await staff.page).contains("no confirmed owner"))
            let browser = try await server.signedIn("baraka@acme.example", TestServer.passphrase)
            try await browser.open("/portal/team")
            #expect((await browser.forms).contains { $0.action == "/portal/team/usr_demodeveloper/confirm" })
            let entries = try await server.database.read { try AuditLog().list(.init(action: .memberConfirmed), limit: 10, in: $0) }
            #expect(entries.map(\.subject) == [baraka.rawValue])
            #expect(entries.map(\.after) == [["organisation": "org_demo", "role": "owner"]])
        }
    }

    @Test(arguments: Engine.available) func `staff who confirmed a member of a team without an owner are told, and make them one`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let baraka = try await Self.hold(server, as: .member)
            let staff = try await Self.staff(server)
            let waiting = try await Self.forms(about: "baraka@acme.example", staff)
            let asBefore = try #require(waiting.first { !$0.names.contains("role") })

            try await staff.submit(asBefore, [])
            #expect(await staff.page.contains("again, as member of Acme Budget. Acme Budget has no confirmed owner yet."))
            #expect(try await Self.role(of: baraka, server) == .member)
            let inForce = try await Self.forms(about: "baraka@acme.example", staff)
            #expect(await staff.page.contains("Is in already, as member of Acme Budget. Acme Budget has no confirmed owner yet."))
            #expect(inForce.map { $0.names.contains("role") } == [true])
            let asOwner = try #require(inForce.first)
            try await staff.submit(asOwner, [])

            #expect(await staff.page.contains("again, as owner of Acme Budget."))
            #expect(try await Self.role(of: baraka, server) == .owner)
            let owning = try await Self.forms(about: "baraka@acme.example", staff)
            #expect(owning.isEmpty)
        }
    }

    @Test(arguments: Engine.available) func `staff make nobody an owner where there is one`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let baraka = try await Self.hold(server, as: .member)
            let staff = try await Self.staff(server)
            let before = try await Self.forms(about: "baraka@acme.example", staff)
            let asOwner = try #require(before.first { $0.names.contains("role") })
            try await Self.confirm(PersonID(trusted: "usr_demodeveloper"), server)

            let now = try await Self.forms(about: "baraka@acme.example", staff)
            // From the page of a colleague that was open before.
            try await staff.submit(asOwner, [])

            #expect(now.map { $0.names.contains("role") } == [false])
            #expect(await staff.status == 422)
            #expect(await staff.page.contains("Nothing was changed at Acme Budget. The team has an owner, and owners change roles on their team page."))
            #expect(try await Self.role(of: baraka, server) == nil)
            try await staff.submit(try #require(now.first), [])
            #expect(try await Self.role(of: baraka, server) == .member)
            // In already, they are no more the bank's to change.
            try await staff.submit(asOwner, [])
            #expect(try await Self.role(of: baraka, server) == .member)
        }
    }

    @Test(arguments: Engine.available) func `an owner makes a held owner a member before confirming them`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let baraka = try await Self.hold(server)
            try await Self.confirm(PersonID(trusted: "usr_demodeveloper"), server)
            let owner = try await server.developer()
            try await owner.open("/portal/team")
            let change = try #require(await owner.forms.first { $0.action == "/portal/team/\(baraka)/role" })

            try await owner.submit(change, [])
            #expect(await owner.page.contains("Unconfirmed"))
            #expect(try await Self.role(of: baraka, server) == nil)
            let confirmation = try #require(await owner.forms.first { $0.action == "/portal/team/\(baraka)/confirm" })
            try await owner.submit(confirmation, [])

            #expect(!(await owner.page).contains("Unconfirmed"))
            #expect(try await Self.role(of: baraka, server) == .member)
        }
    }

    @Test(arguments: Engine.available) func `who is in one team is told that their place in another waits`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let baraka = try await server.enrol("baraka@savanna.example", name: "Baraka Otieno")
            try await server.database.write { tx in
                try Memberships().add(baraka, to: DemoWorld.organisation, role: .member, at: server.clock.now, in: tx)
                _ = try ApplicationsRestoration().holdMembers(by: .commandLine, at: server.clock.now, in: tx)
            }
            let browser = try await server.signedIn("baraka@savanna.example", TestServer.passphrase)

            for path in ["/portal", "/portal/settings"] {
                try await browser.open(path)
                #expect(await browser.status == 200)
                #expect(await browser.page.contains("Your place at Acme Budget waits to be confirmed"))
            }
            try await Self.confirm(baraka, server)
            for path in ["/portal", "/portal/settings"] {
                try await browser.open(path)
                #expect(!(await browser.page).contains("waits to be confirmed"))
            }
        }
    }

    @Test func `a member who is no owner confirms nobody`() async throws {
        try await TestServer.run(.sqlite) { server in
            let baraka = try await Self.hold(server)
            _ = try await server.enrol("chao@acme.example", company: nil, role: .member)
            let browser = try await server.signedIn("chao@acme.example", TestServer.passphrase)

            try await browser.open("/portal/team")
            #expect(await browser.page.contains("until an owner confirms them"))
            #expect(!(await browser.forms).contains { $0.action.hasSuffix("/confirm") })
            #expect(try await browser.post(server, "/portal/team/\(baraka)/confirm", []).status == .forbidden)
        }
    }

    @Test func `who is held cannot be invited anew past the confirmation`() async throws {
        try await TestServer.run(.sqlite) { server in
            let baraka = try await Self.hold(server)
            try await Self.confirm(PersonID(trusted: "usr_demodeveloper"), server)
            let owner = try await server.developer()
            try await owner.open("/portal/team")
            try await owner.submit("email", [("email", "baraka@acme.example"), ("role", "owner")])

            #expect(await owner.status == 422)
            #expect(await owner.page.contains("This person is in the list of members, unconfirmed"))
            #expect(try await server.database.read { try Memberships().role(of: baraka, in: DemoWorld.organisation, in: $0) } == nil)
        }
    }
}
