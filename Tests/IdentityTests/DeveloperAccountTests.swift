import Events
import Identity
import Passwords
import Primitives
import Storage
import TestSupport
import Testing

@Suite("Developer accounts: sign-up, confirmation, new passwords")
struct DeveloperAccountTests {
    private func form(_ email: String = "Nekesa@Example.com", password: String = "ng'ombe wanalala") throws -> DeveloperSignUp.Form {
        try DeveloperSignUp.check(name: " Nekesa  Barasa ", email: email, company: "Acme Budget", password: password).get()
    }

    @Test
    func `a form without mistakes is tidied`() throws {
        let form = try form()

        #expect(form.name == "Nekesa Barasa")
        #expect(form.email.text == "nekesa@example.com")
        #expect(form.company == "Acme Budget")
    }

    @Test(arguments: [
        (["", "", "", ""], ["name", "email", "company", "password"]),
        (["Nekesa", "nekesa", "Acme", "short"], ["email", "password"]),
        ([" \u{7} ", "nekesa@example.com", "\n", "ng'ombe wanalala"], ["name", "company"]),
        ([String(repeating: "n", count: 61), "nekesa@example.com", String(repeating: "c", count: 61), "ng'ombe wanalala"], ["name", "company"]),
        (["Nekesa Barasa", "nekesa@example.com", "Acme", "nekesabarasa"], ["password"]),
        (["Nekesa Barasa", "nekesa@example.com", "Jirani Savings", "jiranisavings"], ["password"]),
        (["Nekesa Barasa", "nekesa@example.com", "Acme", "password1"], ["password"]),
    ])
    func `each mistake is named at its field, in the order of the form`(fields: [String], expected: [String]) throws {
        guard case .failure(let mistakes) = DeveloperSignUp.check(name: fields[0], email: fields[1], company: fields[2], password: fields[3]) else {
            Issue.record("accepted")
            return
        }

        #expect(mistakes.entries.map(\.field) == expected)
    }

    @Test(arguments: Engine.available)
    func `a newcomer is made and confirms by the link`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (signUp, confirmation, start) = (DeveloperSignUp(randomness: house.randomness), EmailConfirmation(randomness: house.randomness), house.start)
            let form = try form()
            let hash = try await house.passwords.hash(form.password)

            let outcome = try await house.db.write { try signUp.register(form, passwordHash: hash, at: start, requestID: nil, in: $0) }
            guard case .created(let person, let link?) = outcome else {
                Issue.record("not created")
                return
            }
            #expect(!person.hasConfirmedEmail)
            #expect(person.population == .developer && person.signInName == "nekesa@example.com" && person.givenName == "Nekesa")

            let confirmed = try await house.db.write { try confirmation.confirm(link.value, at: start + .minutes(5), requestID: nil, in: $0) }
            let again = try await house.db.write { try confirmation.confirm(link.value, at: start + .minutes(5), requestID: nil, in: $0) }

