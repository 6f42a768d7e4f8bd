import Events
import Identity
import Passwords
import Primitives
import Storage
import TestSupport
import Testing

@Suite("Accounts: confirmation, new passwords, staff")
struct DeveloperAccountTests {
    @Test(arguments: Engine.available)
    func `an address is confirmed by its link, once`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (confirmation, start) = (EmailConfirmation(randomness: house.randomness), house.start)
            let new = NewPerson(
                id: .random(from: house.randomness), population: .developer, signInName: "nekesa@example.com", name: "Nekesa Barasa",
                email: "nekesa@example.com", passwordHash: "x")
            let link = try await house.db.write { tx in
                _ = try People().create(new, at: start, in: tx)
                return try OneTimeLinks(randomness: house.randomness).issue(.confirmEmail, for: new.id, at: start, in: tx)
            }

            let confirmed = try await house.db.write { try confirmation.confirm(link.value, at: start + .minutes(5), requestID: nil, in: $0) }
            let again = try await house.db.write { try confirmation.confirm(link.value, at: start + .minutes(5), requestID: nil, in: $0) }

            #expect(confirmed?.emailConfirmedAt == start + .minutes(5))
            #expect(again == nil)
            #expect(try await house.audit(.emailConfirmed).count == 1)
        }
    }

    @Test(arguments: Engine.available)
    func `a forgotten password is set by the link: sessions end, delays are forgiven, the address is proved`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (renewal, start) = (PasswordRenewal(sessions: house.sessions, randomness: house.randomness), house.start)
            let (_, token) = try await house.sessions.start(for: house.wanjiku, requestID: nil, at: start)
            for _ in 1...12 { _ = try await house.attempt("wrong") }
            let link = try await house.resetLink()
            let hash = try await house.passwords.hash("twiga na simba 12")

            let owner = try await house.db.read { try renewal.person(of: link.value, at: start, in: $0) }
            let person = try await house.db.write { try renewal.reset(with: link.value, passwordHash: hash, at: start, requestID: nil, in: $0) }
            let again = try await house.db.write { try renewal.reset(with: link.value, passwordHash: "x", at: start, requestID: nil, in: $0) }

            #expect(owner?.id == house.wanjiku.id)
            #expect(person?.hasConfirmedEmail == true)
            #expect(again == nil)
            #expect(try await house.sessions.find(token: token.value, population: .developer, at: start) == nil)
            #expect(try await house.attempt("twiga na simba 12").person == house.wanjiku.id)
            #expect(try await house.attempt() == .refused)
            #expect(try await house.audit(.passwordChanged).count == 1)
        }
    }

    @Test(arguments: Engine.available)
    func `the first proof of a mailbox takes a second factor of before away, later ones leave it on`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (renewal, wanjiku, start) = (PasswordRenewal(sessions: house.sessions, randomness: house.randomness), house.wanjiku, house.start)
            func reset(to password: String) async throws {
                let (link, hash) = (try await house.resetLink(), try await house.passwords.hash(password))
                _ = try await house.db.write { try renewal.reset(with: link.value, passwordHash: hash, at: start, requestID: nil, in: $0) }
            }
            let stranger = try await Phone.enrol(in: house)
            for _ in 1...6 { _ = try await stranger.take(stranger.wrong) }

            try await reset(to: "twiga na simba 12")
            let first = try await house.attempt("twiga na simba 12")
            let spent = try await stranger.spend(stranger.recoveryCodes[0].text)
            let phone = try await Phone.enrol(in: house)
            let taken = try await phone.take(phone.code())
            try await reset(to: "chui na kobe 34")
            let second = try await house.attempt("chui na kobe 34")

            #expect(first.person == wanjiku.id && spent == nil)
            #expect(taken == .right(.oneTimeCode))
            guard case .secondStep = second else {
                Issue.record("a confirmed address lost its factor")
                return
            }
            let audited = try await house.audit(.secondFactorReset)
            #expect(audited.map(\.actor) == [.person(wanjiku.id)])
        }
    }

    @Test(arguments: Engine.available)
    func `a reset link dies when its owner is disabled meanwhile`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (renewal, people, wanjiku, start) = (
                PasswordRenewal(sessions: house.sessions, randomness: house.randomness), house.people, house.wanjiku, house.start
            )
            let link = try await house.resetLink()
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
            let link = try await house.resetLink()
            let hash = try await house.passwords.hash("twiga na simba 12")

            let proof = try await house.proof()
            let refusal = try await house.db.write { try renewal.change(in: session, after: proof, passwordHash: hash, at: start, requestID: nil, in: $0) }

            #expect(refusal == nil)
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
