import Applications
import Composition
import Events
import Foundation
import HTTPTypes
import HummingbirdTesting
import Identity
import Mail
import Primitives
import Storage
import TestSupport
import Testing
import Web

@Suite("Portal · signing up")
struct PortalSignUpTests {
    private static let form: [(name: String, value: String)] = [
        ("name", "Wanjiku Njoroge"), ("email", "Wanjiku@Savanna.example"), ("company", "Savanna Pay"), ("password", TestServer.passphrase),
    ]

    private static func signUp(_ server: TestServer, _ changes: [(name: String, value: String)] = []) async throws -> TestBrowser {
        let browser = TestBrowser(server)
        try await browser.open("/portal/sign-up")
        let changed = Set(changes.map(\.name))
        try await browser.submit("company", form.filter { !changed.contains($0.name) } + changes)
        return browser
    }

    @Test(arguments: Engine.available) func `a developer signs up, confirms the email and stands in an organisation of their own`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let browser = try await Self.signUp(server)
            #expect(await browser.heading == "Check your mail")
            #expect(await browser.page.contains("wanjiku@savanna.example"))

            try await browser.open(try await server.mail(to: "wanjiku@savanna.example").link)
            try await browser.submit("token", [])

            #expect(await browser.address == "/portal?confirmed=1")
            #expect(await browser.page.contains("Savanna Pay"))
            #expect(await browser.page.contains("Your email is confirmed"))
            let (person, organisations, audited) = try await server.database.read { tx in
                let person = try #require(try People().find(signInName: "wanjiku@savanna.example", population: .developer, in: tx))
                return (
                    person, try Organisations().list(of: person.id, in: tx),
                    try AuditLog().list(.init(actor: .person(person.id)), limit: 20, in: tx).map(\.action)
                )
            }
            #expect(person.hasConfirmedEmail)
            #expect(organisations.map(\.name) == ["Savanna Pay"])
            #expect(Set(audited).isSuperset(of: [.signedUp, .organisationCreated, .emailConfirmed]))
        }
    }

    @Test func `opening the link spends nothing, pressing the button spends it once`() async throws {
        try await TestServer.run(.sqlite) { server in
            let browser = try await Self.signUp(server)
            let link = try await server.mail(to: "wanjiku@savanna.example").link
            for _ in 0..<3 { try await browser.open(link) }
            #expect(await browser.heading == "Confirm your email")
            let scanner = TestBrowser(server)
            try await scanner.open(link)
            #expect(await scanner.heading == "Confirm your email")

            try await browser.submit("token", [])
            #expect(await browser.address == "/portal?confirmed=1")
            try await scanner.submit("token", [])
            #expect(await scanner.status == 410)
            try await browser.open(link)
            #expect(await browser.status == 410)
        }
    }

    @Test func `the link alone signs nobody in on another browser`() async throws {
        try await TestServer.run(.sqlite) { server in
            _ = try await Self.signUp(server)
            let other = TestBrowser(server)
            try await other.open(try await server.mail(to: "wanjiku@savanna.example").link)

            try await other.submit("token", [])

            #expect(await other.address == "/portal/sign-in?confirmed=1")
            #expect(await other.cookies["wkz_dev"] == nil)
        }
    }

    @Test func `a newer link replaces an older one`() async throws {
        try await TestServer.run(.sqlite) { server in
            let browser = try await Self.signUp(server)
            let first = try await server.mail(to: "wanjiku@savanna.example").link
            try await browser.submit("csrf", [])
            let second = try await server.mail(to: "wanjiku@savanna.example", count: 2).link

            #expect(first != second)
            try await browser.open(first)
            #expect(await browser.status == 410)
            try await browser.open(second)
            #expect(await browser.heading == "Confirm your email")
        }
    }

    @Test func `a link expires after 24 hours`() async throws {
        try await TestServer.run(.sqlite) { server in
            let browser = try await Self.signUp(server)
            let link = try await server.mail(to: "wanjiku@savanna.example").link

            server.clock.advance(by: .hours(24))

            try await browser.open(link)
            #expect(await browser.status == 410)
        }
    }

    @Test func `an unconfirmed developer uses the sandbox and is reminded`() async throws {
        try await TestServer.run(.sqlite) { server in
            _ = try await Self.signUp(server)

            let browser = try await server.signedIn("wanjiku@savanna.example", TestServer.passphrase)

            #expect(await browser.address == "/portal")
            #expect(await browser.page.contains("Confirm your email"))
            try await browser.open("/portal/apps/new")
            #expect(await browser.status == 200)
        }
    }

    @Test(arguments: Engine.available) func `a known address gets the same answer, and a mail that says so`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let fresh = try await Self.signUp(server)
            let known = try await Self.signUp(server, [("email", DemoWorld.developer.email)])

            #expect(await fresh.address == known.address)
            #expect(await fresh.status == known.status)
            let strip = { (page: String, email: String) in
                page.replacing(email, with: "EMAIL").replacing(/name="csrf" value="[^"]*"/, with: "")
            }
            #expect(strip(await fresh.page, "wanjiku@savanna.example") == strip(await known.page, DemoWorld.developer.email))
            #expect(Set(await fresh.cookies.keys) == Set(await known.cookies.keys))
            #expect(try await server.mail(to: DemoWorld.developer.email).subject == "You have an account already")
            // The password that the stranger chose opens nothing.
            let stranger = try await server.signedIn(DemoWorld.developer.email, TestServer.passphrase)
            #expect(await stranger.status == 422)
        }
    }

    @Test func `a stranger makes us send at most five mails of a kind an hour to one address`() async throws {
        try await TestServer.run(.sqlite) { server in
            for _ in 0..<8 { _ = try await Self.signUp(server, [("email", DemoWorld.developer.email)]) }

            _ = try await server.mail(to: DemoWorld.developer.email, count: 5)
            #expect(server.mailbox.messages(to: DemoWorld.developer.email).count == 5)
        }
    }

    @Test(arguments: [
        ("name", "", "Enter your name"), ("email", "", "Enter your work email"), ("email", "wanjiku", "Enter an email address in the form name@company.com"),
        ("company", " ", "Enter the name of your company"), ("password", "", "Enter a password"), ("password", "short", "Use at least 8 characters"),
        ("password", "password1", "Choose another password: this one is among the first that attackers try"),
        ("name", String(repeating: "x", count: 61), "Use at most 60 characters for your name"),
    ]) func `a mistake is named in a summary and beside its field`(field: String, value: String, message: String) async throws {
        try await TestServer.run(.sqlite) { server in
            let browser = try await Self.signUp(server, [(field, value)])

            #expect(await browser.status == 422)
            let page = await browser.page
            #expect(page.contains("<title>Error: "))
            #expect(page.contains("<a href=\"#\(field)\">\(message)</a>"))
            #expect(page.contains("Error: </span>\(message)"))
            #expect(field == "company" || page.contains("Savanna Pay"))
            #expect(!page.contains(TestServer.passphrase))
        }
    }

    @Test func `names with markup stay text`() async throws {
        try await TestServer.run(.sqlite) { server in
            let browser = try await Self.signUp(server, [("name", "<script>alert(1)</script>"), ("email", "")])

            #expect(!(await browser.page).contains("<script>alert"))
            #expect((await browser.page).contains("&lt;script&gt;"))
        }
    }
}