            #expect(confirmed?.emailConfirmedAt == start + .minutes(5))
            #expect(again == nil)
            #expect(try await house.audit(.signedUp).count == 1)
            #expect(try await house.audit(.emailConfirmed).count == 1)
        }
    }

    @Test(arguments: Engine.available)
    func `who comes by an invitation's link has proved the address`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (signUp, start) = (DeveloperSignUp(randomness: house.randomness), house.start)
            let form = try form()

            let outcome = try await house.db.write { try signUp.register(form, passwordHash: "x", emailIsProved: true, at: start, requestID: nil, in: $0) }

            guard case .created(let person, nil) = outcome else {
                Issue.record("not created, or asked to confirm")
                return
            }
            #expect(person.hasConfirmedEmail)
        }
    }

    @Test(arguments: Engine.available)
    func `signing up again changes nothing: not the password, not the name`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (signUp, people, start) = (DeveloperSignUp(randomness: house.randomness), house.people, house.start)
            let first = try form()
            let second = try DeveloperSignUp.check(name: "Mallory", email: "nekesa@example.com", company: "Evil", password: "another password!").get()

            _ = try await house.db.write { try signUp.register(first, passwordHash: "hash-1", at: start, requestID: nil, in: $0) }
            let early = try await house.db.write { try signUp.register(second, passwordHash: "hash-2", at: start, requestID: nil, in: $0) }
            let later = try await house.db.write { try signUp.register(second, passwordHash: "hash-2", at: start + .minutes(2), requestID: nil, in: $0) }

            guard case .unconfirmed(let person, nil) = early, case .unconfirmed(_, let link?) = later else {
                Issue.record("\(early) \(later)")
                return
            }
            let hash = try await house.db.read { try people.passwordHash(of: person.id, in: $0) }
            #expect(hash == "hash-1")
            #expect(person.name == "Nekesa Barasa")

            _ = try await house.db.write {
                try EmailConfirmation(randomness: house.randomness).confirm(link.value, at: start + .minutes(2), requestID: nil, in: $0)
            }
            let known = try await house.db.write { try signUp.register(second, passwordHash: "hash-2", at: start + .minutes(9), requestID: nil, in: $0) }
            guard case .existing = known else {
                Issue.record("\(known)")
                return
            }
        }
    }

    @Test(arguments: Engine.available)
    func `fifty sign-ups with one address at once make one person`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (signUp, start) = (DeveloperSignUp(randomness: house.randomness), house.start)
            let form = try form()

            let outcomes = try await race { _ in try await house.db.write { try signUp.register(form, passwordHash: "x", at: start, requestID: nil, in: $0) } }

            let made = outcomes.filter { if case .created = $0 { true } else { false } }
            #expect(made.count == 1)
        }
    }

    @Test(arguments: Engine.available)
    func `an address can be corrected until one is confirmed; links to the old one die`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (signUp, confirmation, start) = (DeveloperSignUp(randomness: house.randomness), EmailConfirmation(randomness: house.randomness), house.start)
            let form = try form("typo@example.com")
            let right = try #require(EmailAddress("nekesa@example.com"))
            let taken = try #require(EmailAddress("wanjiku@example.com"))
            guard
                case .created(let person, let old?) = try await house.db.write({
                    try signUp.register(form, passwordHash: "x", at: start, requestID: nil, in: $0)
                })
            else {
                Issue.record("not created")
                return
            }

            let refused = try await house.db.write { try confirmation.changeAddress(of: person.id, to: taken, at: start, requestID: nil, in: $0)?.person }
            let changed = try await house.db.write { try confirmation.changeAddress(of: person.id, to: right, at: start, requestID: nil, in: $0)?.confirm }
            let byOldLink = try await house.db.write { try confirmation.confirm(old.value, at: start, requestID: nil, in: $0) }
            let link = try #require(changed)
            let byNewLink = try await house.db.write { try confirmation.confirm(link.value, at: start, requestID: nil, in: $0) }
            let tooLate = try await house.db.write { try confirmation.changeAddress(of: person.id, to: right, at: start, requestID: nil, in: $0)?.person }

            #expect(refused == nil)
            #expect(byOldLink == nil)
            #expect(byNewLink?.email == "nekesa@example.com")
            #expect(tooLate == nil)
        }
    }

    @Test(arguments: Engine.available)
    func `a forgotten password is set by the link: sessions end, delays are forgiven, the address is proved`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (renewal, start) = (PasswordRenewal(sessions: house.sessions, randomness: house.randomness), house.start)
            let (_, token) = try await house.sessions.start(for: house.wanjiku, requestID: nil, at: start)
            for _ in 1...12 { _ = try await house.attempt("wrong") }
            let asked = try await house.db.write {
                try renewal.ask(email: "WANJIKU@example.com", population: .developer, at: start, requestID: nil, in: $0)?.reset
            }
            let link = try #require(asked)
            let hash = try await house.passwords.hash("twiga na simba 12")

            let owner = try await house.db.read { try renewal.person(of: link.value, at: start, in: $0) }
            let person = try await house.db.write { try renewal.reset(with: link.value, passwordHash: hash, at: start, requestID: nil, in: $0) }
            let again = try await house.db.write { try renewal.reset(with: link.value, passwordHash: "x", at: start, requestID: nil, in: $0) }

            #expect(owner?.id == house.wanjiku.id)
            #expect(person?.hasConfirmedEmail == true)
            #expect(again == nil)
            #expect(try await house.sessions.find(token: token.value, population: .developer, at: start) == nil)
            #expect(try await house.attempt("twiga na simba 12") == .signedIn(try #require(person)))
            #expect(try await house.attempt() == .refused)
            #expect(try await house.audit(.passwordChanged).count == 1)
        }
    }

    @Test(arguments: Engine.available)
    func `an unknown, disabled or foreign address gets no reset link`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (renewal, people, wanjiku, start) = (
                PasswordRenewal(sessions: house.sessions, randomness: house.randomness), house.people, house.wanjiku, house.start
            )
            func ask(_ email: String, _ population: Population) async throws -> Bool {
                try await house.db.write { try renewal.ask(email: email, population: population, at: start, requestID: nil, in: $0) != nil }
            }

            #expect(try await !ask("nobody@example.com", .developer))
            #expect(try await !ask("wanjiku@example.com", .staff))
            #expect(try await !ask("", .developer))
            try await house.db.write { _ = try people.disable(wanjiku.id, at: start, in: $0) }
            #expect(try await !ask("wanjiku@example.com", .developer))
        }
    }

    @Test(arguments: Engine.available)
    func `a reset link dies when its owner is disabled meanwhile`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (renewal, people, wanjiku, start) = (
                PasswordRenewal(sessions: house.sessions, randomness: house.randomness), house.people, house.wanjiku, house.start
            )
            let asked = try await house.db.write {
                try renewal.ask(email: "wanjiku@example.com", population: .developer, at: start, requestID: nil, in: $0)?.reset
            }
            let link = try #require(asked)
            try await house.db.write { _ = try people.disable(wanjiku.id, at: start, in: $0) }

            let person = try await house.db.write { try renewal.reset(with: link.value, passwordHash: "x", at: start, requestID: nil, in: $0) }

            #expect(person == nil)
        }
    }

    @Test(arguments: Engine.available)
    func `a password changed while signed in ends the other sessions and open reset links`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (renewal, start) = (PasswordRenewal(sessions: house.sessions, randomness: house.randomness), house.start)
            let (session, token) = try await house.sessions.start(for: house.wanjiku, requestID: nil, at: start)
            let (_, other) = try await house.sessions.start(for: house.wanjiku, requestID: nil, at: start)
            let asked = try await house.db.write {
                try renewal.ask(email: "wanjiku@example.com", population: .developer, at: start, requestID: nil, in: $0)?.reset
            }
            let link = try #require(asked)
            let hash = try await house.passwords.hash("twiga na simba 12")

            try await house.db.write { try renewal.change(in: session, passwordHash: hash, at: start, requestID: nil, in: $0) }

            #expect(try await house.sessions.find(token: token.value, population: .developer, at: start) != nil)
            #expect(try await house.sessions.find(token: other.value, population: .developer, at: start) == nil)
            let person = try await house.db.write { try renewal.reset(with: link.value, passwordHash: "x", at: start, requestID: nil, in: $0) }
            #expect(person == nil)
        }
    }

    @Test(arguments: Engine.available)
    func `staff are made once for an address, by fifty at once too`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (enrolment, start) = (StaffEnrolment(randomness: house.randomness), house.start)
            let email = try #require(EmailAddress("staff@example.test"))

            let made = try await race { _ in
                try await house.db.write { try enrolment.create(name: "Staff", email: email, passwordHash: "x", by: .commandLine, at: start, in: $0) }
            }

            #expect(made.compactMap { $0 }.count == 1)
            #expect(try await house.audit(.staffCreated).map(\.actor) == [.commandLine])
        }
    }
}
