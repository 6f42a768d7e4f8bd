import Applications
import Composition
import Events
import HTTPTypes
import HummingbirdTesting
import Identity
import Mail
import Passwords
import Primitives
import Storage
import TestSupport
import Testing
import Web

@Suite("Two-step sign-in")
struct TwoStepSignInTests {
    typealias Population = TestServer.Population

    private func isSignedIn(_ who: Population, _ browser: TestBrowser) async -> Bool { await browser.cookies[who.cookie] != nil }

    private func actions(_ server: TestServer) async throws -> [AuditAction] {
        try await server.database.read { try AuditLog().list(.init(), limit: 1000, in: $0) }.map(\.action)
    }

    // MARK: Turning on

    @Test(arguments: Population.allCases, Engine.available)
    func `it is turned on with the first code and the password, and told by mail`(who: Population, engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let browser = try await server.afterPassword(who)
            try await browser.open(who.factor)
            #expect(await browser.page.contains("Set up two-step sign-in"))
            let begin = try #require(await browser.forms.first { $0.action == "\(who.factor)/begin" })
            try await browser.submit(begin, [])
            let page = await browser.page
            let phone = try #require(TestPhone(page: page))

            #expect(page.contains("<svg class=\"qr__image\"") && page.contains("otpauth://totp/Wekeza:"))
            #expect(await browser.headers[.cacheControl] == "no-store")
            #expect(phone.key.count == 20)
            // The same key as long as nobody asks for another.
            try await browser.open("\(who.factor)/turn-on")
            #expect(await TestPhone(page: browser.page)?.key == phone.key)

            try await browser.submit("code", [("code", phone.code(at: server.clock.now)), ("password", who.password)])

            let codes = await browser.page.matches(of: /<li class="recovery-codes__item"><code>([A-Z2-7-]{29})<\/code>/).map { String($0.1) }
            #expect(await browser.address == "\(who.factor)/recovery-codes")
            #expect(Set(codes).count == 10)
            try await browser.open("\(who.factor)/recovery-codes")
            #expect(await browser.address == who.factor)
            #expect(await !browser.page.contains(codes[0]))
            #expect(await browser.page.contains("10 left"))
            #expect(try await server.mail(to: who.email).subject == "Two-step sign-in is on")
            #expect(try await actions(server).contains(.secondFactorTurnedOn))
        }
    }

    @Test(arguments: Population.allCases)
    func `a wrong password, a wrong code and nothing at all are named, and the key stays`(who: Population) async throws {
        try await TestServer.run(.sqlite) { server in
            let browser = try await server.afterPassword(who)
            try await browser.open(who.factor)
            try await browser.submit(#require(await browser.forms.first { $0.action == "\(who.factor)/begin" }), [])
            let phone = try #require(await TestPhone(page: browser.page))
            let right = phone.code(at: server.clock.now)

            for (code, password, message) in [
                ("", "", "Enter the one-time code"), (right, "wrong", "This is not your current password"), ("12345", who.password, "This code is not the one"),
                (phone.code(at: server.clock.now + .minutes(5)), who.password, "This code is not the one"),
            ] {
                try await browser.submit("code", [("code", code), ("password", password)])
                let (page, status) = (await browser.page, await browser.status)
                #expect(status == 422 && page.contains(message) && page.contains("error-summary"), "\(message)")
                #expect(TestPhone(page: page)?.key == phone.key)
            }
            try await browser.submit("code", [("code", right), ("password", who.password)])
            #expect(await browser.address == "\(who.factor)/recovery-codes")
        }
    }

    @Test func `a key shows in the session alone that asked for it`() async throws {
        try await TestServer.run(.sqlite) { server in
            let browser = try await server.afterPassword(.customer)
            let other = try await server.afterPassword(.customer)
            try await browser.open("/my/security/second-factor")
            try await browser.submit(#require(await browser.forms.first { $0.action.hasSuffix("/begin") }), [])

            try await other.open("/my/security/second-factor/turn-on")

            #expect(await other.address == "/my/security/second-factor")
            #expect(await TestPhone(page: other.page) == nil)
        }
    }

    // MARK: Signing in

    @Test(arguments: Population.allCases, Engine.available)
    func `after the password a code signs in, once`(who: Population, engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let (phone, first) = try await server.enrolled(who)
            let code = phone.code(at: server.clock.now)

            let browser = try await server.afterPassword(who)
            #expect(await browser.address == "\(who.signIn)/code")
            #expect(await browser.page.contains("One-time code"))
            #expect(await !isSignedIn(who, browser))
            try await browser.open(who.home)
            #expect(await browser.address.hasPrefix(who.signIn))
            try await browser.open("\(who.signIn)/code")
            try await browser.submit("code", [("code", code)])

            #expect(await browser.address == who.home)
            #expect(await isSignedIn(who, browser))
            #expect(await browser.cookies["\(who.cookie)_step"] == nil)

            let again = try await server.afterPassword(who)
            try await again.submit("code", [("code", code)])
            #expect(await again.status == 422)
            #expect(await again.page.contains("was used before"))
            #expect(await !isSignedIn(who, again))

            // The session of before stays what it was.
            try await first.open(who.home)
            #expect(await first.address == who.home)
        }
    }

    @Test(arguments: Population.allCases)
    func `a recovery code signs in once, and its owner is told`(who: Population) async throws {
        try await TestServer.run(.sqlite) { server in
            let (phone, _) = try await server.enrolled(who)
            let browser = try await server.afterPassword(who)
            let link = try #require(await browser.links.first { $0.contains("recovery") })
            try await browser.open(link)
            #expect(await browser.page.contains("Recovery code"))

            try await browser.submit("code", [("code", phone.recoveryCodes[4].lowercased())])

            #expect(await browser.address == who.home)
            #expect(try await server.mail(to: who.email, count: 2).subject == "A recovery code was used")
            let again = try await server.afterPassword(who)
            try await again.open("\(who.signIn)/code?recovery=1")
            try await again.submit("code", [("code", phone.recoveryCodes[4])])
            #expect(await again.status == 422)
            #expect(await again.page.contains("not one of your recovery codes"))
            #expect(await !isSignedIn(who, again))
            #expect(try await actions(server).contains(.recoveryCodeUsed))
        }
    }

    @Test(arguments: Population.allCases)
    func `without a password there is no page for the code, and five minutes later neither`(who: Population) async throws {
        try await TestServer.run(.sqlite) { server in
            let (phone, _) = try await server.enrolled(who)
            let stranger = TestBrowser(server)
            try await stranger.open("\(who.signIn)/code")
            #expect(await stranger.address == who.signIn)
            let forced = try await stranger.post(server, "\(who.signIn)/code", [("code", phone.code(at: server.clock.now))])
            #expect(forced.status == .gone && forced.headers[values: .setCookie].allSatisfy { !$0.hasPrefix("\(who.cookie)=") })

            let browser = try await server.afterPassword(who)
            server.clock.advance(by: .minutes(5))
            try await browser.submit("code", [("code", phone.code(at: server.clock.now))])
            #expect(await browser.status == 410)
            #expect(await !isSignedIn(who, browser))
        }
    }

    @Test(arguments: Population.allCases)
    func `the first step of one population, or one that was changed, opens nothing in another`(who: Population) async throws {
        try await TestServer.run(.sqlite) { server in
            let (phone, _) = try await server.enrolled(who)
            let browser = try await server.afterPassword(who)
            let step = try #require(await browser.cookies["\(who.cookie)_step"])

            for other in Population.allCases where other != who {
                let thief = TestBrowser(server, cookies: ["\(other.cookie)_step": step])
                try await thief.open("\(other.signIn)/code")
                #expect(await thief.address == other.signIn)
            }
            let forger = TestBrowser(server, cookies: ["\(who.cookie)_step": String(step.dropLast()) + (step.last == "A" ? "B" : "A")])
            try await forger.open("\(who.signIn)/code")
            #expect(await forger.address == who.signIn)
            // Nor is it a session.
            let pretender = TestBrowser(server, cookies: [who.cookie: step])
            try await pretender.open(who.home)
            #expect(await pretender.address.hasPrefix(who.signIn))
            try await browser.submit("code", [("code", phone.code(at: server.clock.now))])
            #expect(await browser.address == who.home)
        }
    }

    @Test(arguments: Population.allCases)
    func `wrong codes are slowed down, with the seconds to wait`(who: Population) async throws {
        try await TestServer.run(.sqlite) { server in
            let (phone, _) = try await server.enrolled(who)
            let browser = try await server.afterPassword(who)
            for _ in 1...5 {
                try await browser.submit("code", [("code", "nonsense")])
                #expect(await browser.status == 422)
            }

            try await browser.submit("code", [("code", phone.code(at: server.clock.now))])
            #expect(await browser.status == 429)
            #expect(await browser.headers[.retryAfter] == "2")
            #expect(await browser.page.contains("Wait a moment"))
            // Another right password does not help.
            let next = try await server.afterPassword(who)
            try await next.submit("code", [("code", phone.code(at: server.clock.now))])
            #expect(await next.status == 429)

            server.clock.advance(by: .seconds(2))
            try await next.submit("code", [("code", phone.code(at: server.clock.now))])
            #expect(await next.address == who.home)
        }
    }

    @Test func `who has no second factor sees no difference, nor does a wrong password`() async throws {
        try await TestServer.run(.sqlite) { server in
            _ = try await server.enrolled(.customer)
            func answer(_ name: String) async throws -> String {
                let browser = TestBrowser(server)
                try await browser.open("/my/sign-in")
                try await browser.submit("password", [("username", name), ("password", "wrong")])
                #expect(await browser.status == 422)
                return await browser.page.replacing("value=\"\(name)\"", with: "").replacing(/value="[A-Za-z0-9_-]{43}"/, with: "")
            }

            let (enrolled, other, nobody) = (try await answer("amina.traveler"), try await answer("brian.parent"), try await answer("nobody"))

            #expect(enrolled == other && other == nobody)
        }
    }

    @Test func `the page that was asked for follows the code`() async throws {
        try await TestServer.run(.sqlite) { server in
            let (phone, _) = try await server.enrolled(.customer)
            let browser = TestBrowser(server)
            try await browser.open("/my/looks")
            try await browser.submit("password", [("username", "amina.traveler"), ("password", "sandbox")])
            try await browser.submit("code", [("code", phone.code(at: server.clock.now))])

            #expect(await browser.address == "/my/looks")
            // An address that a cookie would not hold, or one elsewhere, is not followed.
            for (index, next) in ["/my/looks?" + String(repeating: "x", count: 5000), "https://evil.example/my", "//evil.example/my"].enumerated() {
                let other = TestBrowser(server)
                server.clock.advance(by: .minutes(Int64(index + 1)))
                try await other.open("/my/sign-in?next=\(Parameters.encode(next))")
                try await other.submit("password", [("username", "amina.traveler"), ("password", "sandbox"), ("next", next)])
                try await other.submit("code", [("code", phone.code(at: server.clock.now))])
                #expect(await other.address == "/my", "\(next.prefix(30))")
            }
        }
    }

    @Test func `a link that confirms an address does not stand for the second step`() async throws {
        try await TestServer.run(.sqlite) { server in
            let browser = TestBrowser(server)
            try await browser.open("/portal/sign-up")
            try await browser.submit(
                "company", [("name", "Wanjiku Njoroge"), ("email", "wanjiku@savanna.example"), ("company", "Savanna Pay"), ("password", TestServer.passphrase)])
            let link = try await server.mail(to: "wanjiku@savanna.example").link
            let person = try #require(
                try await server.database.read { try People().find(signInName: "wanjiku@savanna.example", population: .developer, in: $0) })
            let other = try await server.signedIn("wanjiku@savanna.example", TestServer.passphrase)
            try await other.open("/portal/settings/second-factor")
            try await other.submit(#require(await other.forms.first { $0.action.hasSuffix("/begin") }), [])
            let phone = try #require(await TestPhone(page: other.page))
            try await other.submit("code", [("code", phone.code(at: server.clock.now)), ("password", TestServer.passphrase)])
            #expect(try await server.database.read { try SecondFactors.isEnrolled(person.id, in: $0) })

            try await browser.open(link)
            try await browser.submit("token", [])

            #expect(await browser.address.hasPrefix("/portal/sign-in"))
            #expect(await browser.cookies["wkz_dev"] == nil)
        }
    }

    // MARK: Changing it

    @Test(arguments: Population.allCases, Engine.available)
    func `turning off takes a code, and then the password alone signs in`(who: Population, engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let (phone, browser) = try await server.enrolled(who)
            try await browser.open(who.factor)

            for (code, message) in [
                ("", "Enter the one-time code"), ("123", "was used before"), (phone.code(at: server.clock.now - .minutes(1)), "was used before"),
            ] {
                try await browser.submit("change", [("code", code), ("change", "turn-off")])
                #expect(await browser.status == 422)
                #expect(await browser.page.contains(message), "\(code)")
            }
            try await browser.submit("change", [("code", phone.code(at: server.clock.now)), ("change", "turn-off")])

            #expect(await browser.page.contains("Two-step sign-in is off"))
            #expect(try await server.mail(to: who.email, count: 2).subject == "Two-step sign-in is off")
            #expect(try await actions(server).contains(.secondFactorTurnedOff))
            let next = try await server.afterPassword(who)
            #expect(await next.address == who.home)
        }
    }

    @Test(arguments: Population.allCases)
    func `new recovery codes for a code, and the old ones are worth nothing`(who: Population) async throws {
        try await TestServer.run(.sqlite) { server in
            let (phone, browser) = try await server.enrolled(who)
            try await browser.open(who.factor)

            try await browser.submit("change", [("code", phone.recoveryCodes[0]), ("change", "renew")])

            let fresh = await browser.page.matches(of: /<li class="recovery-codes__item"><code>([^<]+)<\/code>/).map { String($0.1) }
            #expect(fresh.count == 10 && Set(fresh).isDisjoint(with: phone.recoveryCodes))
            #expect(try await server.mail(to: who.email, count: 2).subject == "You have new recovery codes")
            let next = try await server.afterPassword(who)
            try await next.submit("code", [("code", phone.recoveryCodes[1])])
            #expect(await next.status == 422)
            try await next.submit("code", [("code", fresh[1])])
            #expect(await next.address == who.home)
        }
    }

    @Test(arguments: ["", "/begin", "/turn-on", "/recovery-codes"])
    func `nobody who is not signed in sees these pages`(page: String) async throws {
        try await TestServer.run(.sqlite) { server in
            for who in Population.allCases {
                let browser = TestBrowser(server)
                if page != "/begin" {
                    try await browser.open(who.factor + page)
                    #expect(await browser.address.hasPrefix(who.signIn))
                }
                let forced = try await server.post(who.factor + (page.isEmpty ? "/change" : page), form: [("code", "123456"), ("change", "turn-off")])
                #expect(forced.status == .seeOther || forced.status == .methodNotAllowed)
            }
        }
    }

    @Test func `a changed or renewed password leaves the factor on`() async throws {
        try await TestServer.run(.sqlite) { server in
            let (phone, browser) = try await server.enrolled(.developer)
            try await browser.open("/portal/settings")
            try await browser.submit("new_password", [("current_password", DemoWorld.developer.password), ("new_password", "giraffe savannah 1187")])
            #expect(await browser.address == "/portal/settings?password=1")

            let next = TestBrowser(server)
            try await next.open("/portal/sign-in")
            try await next.submit("password", [("username", DemoWorld.developer.email), ("password", "giraffe savannah 1187")])
            #expect(await next.address == "/portal/sign-in/code")
            try await next.open("/portal/forgotten-password")
            try await next.submit("email", [("email", DemoWorld.developer.email)])
            try await next.open(try await server.mail(to: DemoWorld.developer.email, count: 3).link)
            try await next.submit("password", [("password", "another savannah 2298")])
            try await next.submit("password", [("username", DemoWorld.developer.email), ("password", "another savannah 2298")])
            #expect(await next.address == "/portal/sign-in/code")
            try await next.submit("code", [("code", phone.code(at: server.clock.now))])
            #expect(await next.address == "/portal")
        }
    }

    // MARK: Lost phones and the demo

    @Test(arguments: Engine.available)
    func `staff let in a customer or a developer who lost the phone, and no colleague`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let (_, staff) = try await server.enrolled(.staff)
            for (who, name) in [(Population.customer, "amina.traveler@acme-budget"), (.developer, DemoWorld.developer.email)] {
                _ = try await server.enrolled(who)
                try await staff.open("/staff/people?name=\(Parameters.encode(name))")
                let reset = try #require(await staff.forms.first { $0.action.hasSuffix("/second-factor/reset") })
                try await staff.submit(reset, [])

                #expect(await staff.page.contains("signs in with the password alone"))
                #expect(try await server.mail(to: who.email, count: 2).subject == "Your two-step sign-in was reset")
                let next = try await server.afterPassword(who)
                #expect(await next.address == who.home)
            }
            try await staff.open("/staff/people?name=\(Parameters.encode(DemoWorld.staff.email))")
            #expect(await staff.status == 422)
            let own = try await staff.post(server, "/staff/people/usr_demostaff/second-factor/reset", [])
            #expect(own.status == .notFound)
            let colleague = try await server.afterPassword(.staff)
            #expect(await colleague.address == "/staff/sign-in/code")
            let entries = try await server.database.read { try AuditLog().list(.init(action: .secondFactorReset), limit: 10, in: $0) }
            #expect(entries.count == 2 && entries.allSatisfy { $0.actor == .person(PersonID(trusted: "usr_demostaff")) })
        }
    }

    @Test(arguments: Engine.available)
    func `a developer turns it off for a customer of their own sandbox, and of no other`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            _ = try await server.enrolled(.customer)
            let developer = try await server.developer()
            try await developer.open("/portal/customers")
            let reset = try #require(await developer.forms.first { $0.action.hasSuffix("/second-factor/reset") })
            #expect(await developer.page.contains("<code>amina.traveler</code>"))

            let (elsewhere, now) = (OrganisationID(trusted: "org_elsewhere"), server.clock.now)
            let hash = try await server.platform.passwords.hash(TestServer.passphrase)
            try await server.database.write { tx in
                let other = NewPerson(
                    id: PersonID(trusted: "usr_other"), population: .developer, signInName: "other@savanna.example", name: "Other Developer",
                    email: "other@savanna.example", emailConfirmedAt: now, passwordHash: hash)
                _ = try People().create(other, at: now, in: tx)
                _ = try Organisations().create(id: elsewhere, name: "Elsewhere", owner: other.id, by: .system, at: now, requestID: nil, in: tx)
            }
            let stranger = try await server.signedIn("other@savanna.example", TestServer.passphrase)
            try await stranger.open("/portal/customers")
            #expect(try await stranger.post(server, reset.action, []).status == .notFound)

            try await developer.submit(reset, [])
            #expect(await developer.page.contains("signs in with the password alone"))
            let next = try await server.afterPassword(.customer)
            #expect(await next.address == "/my")
            try await developer.open("/portal/customers")
            #expect(await developer.forms.allSatisfy { !$0.action.hasSuffix("/second-factor/reset") })
        }
    }

    @Test func `who is asked for a code may sign in as somebody else`() async throws {
        try await TestServer.run(.sqlite) { server in
            _ = try await server.enrolled(.customer)
            let browser = try await server.afterPassword(.customer)
            try await browser.open("/my/sign-in")
            try await browser.submit("password", [("username", "brian.parent"), ("password", "sandbox")])
            #expect(await browser.address == "/my")

            let deciding = try await server.signedIn(for: server.register())
            try await deciding.open(try #require(await deciding.links.first { $0.hasPrefix("/oauth2/authorize/switch") }))
            try await deciding.submit("password", [("username", "brian.parent"), ("password", "sandbox")])
            #expect(await deciding.forms.contains { $0.names.contains("decision") })
        }
    }

    @Test(arguments: Engine.available)
    func `the demo's mailbox shows what the phone would show, from the first code on`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            func shown() async throws -> String? {
                try await server.get("/demo/mailbox").text.firstMatch(of: /Amina [^<]*<\/th>.*?<code>(\d{6})<\/code>/).map { String($0.1) }
            }
            #expect(try await shown() == nil)
            let browser = try await server.afterPassword(.customer)
            try await browser.open("/my/security/second-factor")
            try await browser.submit(#require(await browser.forms.first { $0.action.hasSuffix("/begin") }), [])
            try await browser.submit("code", [("code", #require(try await shown())), ("password", "sandbox")])
            #expect(await browser.address == "/my/security/second-factor/recovery-codes")

            server.clock.advance(by: .seconds(30))
            let next = try await server.afterPassword(.customer)
            try await next.submit("code", [("code", #require(try await shown()))])
            #expect(await next.address == "/my")
        }
    }
}