@Suite("Portal · signing in, passwords and sessions")
struct PortalPasswordTests {
    @Test func `a wrong password and an unknown name get the same answer`() async throws {
        try await TestServer.run(.sqlite) { server in
            let wrong = try await server.signedIn(DemoWorld.developer.email, "not the password")
            let unknown = try await server.signedIn("nobody@example.test", "not the password")

            #expect(await wrong.status == 422)
            let strip = { (page: String) in page.replacing(/value="[^"]*"/, with: "") }
            #expect(strip(await wrong.page) == strip(await unknown.page))
            #expect((await wrong.page).contains("The name and the password do not match. Check both and try again."))
        }
    }

    @Test func `customers and staff are nobody here`() async throws {
        try await TestServer.run(.sqlite) { server in
            for (name, password) in [("amina.traveler", "sandbox"), (DemoWorld.staff.email, DemoWorld.staff.password)] {
                let browser = try await server.signedIn(name, password)
                #expect(await browser.status == 422)
            }
        }
    }

    @Test func `signing in renews the session, signing out ends it`() async throws {
        try await TestServer.run(.sqlite) { server in
            let browser = try await server.developer()
            let token = try #require(await browser.cookies["wkz_dev"])
            try await browser.open("/portal")
            try await browser.submit("csrf", [])
            #expect(await browser.address == "/portal/sign-in?signed_out=1")

            let thief = TestBrowser(server, cookies: ["wkz_dev": token])
            try await thief.open("/portal")

            #expect(await thief.address == "/portal/sign-in")
        }
    }

    @Test(arguments: ["//evil.example", "https://evil.example", "/\\evil.example", "/oauth2/authorize", "/portal/../../evil", "/portal//evil.example"])
    func `the way back leads to our own pages only`(target: String) async throws {
        try await TestServer.run(.sqlite) { server in
            let browser = TestBrowser(server)
            try await browser.open("/portal/sign-in?return_to=\(Web.Parameters.encode(target))")
            try await browser.submit("username", [("username", DemoWorld.developer.email), ("password", DemoWorld.developer.password)])

            #expect(await browser.left == nil)
            #expect((await browser.address).hasPrefix("/portal"))
        }
    }

    @Test(arguments: Engine.available) func `a forgotten password is replaced by a link that works once and ends every session`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            try await server.enrol("wanjiku@savanna.example")
            let old = try await server.signedIn("wanjiku@savanna.example", TestServer.passphrase)
            let browser = TestBrowser(server)
            try await browser.open("/portal/forgotten-password")
            try await browser.submit("email", [("email", "wanjiku@savanna.example")])
            let link = try await server.mail(to: "wanjiku@savanna.example").link

            try await browser.open(link)
            try await browser.submit("password", [("password", "a quite different phrase")])

            #expect(await browser.address == "/portal/sign-in?reset=1")
            #expect(try await server.mail(to: "wanjiku@savanna.example", count: 2).subject == "Your password was changed")
            try await old.open("/portal")
            #expect(await old.address == "/portal/sign-in")
            try await browser.open(link)
            #expect(await browser.status == 410)
            let before = try await server.signedIn("wanjiku@savanna.example", TestServer.passphrase)
            #expect(await before.status == 422)
            let after = try await server.signedIn("wanjiku@savanna.example", "a quite different phrase")
            #expect(await after.address == "/portal")
        }
    }

    @Test func `asking for a new password says the same for every address`() async throws {
        try await TestServer.run(.sqlite) { server in
            var pages: [String] = []
            for email in [DemoWorld.developer.email, "nobody@example.test"] {
                let browser = TestBrowser(server)
                try await browser.open("/portal/forgotten-password")
                try await browser.submit("email", [("email", email)])
                #expect(await browser.address == "/portal/forgotten-password/sent")
                pages.append(await browser.page)
            }
            #expect(pages[0] == pages[1])
            _ = try await server.mail(to: DemoWorld.developer.email)
            #expect(server.mailbox.messages(to: "nobody@example.test").isEmpty)
        }
    }

    @Test func `a reset link of 30 minutes ago is refused`() async throws {
        try await TestServer.run(.sqlite) { server in
            let browser = TestBrowser(server)
            try await browser.open("/portal/forgotten-password")
            try await browser.submit("email", [("email", DemoWorld.developer.email)])
            let link = try await server.mail(to: DemoWorld.developer.email).link

            server.clock.advance(by: .minutes(30))

            try await browser.open(link)
            #expect(await browser.status == 410)
        }
    }

    @Test func `a new password needs the current one and signs the person out elsewhere`() async throws {
        try await TestServer.run(.sqlite) { server in
            try await server.enrol("wanjiku@savanna.example")
            let browser = try await server.signedIn("wanjiku@savanna.example", TestServer.passphrase)
            let other = try await server.signedIn("wanjiku@savanna.example", TestServer.passphrase)

            try await browser.open("/portal/settings")
            try await browser.submit("new_password", [("current_password", "a guess"), ("new_password", "a quite different phrase")])
            #expect(await browser.status == 422)
            #expect((await browser.page).contains("This is not your current password"))
            try await browser.submit("new_password", [("current_password", TestServer.passphrase), ("new_password", "a quite different phrase")])

            #expect(await browser.address == "/portal/settings?password=1")
            try await other.open("/portal")
            #expect(await other.address == "/portal/sign-in")
        }
    }

    @Test func `another session is ended from the list, a stranger's is not there`() async throws {
        try await TestServer.run(.sqlite) { server in
            try await server.enrol("wanjiku@savanna.example")
            let browser = try await server.developer()
            let other = try await server.developer()
            let stranger = try await server.signedIn("wanjiku@savanna.example", TestServer.passphrase)
            try await stranger.open("/portal/settings")
            try await browser.open("/portal/settings")
            let ends = await browser.forms.map(\.action).filter { $0.hasSuffix("/end") }
            let end = try #require(ends.first)
            #expect(ends.count == 1)

            #expect(try await stranger.post(server, end, []).status == .notFound)
            #expect(try await browser.post(server, end, []).status == .seeOther)

            try await other.open("/portal")
            #expect(await other.address == "/portal/sign-in")
        }
    }

    @Test func `a changed name is shown`() async throws {
        try await TestServer.run(.sqlite) { server in
            let browser = try await server.developer()
            try await browser.open("/portal/settings")

            try await browser.submit("name", [("name", "Dorcas <b>D</b>")])

            #expect((await browser.page).contains("Dorcas &lt;b&gt;D&lt;/b&gt;"))
        }
    }
}
