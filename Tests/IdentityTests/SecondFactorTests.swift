import Events
import OAuth
import Passwords
import Primitives
import Storage
import TestSupport
import Testing

@testable import Identity

/// Wanjiku with a second factor: her phone, and what the bank keeps of it.
struct Phone: Sendable {
    let house: House
    let factors: SecondFactors
    let secondStep: SecondStep
    let changes: SecondFactorChanges
    let session: Session
    let key: AuthenticatorKey
    let recoveryCodes: [RecoveryCode]

    /// The first code was taken one minute before the start of the house's time.
    static func enrol(in house: House) async throws -> Phone {
        let factors = SecondFactors(rootKey: .test, randomness: house.randomness)
        let secondStep = SecondStep(database: house.db, factors: factors)
        let changes = SecondFactorChanges(factors: factors, secondStep: secondStep)
        let then = house.start - .minutes(1)
        let session = try await house.sessions.start(for: house.wanjiku, requestID: nil, at: then).session
        let (key, codes) = try await house.db.write { tx in
            try factors.begin(for: house.wanjiku.id, in: session.id, at: then, in: tx)
            let key = try #require(try factors.waitingKey(of: house.wanjiku.id, in: session.id, at: then, in: tx))
            let hash = try #require(try house.people.passwordHash(of: house.wanjiku.id, in: tx))
            let proof = FirstStep(person: house.wanjiku.id, passwordHash: hash, at: then)
            let outcome = try changes.turnOn(with: key.code(at: then), in: session, after: proof, at: then, requestID: nil, in: tx)
            guard case .on(let codes) = outcome else { throw NotOn() }
            return (key, codes)
        }
        return Phone(house: house, factors: factors, secondStep: secondStep, changes: changes, session: session, key: key, recoveryCodes: codes)
    }

    private struct NotOn: Error {}

    /// What the phone shows.
    func code(after: Duration = .zero) -> String { key.code(at: house.start + after) }

    /// Spends a code where nothing counts attempts.
    func spend(_ typed: String, after: Duration = .zero, on database: (any Database)? = nil) async throws -> SpentCode? {
        let (id, now) = (house.wanjiku.id, house.start + after)
        return try await (database ?? house.db).write { [factors] tx in try factors.spend(typed, of: id, at: now, in: tx) }
    }

    /// Takes a code as a page does.
    func take(_ typed: String, from address: String = "192.0.2.1", after: Duration = .zero) async throws -> CodeOutcome {
        let (wanjiku, now) = (house.wanjiku, house.start + after)
        return try await house.db.write { [secondStep] tx in try secondStep.take(typed, of: wanjiku, from: address, requestID: nil, at: now, in: tx) }
    }

    func complete(_ first: FirstStep, _ typed: String, population: Population = .developer, after: Duration = .zero) async throws -> SecondStepOutcome {
        try await secondStep.complete(first, with: typed, population: population, from: "192.0.2.1", requestID: nil, at: house.start + after)
    }

    /// A code that is wrong at the start and around it.
    var wrong: String {
        let right = (-2...2).map { code(after: .seconds(30 * $0)) }
        return (0...5).map { "00000\($0)" }.first { !right.contains($0) } ?? ""
    }
}

@Suite("Second factors")
struct SecondFactorTests {
    private func withPhone(_ engine: Engine, _ body: (Phone) async throws -> Void) async throws {
        try await House.open(engine) { house in try await body(try await Phone.enrol(in: house)) }
    }

    // MARK: Turning on

    @Test(arguments: Engine.available)
    func `the first code turns it on, and ten recovery codes come with it`(engine: Engine) async throws {
        try await withPhone(engine) { phone in
            let (factors, id) = (phone.factors, phone.house.wanjiku.id)

            let factor = try await phone.house.db.read { try factors.find(of: id, in: $0) }

            #expect(factor == SecondFactor(enrolledAt: phone.house.start - .minutes(1), recoveryCodes: 10))
            #expect(Set(phone.recoveryCodes).count == 10)
            #expect(try await phone.house.audit(.secondFactorTurnedOn).map(\.actor) == [.person(id)])
        }
    }

