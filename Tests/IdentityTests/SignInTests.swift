import Events
import Identity
import Passwords
import Primitives
import Storage
import TestSupport
import Testing

@Suite("Sign-in")
struct SignInTests {
    @Test(arguments: Engine.available)
    func `the right password signs in, and the audit log tells it`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let outcome = try await house.attempt()

            #expect(outcome.person == house.wanjiku.id)
            let entries = try await house.audit(.signedIn)
            #expect(entries.map(\.actor) == [.person(house.wanjiku.id)])
            #expect(entries[0].after == ["population": "developer", "address": "192.0.2.1"])
            #expect(entries[0].requestID == RequestID(trusted: "req_1"))
        }
    }

    @Test(arguments: Engine.available)
    func `the name is taken in any case and with space around it`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let outcome = try await house.signIn.attempt(
                name: " Wanjiku@EXAMPLE.com ", password: House.password, population: .developer, from: "a", requestID: nil, at: house.start)

            #expect(outcome.person == house.wanjiku.id)
        }
    }

    @Test(arguments: Engine.available)
    func `a wrong password, an unknown name and nonsense are refused alike`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let tries: [(name: String, password: String)] = [
                ("wanjiku@example.com", "wrong"), ("wanjiku@example.com", ""), ("wanjiku@example.com", House.password + " "),
                ("nobody@example.com", House.password), ("", ""), ("\u{0}", "\u{0}"), (String(repeating: "x", count: 100_000), "x"),
                ("wanjiku@example.com", String(repeating: "x", count: 1_000_000)), ("' OR 1=1 --", "x"),
            ]

            for (name, password) in tries {
                let outcome = try await house.signIn.attempt(
                    name: name, password: password, population: .developer, from: "192.0.2.1", requestID: nil, at: house.start)
                #expect(outcome == .refused)
            }

            let entries = try await house.audit(.signInRefused)
            #expect(entries.count == tries.count)
            #expect(tally(entries.map(\.subject)) == [house.wanjiku.id.rawValue: 4, "unknown": 5])
            // What was typed as a name may be a password: it is nowhere in the log.
            #expect(!entries.contains { $0.after.values.contains { $0.contains("nobody") } })
        }
    }

    @Test(arguments: Engine.available)
    func `populations and worlds do not mix`(engine: Engine) async throws {
        try await House.open(engine) { house in
            func attempt(_ name: String, _ population: Population, _ world: OrganisationID?) async throws -> SignInOutcome {
                try await house.signIn.attempt(
                    name: name, password: House.password, population: population, world: world, from: "192.0.2.1", requestID: nil, at: house.start)
            }

            let outcomes = [
                try await attempt("amina.traveler", .customer, House.acme),
                try await attempt("amina.traveler", .customer, House.other),
                try await attempt("amina.traveler", .customer, nil),
                try await attempt("amina.traveler", .developer, nil),
                try await attempt("wanjiku@example.com", .staff, nil),
                try await attempt("wanjiku@example.com", .developer, House.acme),
            ]

            #expect(outcomes.prefix(2).map(\.person) == [house.amina.id, house.otherAmina.id])
            #expect(outcomes.dropFirst(2) == [.refused, .refused, .refused, .refused])
        }
    }

    @Test(arguments: Engine.available)
    func `somebody disabled is refused like anybody`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (people, wanjiku, start) = (house.people, house.wanjiku, house.start)
            try await house.db.write { _ = try people.disable(wanjiku.id, at: start, in: $0) }

            #expect(try await house.attempt() == .refused)
        }
    }

    @Test(arguments: Engine.available)
    func `ten failures are free, then the delay doubles up to a quarter of an hour`(engine: Engine) async throws {
        try await House.open(engine) { house in
            var now = Duration.zero
            for _ in 1...10 { #expect(try await house.attempt("wrong", after: now) == .refused) }

            for expected in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900] {
                guard case .delayed(let until) = try await house.attempt(after: now) else {
                    Issue.record("not delayed")
                    return
                }
                #expect(until == house.start + now + .seconds(expected))
                // A moment too early is still too early, and does not make it longer.
                #expect(try await house.attempt(after: now + .seconds(expected) - .milliseconds(1)) == .delayed(until: until))
                now += .seconds(expected)
                #expect(try await house.attempt("wrong", after: now) == .refused)
            }
        }
    }

    @Test(arguments: Engine.available)
    func `after a clock was set back nobody waits longer than they could have before`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let ahead = Duration.hours(2)
            for _ in 1...120 {
                _ = try await house.signIn.attempt(
                    name: "nobody@example.com", password: "wrong", population: .developer, from: "203.0.113.9", requestID: nil, at: house.start + ahead)
            }
            for _ in 1...11 { _ = try await house.attempt("wrong", after: ahead) }

            // One attempt of a full bucket, and the longest delay of a pair.
            #expect(try await house.attempt(from: "203.0.113.9", after: .seconds(4)).person == house.wanjiku.id)
            #expect(try await house.attempt(after: .minutes(15)).person == house.wanjiku.id)
        }
    }

    @Test(arguments: Engine.available)
    func `the right password works once the delay is over, and everything starts anew`(engine: Engine) async throws {
        try await House.open(engine) { house in
            for _ in 1...10 { _ = try await house.attempt("wrong") }
            #expect(try await house.attempt() == .delayed(until: house.start + .seconds(1)))

            #expect(try await house.attempt(after: .seconds(1)).person == house.wanjiku.id)

            for _ in 1...9 { #expect(try await house.attempt("wrong", after: .seconds(1)) == .refused) }
            #expect(try await house.attempt(after: .seconds(1)).person == house.wanjiku.id)
        }
    }

    @Test(arguments: Engine.available)
    func `a day without an attempt is forgotten`(engine: Engine) async throws {
        try await House.open(engine) { house in
            for _ in 1...10 { _ = try await house.attempt("wrong") }

            for _ in 1...10 { #expect(try await house.attempt("wrong", after: .hours(25)) == .refused) }
        }
    }

    @Test(arguments: Engine.available)
    func `of a hundred wrong passwords at once exactly ten are looked at`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let outcomes = try await race(100) { _ in try await house.attempt("wrong") }

            #expect(tally(outcomes) == [.refused: 10, .delayed(until: house.start + .seconds(1)): 90])
            let entries = try await house.audit(.signInRefused)
            #expect(entries.count == 10)
        }
    }

    @Test(arguments: Engine.available)
    func `case variants of a name share one count`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let names = ["wanjiku@example.com", "WANJIKU@example.com", "Wanjiku@Example.com", " wanjiku@example.com"]

            let outcomes = try await race(40) { index in
                try await house.signIn.attempt(
                    name: names[index % names.count], password: "wrong", population: .developer, from: "192.0.2.1", requestID: nil, at: house.start)
            }

            #expect(outcomes.filter { $0 == .refused }.count == 10)
        }
    }

    @Test(arguments: Engine.available)
    func `an unknown name is delayed just like a known one`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let outcomes = try await race(40) { _ in
                try await house.signIn.attempt(
                    name: "nobody@example.com", password: "wrong", population: .developer, from: "192.0.2.1", requestID: nil, at: house.start)
            }

            #expect(tally(outcomes) == [.refused: 10, .delayed(until: house.start + .seconds(1)): 30])
        }
    }

    @Test(arguments: Engine.available)
    func `a stranger's attempts do not keep the owner out of a place they sign in from`(engine: Engine) async throws {
        try await House.open(engine) { house in
            #expect(try await house.attempt(from: "198.51.100.7").person == house.wanjiku.id)

            // From very many addresses, until the account as a whole is slowed down.
            for index in 0..<60 { _ = try await house.attempt("wrong", from: "203.0.113.\(index)") }
            guard case .delayed = try await house.attempt(from: "192.0.2.200") else {
                Issue.record("the account is not slowed down")
                return
            }

            #expect(try await house.attempt(from: "198.51.100.7").person == house.wanjiku.id)
        }
    }

    @Test(arguments: Engine.available)
    func `one address that tries many names is slowed down, and others are not`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let outcomes = try await race(120) { index in
                try await house.signIn.attempt(
                    name: "person\(index)@example.com", password: "wrong", population: .developer, from: "203.0.113.9", requestID: nil, at: house.start)
            }

            #expect(outcomes.filter { $0 == .refused }.count == 100)
            #expect(try await house.attempt(from: "192.0.2.1").person == house.wanjiku.id)
            // The bucket refills: three seconds later one more is looked at.
            #expect(try await house.attempt(from: "203.0.113.9", after: .seconds(3)).person == house.wanjiku.id)
        }
    }

    @Test(arguments: Engine.available)
    func `from an address that is used up new names leave no row, and who is known there is let in`(engine: Engine) async throws {
        try await House.open(engine) { house in
            func rows() async throws -> Int? {
                try await house.db.read { try $0.first("SELECT COUNT(*) AS count FROM sign_in_throttle")?["count"] as Int? }
            }
            func attempts(_ count: Int, _ name: String) async throws -> [SignInOutcome] {
                try await race(count) { index in
                    try await house.signIn.attempt(
                        name: "\(name)\(index)@example.com", password: "wrong", population: .developer, from: "203.0.113.9", requestID: nil, at: house.start)
                }
            }
            let first = try await house.attempt(from: "203.0.113.9")
            let looked = try await attempts(100, "person")
            let before = try await rows()

            let delayed = try await attempts(50, "new")

            let after = try await rows()
            #expect(first.person == house.wanjiku.id)
            #expect(tally(looked) == [.refused: 100])
            #expect(tally(delayed) == [.delayed(until: house.start + .seconds(3)): 50])
            // The address, the account and the pair of Wanjiku, and account and pair of each other name.
            #expect(before == 203 && after == 203)
            let known = try await house.attempt(from: "203.0.113.9")
            #expect(known.person == house.wanjiku.id)
            // The address refills as it would have.
            let next = try await house.signIn.attempt(
                name: "new@example.com", password: "wrong", population: .developer, from: "203.0.113.9", requestID: nil, at: house.start + .seconds(3))
            #expect(next == .refused)
        }
    }

    @Test(arguments: Engine.available)
    func `from an address that is used up a name is delayed for as long as its own count says, when that is longer`(engine: Engine) async throws {
        try await House.open(engine) { house in
            for _ in 1...10 { _ = try await house.attempt("wrong", from: "203.0.113.9") }
            // Each is looked at as soon as it may be: the next waits until the fifteenth second.
            for second in [1, 3, 7] { _ = try await house.attempt("wrong", from: "203.0.113.9", after: .seconds(second)) }
            let others = try await race(120) { index in
                try await house.signIn.attempt(
                    name: "person\(index)@example.com", password: "wrong", population: .developer, from: "203.0.113.9", requestID: nil,
                    at: house.start + .seconds(7))
            }

            let outcome = try await house.attempt(from: "203.0.113.9", after: .seconds(7))

            #expect(tally(others) == [.refused: 89, .delayed(until: house.start + .seconds(9)): 31])
            #expect(outcome == .delayed(until: house.start + .seconds(15)))
        }
    }

    @Test(arguments: Engine.available)
    func `addresses of one IPv6 subscriber count together`(engine: Engine) async throws {
        try await House.open(engine) { house in
            for index in 1...10 { _ = try await house.attempt("wrong", from: "2001:db8:1:2::\(index)") }

            #expect(try await house.attempt(from: "2001:db8:1:2:ffff::1") == .delayed(until: house.start + .seconds(1)))
            #expect(try await house.attempt(from: "2001:db8:1:3::1").person == house.wanjiku.id)
        }
    }

    @Test(arguments: Engine.available)
    func `passwords that were not looked at because too many waited do not count`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let busy = PasswordHasher(settings: Argon2Settings(memory: 32 * 1024, iterations: 3, parallelism: 1), concurrency: 1, queueLimit: 0)
            let signIn = SignIn(database: house.db, passwords: busy)

            let looked = try await race(10) { _ in
                do {
                    _ = try await signIn.attempt(
                        name: "nobody@example.com", password: "wrong", population: .developer, from: "192.0.2.1", requestID: nil, at: house.start)
                    return true
                } catch is PasswordQueueFull {
                    return false
                }
            }.filter { $0 }.count

            let more = try await race(30) { _ in
                try await house.signIn.attempt(
                    name: "nobody@example.com", password: "wrong", population: .developer, from: "192.0.2.1", requestID: nil, at: house.start)
            }
            #expect(looked + more.filter { $0 == .refused }.count == 10)
        }
    }

    @Test(arguments: Engine.available)
    func `a password hashed with older settings is hashed anew when it is at hand`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let costlier = PasswordHasher(settings: Argon2Settings(memory: 16, iterations: 1, parallelism: 1), randomness: house.randomness)
            let signIn = SignIn(database: house.db, passwords: costlier)
            let (people, id) = (house.people, house.wanjiku.id)

            let outcome = try await signIn.attempt(
                name: "wanjiku@example.com", password: House.password, population: .developer, from: "a", requestID: nil, at: house.start)

            #expect(outcome.person == house.wanjiku.id)
            let hash = try await house.db.read { try people.passwordHash(of: id, in: $0) }
            #expect(hash?.hasPrefix("$argon2id$v=19$m=16,") == true)
            #expect(try await house.attempt().person == house.wanjiku.id)
        }
    }

    @Test(arguments: Engine.available)
    func `a known and an unknown name take the same work`(engine: Engine) async throws {
        try await House.open(engine) { house in
            func work(_ name: String) async throws -> [Int] {
                let before = (house.passwords.checks, house.db.statistics.writes)
                let outcome = try await house.signIn.attempt(
                    name: name, password: "wrong", population: .developer, from: "a", requestID: nil, at: house.start)
                #expect(outcome == .refused)
                return [house.passwords.checks - before.0, house.db.statistics.writes - before.1]
            }

            let known = try await work("wanjiku@example.com")
            let unknown = try await work("nobody@example.com")

            #expect(known == unknown)
            #expect(known[0] == 1)
        }
    }

    @Test(arguments: Engine.available)
    func `counts that nobody needs any more are forgotten, acquaintances are not`(engine: Engine) async throws {
        try await House.open(engine) { house in
            _ = try await house.attempt()
            _ = try await house.attempt("wrong", from: "203.0.113.1")
            let signIn = house.signIn

            let purged = try await house.db.write { try signIn.purge(at: house.start + .days(2), in: $0) }

            let later = try await house.db.write { try signIn.purge(at: house.start + .days(91), in: $0) }

            // The two addresses, the account, and the stranger's pair; then the acquaintance's.
            #expect([purged, later] == [4, 1])
        }
    }
}
