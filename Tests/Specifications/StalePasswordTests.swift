import Composition
import Identity
import Passwords
import Primitives
import Storage
import TestSupport
import Testing

/// A request whose password was looked at, and then another password is set before it goes on: that ends every session, and this request is too late.
@Suite("A password that is changed while it is used")
struct StalePasswordTests {
    /// Each of the requests counts the attempt, finds the password right, and then does what it was asked for.
    private static let lastWrite = 3

    private static func run(_ engine: Engine, _ body: @escaping @Sendable (TestServer, InterruptedDatabase) async throws -> Void) async throws {
        try await TestServer.run(engine, behind: { InterruptedDatabase($0) }) { server in
            try await body(server, #require(server.database as? InterruptedDatabase))
        }
    }

    @Test(arguments: TestServer.Population.allCases, Engine.available)
    func `a sign-in is refused as by a wrong password`(who: TestServer.Population, engine: Engine) async throws {
        try await Self.run(engine) { server, database in
            let browser = TestBrowser(server)
            try await browser.open(who.signIn)
            let reset = try await server.reset(of: who)

            database.interrupt(beforeWrite: Self.lastWrite, reset)
            try await browser.submit("password", [("username", who.name), ("password", who.password)])

            #expect(!database.isWaiting)
            #expect(await browser.status == 422)
            #expect(await browser.page.contains("The name and the password do not match"))
            #expect(await browser.cookies[who.cookie] == nil)
            try await browser.open(who.home)
            #expect(await browser.address.hasPrefix(who.signIn))
        }
    }

    @Test(arguments: TestServer.Population.allCases)
    func `a sign-in in two steps begins anew`(who: TestServer.Population) async throws {
        try await Self.run(.sqlite) { server, database in
            let (phone, _) = try await server.enrolled(who)
            let browser = try await server.afterPassword(who)
            let reset = try await server.reset(of: who)

            // The code is taken by one write, and the session begins with the next.
            database.interrupt(beforeWrite: 2, reset)
            try await browser.submit("code", [("code", phone.code(at: server.clock.now))])

            #expect(!database.isWaiting)
            #expect(await browser.status == 410)
            #expect(await browser.cookies[who.cookie] == nil)
        }
    }

    @Test(arguments: [TestServer.Population.customer, .developer], [true, false])
    func `a change of the password leaves the new one`(who: TestServer.Population, endsSessions: Bool) async throws {
        try await Self.run(.sqlite) { server, database in
            let browser = try await server.afterPassword(who)
            let (page, current, new) =
                who == .customer ? ("/my/security", "current", "chosen") : ("/portal/settings", "current_password", "new_password")
            try await browser.open(page)
            let reset = try await server.reset(of: who, endsSessions: endsSessions)

            database.interrupt(beforeWrite: Self.lastWrite, reset)
            try await browser.submit(new, [(current, who.password), (new, "giraffe savannah 1187")])

            #expect(!database.isWaiting)
            if endsSessions {
                #expect(await browser.address.hasPrefix(who.signIn))
            } else {
                #expect(await browser.status == 422)
                #expect(await browser.page.contains("This is not your current password"))
            }
            let outcome = try await server.attempt(who, TestServer.passphrase)
            guard case .signedIn = outcome else {
                Issue.record("the password of the reset is not the one that stays: \(outcome)")
                return
            }
        }
    }

    @Test(arguments: TestServer.Population.allCases, [true, false])
    func `a second factor is not turned on`(who: TestServer.Population, endsSessions: Bool) async throws {
        try await Self.run(.sqlite) { server, database in
            let browser = try await server.afterPassword(who)
            try await browser.open(who.factor)
            try await browser.submit(#require(await browser.forms.first { $0.action == "\(who.factor)/begin" }), [])
            let phone = try #require(await TestPhone(page: browser.page))
            let reset = try await server.reset(of: who, endsSessions: endsSessions)

            database.interrupt(beforeWrite: Self.lastWrite, reset)
            try await browser.submit("code", [("code", phone.code(at: server.clock.now)), ("password", who.password)])

            #expect(!database.isWaiting)
            if endsSessions {
                #expect(await browser.address == who.signIn)
            } else {
                #expect(await browser.status == 422)
                #expect(await browser.page.contains("This is not your current password"))
            }
            let person = try await server.person(who)
            let isEnrolled = try await server.database.read { try SecondFactors.isEnrolled(person.id, in: $0) }
            #expect(!isEnrolled)
        }
    }
}

extension TestServer {
    fileprivate func person(_ who: Population) async throws -> Person {
        let (population, world) = populationAndWorld(who)
        let person = try await database.read { try People().find(signInName: who.name, population: population, world: world, in: $0) }
        return try #require(person)
    }

    private func populationAndWorld(_ who: Population) -> (Identity.Population, OrganisationID?) {
        switch who {
        case .customer: (.customer, DemoWorld.organisation)
        case .developer: (.developer, nil)
        case .staff: (.staff, nil)
        }
    }

    fileprivate func attempt(_ who: Population, _ password: String) async throws -> SignInOutcome {
        let (population, world) = populationAndWorld(who)
        return try await platform.signIn.attempt(
            name: who.name, password: password, population: population, world: world, from: "203.0.113.7", requestID: nil, at: clock.now)
    }

    /// What a link for a new password does, for whichever population: the password is another one, and every session ends.
    fileprivate func reset(of who: Population, endsSessions: Bool = true) async throws -> @Sendable (any Database) async throws -> Void {
        let (person, hash) = (try await person(who), try await platform.passwords.hash(Self.passphrase))
        let (sessions, now) = (platform.sessions, clock.now)
        return { database in
            try await database.write { tx in
                try People().setPasswordHash(hash, of: person.id, at: now, in: tx)
                if endsSessions { try sessions.endAll(of: person.id, at: now, in: tx) }
            }
        }
    }
}