    @Test(arguments: Engine.available)
    func `a key waits for half an hour, in the session that asked for it, for its own code`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let factors = SecondFactors(rootKey: .test, randomness: house.randomness)
            let (id, start) = (house.wanjiku.id, house.start)
            let session = SessionID(trusted: "ses_1")
            func confirm(_ code: String, in session: SessionID = session, after: Duration = .zero) async throws -> Int? {
                try await house.db.write { try factors.confirm(code, of: id, in: session, at: start + after, in: $0)?.count }
            }
            let key = try await house.db.write { tx in
                try factors.begin(for: id, in: session, at: start, in: tx)
                return try #require(try factors.waitingKey(of: id, in: session, at: start, in: tx))
            }

            #expect(try await house.db.read { try factors.waitingKey(of: id, in: SessionID(trusted: "ses_2"), at: start, in: $0)?.bytes } == nil)
            #expect(try await confirm(key.code(at: start), in: SessionID(trusted: "ses_2")) == nil)
            #expect(try await confirm(key.code(at: start + .minutes(10))) == nil)
            #expect(try await confirm("") == nil)
            #expect(try await confirm(key.code(at: start + .minutes(30)), after: .minutes(30)) == nil)
            #expect(try await !house.db.read { try SecondFactors.isEnrolled(id, in: $0) })
            #expect(try await confirm(key.code(at: start)) == 10)
            #expect(try await confirm(key.code(at: start)) == nil)
        }
    }

    @Test(arguments: Engine.available)
    func `of twenty confirmations at once one turns it on, five times over`(engine: Engine) async throws {
        for round in 1...5 {
            try await House.open(engine) { house in
                let factors = SecondFactors(rootKey: .test, randomness: SeededRandom(UInt64(round)))
                let (id, start, session) = (house.wanjiku.id, house.start, SessionID(trusted: "ses_1"))
                let code = try await house.db.write { tx in
                    try factors.begin(for: id, in: session, at: start, in: tx)
                    return try #require(try factors.waitingKey(of: id, in: session, at: start, in: tx)).code(at: start)
                }

                let turnedOn = try await race(20) { _ in
                    try await house.db.write { try factors.confirm(code, of: id, in: session, at: start, in: $0) != nil }
                }

                #expect(tally(turnedOn) == [true: 1, false: 19])
                #expect(try await house.db.read { try factors.find(of: id, in: $0)?.recoveryCodes } == 10)
            }
        }
    }

    @Test(arguments: Engine.available)
    func `keys are kept sealed for their person, recovery codes as digests`(engine: Engine) async throws {
        try await withPhone(engine) { phone in
            let (house, key) = (phone.house, phone.key)
            let sealed: String = try await house.db.read { try #require(try $0.first("SELECT sealed_key FROM second_factor"))["sealed_key"] }
            let digests: [String] = try await house.db.read { try $0.all("SELECT digest FROM recovery_code").map { try $0["digest"] } }

            #expect(!sealed.contains(key.base32) && !sealed.contains(Base64URL.encode(key.bytes)))
            #expect(Set(digests) == Set(phone.recoveryCodes.map(\.digest.text)))

            // In another person's row, or under another root key, it does not open.
            let amina = house.amina
            try await house.db.write { tx in
                _ = try tx.execute("INSERT INTO second_factor (person_id, sealed_key, last_step, enrolled_at) VALUES (\(amina.id), \(sealed), 0, 0)")
            }
            let factors = phone.factors
            await #expect(throws: StorageError.self) {
                try await house.db.write { _ = try factors.spend(key.code(at: house.start), of: amina.id, at: house.start, in: $0) }
            }
            let others = SecondFactors(rootKey: RootKey(bytes: Array(1...32))!, randomness: house.randomness)  // 32 bytes
            await #expect(throws: StorageError.self) {
                try await house.db.write { _ = try others.spend(key.code(at: house.start), of: house.wanjiku.id, at: house.start, in: $0) }
            }
        }
    }

    // MARK: Once

    @Test(arguments: Engine.available)
    func `RFC 6238 §5-2 a code is taken once, and no earlier one after it`(engine: Engine) async throws {
        try await withPhone(engine) { phone in
            let first = try await phone.spend(phone.code())

            #expect(first == .oneTimeCode)
            #expect(try await phone.spend(phone.code()) == nil)
            #expect(try await phone.spend(phone.code(), after: .seconds(29)) == nil)
            #expect(try await phone.spend(phone.code(after: .seconds(-30))) == nil)

            #expect(try await phone.spend(phone.code(after: .seconds(30))) == .oneTimeCode)
            #expect(try await phone.spend(phone.code(after: .seconds(30)), after: .seconds(30)) == nil)
        }
    }

    @Test(arguments: Engine.available)
    func `the code that turned it on is spent`(engine: Engine) async throws {
        try await withPhone(engine) { phone in
            let first = phone.code(after: .seconds(-60))

            let again = try await (phone.spend(first, after: .seconds(-60)), phone.spend(first, after: .seconds(-30)))

            #expect(again.0 == nil && again.1 == nil)
        }
    }

    @Test(arguments: Engine.available)
    func `a phone may be thirty seconds off, not sixty`(engine: Engine) async throws {
        for (off, isTaken) in [(-60, false), (-30, true), (0, true), (30, true), (60, false)] {
            try await withPhone(engine) { phone in
                // An hour after enrolling, so that no step is spent.
                let spent = try await phone.spend(phone.code(after: .hours(1) + .seconds(off)), after: .hours(1))
                #expect((spent != nil) == isTaken, "\(off)")
            }
        }
    }

    @Test(arguments: Engine.available)
    func `a clock that jumps two hours ahead and back opens nothing twice`(engine: Engine) async throws {
        try await withPhone(engine) { phone in
            let first = try await phone.spend(phone.code())
            #expect(first == .oneTimeCode)

            // Ahead: the phone, which did not jump, is refused, and loses nothing.
            #expect(try await phone.spend(phone.code(after: .seconds(30)), after: .hours(2)) == nil)
            #expect(try await phone.spend(phone.code(), after: .hours(2)) == nil)
            // Back: what was spent stays so, what comes next works.
            #expect(try await phone.spend(phone.code(), after: .seconds(20)) == nil)
            #expect(try await phone.spend(phone.code(after: .seconds(30)), after: .seconds(30)) == .oneTimeCode)

            // A code taken while both were ahead spends all before it; a recovery code still signs in.
            #expect(try await phone.spend(phone.code(after: .hours(2)), after: .hours(2)) == .oneTimeCode)
            #expect(try await phone.spend(phone.code(after: .minutes(5)), after: .minutes(5)) == nil)
            #expect(try await phone.spend(phone.recoveryCodes[0].text, after: .minutes(5)) == .recoveryCode)
            #expect(try await phone.spend(phone.code(after: .hours(2) + .seconds(30)), after: .hours(2) + .seconds(30)) == .oneTimeCode)

            // Back behind the enrolment.
            #expect(try await phone.spend(phone.code(after: .hours(-2)), after: .hours(-2)) == nil)
        }
    }

    @Test(arguments: Engine.available)
    func `a recovery code works once, as people type it, for its person`(engine: Engine) async throws {
        try await withPhone(engine) { phone in
            let (factors, house) = (phone.factors, phone.house)

            let others = try await house.db.write { try factors.spend(phone.recoveryCodes[0].text, of: house.amina.id, at: house.start, in: $0) }

            #expect(others == nil)
            #expect(try await phone.spend(phone.recoveryCodes[0].text.lowercased()) == .recoveryCode)
            #expect(try await phone.spend(phone.recoveryCodes[0].text) == nil)
            #expect(try await phone.spend(phone.recoveryCodes[9].text, after: .days(400)) == .recoveryCode)
            #expect(try await house.db.read { try factors.find(of: house.wanjiku.id, in: $0)?.recoveryCodes } == 8)
        }
    }

    // MARK: Two processes

    /// Two handles on one database are what two processes hold.
    private func raceTwice(_ engine: Engine, _ body: (House, _ other: any Database) async throws -> Void) async throws {
        let place = try await TestPlace.make(engine, migrations: StorageMigrations.all + House.migrations)
        do {
            let (first, second) = (try await place.open(), try await place.open())
            try await body(try await House(first), second)
            await first.close()
            await second.close()
            await place.remove()
        } catch {
            await place.remove()
            throw error
        }
    }

    @Test(arguments: Engine.available)
    func `of twenty uses of a one-time code in two processes one wins, five times over`(engine: Engine) async throws {
        try await raceTwice(engine) { house, other in
            let phone = try await Phone.enrol(in: house)
            for round in 0..<5 {
                let after = Duration.seconds(30 * round)
                let code = phone.code(after: after)

                let spent = try await race(20) { index in try await phone.spend(code, after: after, on: index.isMultiple(of: 2) ? house.db : other) }

                #expect(tally(spent) == [.oneTimeCode: 1, nil: 19])
            }
        }
    }

    @Test(arguments: Engine.available)
    func `of twenty uses of a recovery code in two processes one wins, five times over`(engine: Engine) async throws {
        try await raceTwice(engine) { house, other in
            let phone = try await Phone.enrol(in: house)
            for round in 0..<5 {
                let code = phone.recoveryCodes[round].text

                let spent = try await race(20) { index in try await phone.spend(code, on: index.isMultiple(of: 2) ? house.db : other) }

                #expect(tally(spent) == [.recoveryCode: 1, nil: 19])
            }
        }
    }

    // MARK: Slowed down

    @Test(arguments: Engine.available)
    func `of a hundred wrong codes at once exactly five are looked at`(engine: Engine) async throws {
        try await withPhone(engine) { phone in
            let wrong = phone.wrong

            let outcomes = try await race(100) { _ in try await phone.take(wrong) }

            #expect(tally(outcomes) == [.refused: 5, .delayed(until: phone.house.start + .seconds(1)): 95])
            #expect(try await phone.house.audit(.codeRefused).count == 5)
            // The right one is not looked at either until the pause is over.
            #expect(try await phone.take(phone.code()) == .delayed(until: phone.house.start + .seconds(1)))
            #expect(try await phone.take(phone.code(), after: .seconds(1)) == .right(.oneTimeCode))
        }
    }

    @Test(arguments: Engine.available)
    func `guesses from everywhere are slowed down together, the owner at a known place is not`(engine: Engine) async throws {
        try await withPhone(engine) { phone in
            #expect(try await phone.take(phone.code(), from: "198.51.100.7") == .right(.oneTimeCode))
            let wrong = phone.wrong

            var looked = 0
            for index in 0..<40 where try await phone.take(wrong, from: "203.0.113.\(index)") == .refused { looked += 1 }
            #expect(looked == 20)
            guard case .delayed = try await phone.take(wrong, from: "192.0.2.200", after: .minutes(9)) else {
                Issue.record("codes from a new place are not slowed down")
                return
            }
            #expect(try await phone.take(phone.code(after: .minutes(9)), from: "198.51.100.7", after: .minutes(9)) == .right(.oneTimeCode))
        }
    }

    @Test(arguments: Engine.available)
    func `a million guesses in a day look at some hundred`(engine: Engine) async throws {
        try await withPhone(engine) { phone in
            // One guess is as good as a thousand at the same moment: what is looked at depends on the time alone.
            let wrong = "not a code"
            var looked = 0
            for minute in 0..<1440 where try await phone.take(wrong, from: "203.0.113.\(minute % 250)", after: .minutes(Int64(minute))) == .refused {
                looked += 1
            }

            #expect((100...165).contains(looked), "\(looked)")
        }
    }

    @Test(arguments: Engine.available)
    func `passwords and codes are counted apart`(engine: Engine) async throws {
        try await withPhone(engine) { phone in
            let house = phone.house
            for _ in 1...6 { _ = try await phone.take(phone.wrong) }

            // A right password does not forgive wrong codes.
            guard case .secondStep(let first) = try await house.attempt() else {
                Issue.record("no code is asked for")
                return
            }
            #expect(try await phone.complete(first, phone.code()) == .delayed(until: house.start + .seconds(1)))
            for _ in 1...10 { _ = try await house.attempt("wrong") }
            #expect(try await phone.complete(first, phone.code(), after: .seconds(1)) == .signedIn(house.wanjiku, .oneTimeCode))
            #expect(try await house.attempt() == .delayed(until: house.start + .seconds(1)))
        }
    }

    // MARK: Signing in

    @Test(arguments: Engine.available)
    func `a right password asks for a code, and only the code signs in`(engine: Engine) async throws {
        try await withPhone(engine) { phone in
            let house = phone.house
            guard case .secondStep(let first) = try await house.attempt() else {
                Issue.record("no code is asked for")
                return
            }

            #expect(first.person == house.wanjiku.id)
            #expect(try await house.audit(.signedIn).isEmpty)
            #expect(try await house.audit(.passwordAccepted).count == 1)
            #expect(try await phone.complete(first, phone.wrong) == .refused)
            #expect(try await phone.complete(first, phone.code(), population: .customer) == .over)
            #expect(try await phone.complete(first, phone.code()) == .signedIn(house.wanjiku, .oneTimeCode))
            #expect(try await house.audit(.signedIn).map { $0.after["second_step"] } == ["one_time_code"])
            #expect(try await phone.complete(first, phone.code()) == .refused)
            #expect(try await phone.complete(first, phone.recoveryCodes[3].text) == .signedIn(house.wanjiku, .recoveryCode))
            #expect(try await house.audit(.recoveryCodeUsed).count == 1)
            #expect(try await house.attempt("wrong") == .refused)
        }
    }

    @Test(arguments: Engine.available)
    func `a first step is over after five minutes, with another password, and without a factor`(engine: Engine) async throws {
        try await withPhone(engine) { phone in
            let house = phone.house
            let (people, id, start) = (house.people, house.wanjiku.id, house.start)
            guard case .secondStep(let first) = try await house.attempt() else {
                Issue.record("no code is asked for")
                return
            }

            #expect(try await phone.complete(first, phone.code(after: .minutes(5)), after: .minutes(5)) == .over)
            #expect(try await phone.complete(first, phone.code(after: .hours(-2)), after: .hours(-2)) == .over)
            let hash = try await house.passwords.hash(House.password)
            try await house.db.write { try people.setPasswordHash(hash, of: id, at: start, in: $0) }
            #expect(try await phone.complete(first, phone.code()) == .over)

            guard case .secondStep(let next) = try await house.attempt() else {
                Issue.record("a changed password took the factor away")
                return
            }
            let changes = phone.changes
            #expect(try await house.db.write { try changes.reset(of: id, by: .commandLine, at: start, requestID: nil, in: $0) })
            #expect(try await phone.complete(next, phone.code()) == .over)
            #expect(try await house.attempt().person == house.wanjiku.id)
        }
    }

    @Test(arguments: Engine.available)
    func `the level of a session follows from its methods, and raising it changes its token alone`(engine: Engine) async throws {
        try await withPhone(engine) { phone in
            let (house, start) = (phone.house, phone.house.start)
            let (session, old) = try await house.sessions.start(for: house.wanjiku, requestID: nil, at: start)
            #expect(phone.session.level == .password && session.level == .password)

            let sessions = house.sessions
            let token = try #require(try await house.db.write { try sessions.raise(session, at: start + .minutes(1), in: $0) })

            #expect(try await sessions.find(token: old.value, population: .developer, at: start + .minutes(1)) == nil)
            let raised = try #require(try await sessions.find(token: token.value, population: .developer, at: start + .minutes(1)))
            #expect(raised.level == .passwordAndCode && raised.methods == ["pwd", "otp", "mfa"])
            #expect(raised.id == session.id && raised.authenticatedAt == start && raised.expiresAt == session.expiresAt)
            try await sessions.end(raised, at: start, requestID: nil)
            #expect(try await house.db.write { try sessions.raise(raised, at: start, in: $0) } == nil)
        }
    }

    // MARK: Changing it

    @Test(arguments: Engine.available)
    func `new recovery codes replace the old ones, and turning off takes a code`(engine: Engine) async throws {
        try await withPhone(engine) { phone in
            let (house, changes) = (phone.house, phone.changes)
            let (wanjiku, start) = (house.wanjiku, house.start)
            func renew(_ typed: String) async throws -> [RecoveryCode]? {
                try await house.db.write { tx in
                    guard case .done(let codes) = try changes.renewRecoveryCodes(with: typed, of: wanjiku, from: "a", at: start, requestID: nil, in: tx) else {
                        return nil
                    }
                    return codes
                }
            }
            func turnOff(_ typed: String) async throws -> Bool {
                try await house.db.write { tx in
                    guard case .done = try changes.turnOff(with: typed, of: wanjiku, from: "a", at: start, requestID: nil, in: tx) else { return false }
                    return true
                }
            }

            #expect(try await renew(phone.wrong) == nil)
            let fresh = try #require(try await renew(phone.code()))
            #expect(try await renew(phone.code()) == nil)
            #expect(try await turnOff(phone.recoveryCodes[0].text) == false)
            #expect(try await turnOff(fresh[0].text))

            #expect(try await house.attempt().person == wanjiku.id)
            #expect(try await phone.spend(fresh[1].text) == nil)
            #expect(try await house.audit(.recoveryCodesRenewed).count == 1)
            #expect(try await house.audit(.secondFactorTurnedOff).count == 1)
        }
    }

    @Test(arguments: Engine.available)
    func `who lost the phone is let in again by the operator, and guesses before are forgiven`(engine: Engine) async throws {
        try await withPhone(engine) { phone in
            let (house, changes) = (phone.house, phone.changes)
            let (wanjiku, start) = (house.wanjiku, house.start)
            for _ in 1...6 { _ = try await phone.take(phone.wrong) }

            #expect(try await house.db.write { try changes.reset(of: wanjiku.id, by: .commandLine, at: start, requestID: nil, in: $0) })
            #expect(try await !house.db.write { try changes.reset(of: wanjiku.id, by: .commandLine, at: start, requestID: nil, in: $0) })

            #expect(try await house.attempt().person == wanjiku.id)
            #expect(try await house.audit(.secondFactorReset).map(\.actor) == [.commandLine])
            #expect(try await phone.take("not a code") == .refused)
        }
    }

    @Test(arguments: Engine.available)
    func `after a restore codes that may have been used are worth nothing, later ones work`(engine: Engine) async throws {
        try await withPhone(engine) { phone in
            let (house, start) = (phone.house, phone.house.start)

            let ended = try await house.db.write { try IdentityRestoration().endCodes(at: start, in: $0) }

            #expect(ended == 10)
            #expect(try await phone.spend(phone.recoveryCodes[0].text) == nil)
            #expect(try await phone.spend(phone.code()) == nil)
            #expect(try await phone.spend(phone.code(after: .seconds(30))) == nil)
            #expect(try await phone.spend(phone.code(after: .seconds(60)), after: .seconds(60)) == .oneTimeCode)
        }
    }

    @Test(arguments: Engine.available)
    func `keys that nobody confirmed are forgotten`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let factors = SecondFactors(rootKey: .test, randomness: house.randomness)
            try await house.db.write { try factors.begin(for: house.wanjiku.id, in: SessionID(trusted: "ses_1"), at: house.start, in: $0) }

            #expect(try await house.db.write { try SecondFactors.purge(at: house.start + .minutes(30), in: $0) } == 0)
            #expect(try await house.db.write { try SecondFactors.purge(at: house.start + .minutes(31), in: $0) } == 1)
        }
    }
}
