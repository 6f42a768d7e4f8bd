import Events
import Identity
import Passwords
import Primitives
import Storage
import TestSupport
import Testing

/// Between the look at a password and what it opens, another password may be set: that ends every session, and nothing of the old one comes behind it.
@Suite("What an old password proved")
struct StaleProofTests {
    @Test(arguments: Engine.available)
    func `a sign-in that was looked at before a new password begins no session behind it`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (people, sessions, start) = (house.people, house.sessions, house.start)
            let email = try #require(EmailAddress("staff@example.test"))
            let hash = try await house.passwords.hash(House.password)
            let staff = try await house.db.write { [randomness = house.randomness] tx in
                try StaffEnrolment(randomness: randomness).create(name: "Staff", email: email, passwordHash: hash, by: .commandLine, at: start, in: tx)
            }

            for person in [house.wanjiku, house.amina, try #require(staff)] {
                let outcome = try await house.signIn.attempt(
                    name: person.signInName, password: House.password, population: person.population, world: person.world, from: "192.0.2.1",
                    requestID: nil, at: start)
                guard case .signedIn(let first) = outcome else {
                    Issue.record("\(person.population) is not signed in")
                    return
                }
                // The same password set anew is another one.
                let new = try await house.passwords.hash(House.password)
                try await house.db.write { tx in
                    try people.setPasswordHash(new, of: person.id, at: start, in: tx)
                    try sessions.endAll(of: person.id, at: start, in: tx)
                }

                let hasBegun = try await sessions.start(after: first, requestID: nil, at: start) != nil

                let alive = try await house.db.read { try sessions.list(of: person, at: start, in: $0) }
                #expect(!hasBegun && alive.isEmpty, "\(person.population)")
            }
        }
    }

    @Test(arguments: Engine.available)
    func `of twenty sessions that begin while the password is changed none is left`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (people, sessions, wanjiku, start) = (house.people, house.sessions, house.wanjiku, house.start)
            let first = try await house.proof()
            let hash = try await house.passwords.hash("twiga na simba 12")

            _ = try await race(21) { index in
                guard index == 10 else { return try await sessions.start(after: first, requestID: nil, at: start) != nil }
                try await house.db.write { tx in
                    try people.setPasswordHash(hash, of: wanjiku.id, at: start, in: tx)
                    try sessions.endAll(of: wanjiku.id, at: start, in: tx)
                }
                return true
            }

            let alive = try await house.db.read { try sessions.list(of: wanjiku, at: start, in: $0) }
            #expect(alive.isEmpty)
        }
    }

    @Test(arguments: Engine.available)
    func `a sign-in in two steps begins no session either`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (people, wanjiku, start) = (house.people, house.wanjiku, house.start)
            let phone = try await Phone.enrol(in: house)
            guard case .secondStep(let first) = try await house.attempt() else {
                Issue.record("no code is asked for")
                return
            }
            let completed = try await phone.complete(first, phone.code())
            let hash = try await house.passwords.hash("twiga na simba 12")
            try await house.db.write { try people.setPasswordHash(hash, of: wanjiku.id, at: start, in: $0) }

            let hasBegun = try await house.sessions.start(after: first, methods: SecondStep.methods, requestID: nil, at: start) != nil

            #expect(completed == .signedIn(wanjiku, .oneTimeCode))
            #expect(!hasBegun)
        }
    }

    @Test(arguments: Engine.available)
    func `a change of the password and a second factor are refused behind a new one, and in a session that has ended`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (people, wanjiku, start) = (house.people, house.wanjiku, house.start)
            let renewal = PasswordRenewal(sessions: house.sessions, randomness: house.randomness)
            let factors = SecondFactors(rootKey: .test, randomness: house.randomness)
            let changes = SecondFactorChanges(factors: factors, secondStep: SecondStep(database: house.db, factors: factors))
            let session = try await house.sessions.start(for: wanjiku, requestID: nil, at: start).session
            let key = try await house.db.write { tx in
                try factors.begin(for: wanjiku.id, in: session.id, at: start, in: tx)
                return try factors.waitingKey(of: wanjiku.id, in: session.id, at: start, in: tx)
            }
            let code = try #require(key).code(at: start)
            func refusals(of proof: FirstStep) async throws -> [ProofRefusal?] {
                try await house.db.write { tx in
                    let changed = try renewal.change(in: session, after: proof, passwordHash: "x", at: start, requestID: nil, in: tx)
                    guard case .refused(let refusal) = try changes.turnOn(with: code, in: session, after: proof, at: start, requestID: nil, in: tx) else {
                        return [changed, nil]
                    }
                    return [changed, refusal]
                }
            }

            let old = try await house.proof()
            let hash = try await house.passwords.hash(House.password)
            try await house.db.write { try people.setPasswordHash(hash, of: wanjiku.id, at: start, in: $0) }
            let behindANewPassword = try await refusals(of: old)
            let proof = try await house.proof()
            try await house.sessions.end(session, at: start, requestID: nil)
            let afterSigningOut = try await refusals(of: proof)

            let kept = try await house.db.read { try people.passwordHash(of: wanjiku.id, in: $0) }
            let isEnrolled = try await house.db.read { try SecondFactors.isEnrolled(wanjiku.id, in: $0) }
            #expect(behindANewPassword == [.wrongPassword, .wrongPassword])
            #expect(afterSigningOut == [.signedOut, .signedOut])
            #expect(kept == hash && !isEnrolled)
        }
    }

    @Test(arguments: Engine.available)
    func `sign-ins at once that renew one encoding all begin their sessions`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let start = house.start
            let costlier = PasswordHasher(settings: Argon2Settings(memory: 16, iterations: 1, parallelism: 1), randomness: house.randomness)
            let signIn = SignIn(database: house.db, passwords: costlier)

            let begun = try await race(4) { _ in
                let outcome = try await signIn.attempt(
                    name: "wanjiku@example.com", password: House.password, population: .developer, from: "192.0.2.1", requestID: nil, at: start)
                guard case .signedIn(let first) = outcome else { return false }
                return try await house.sessions.start(after: first, requestID: nil, at: start) != nil
            }

            #expect(begun == [true, true, true, true])
        }
    }
}
