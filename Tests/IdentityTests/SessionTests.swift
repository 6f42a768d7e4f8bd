import Events
import Identity
import Primitives
import Storage
import TestSupport
import Testing

@Suite("Sessions")
struct SessionTests {
    @Test(arguments: Engine.available)
    func `a session is found by its token, and only in its population`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (session, token) = try await house.sessions.start(
                for: house.wanjiku, methods: ["pwd", "otp"], from: "192.0.2.1", requestID: nil, at: house.start)

            let found = try await house.sessions.find(token: token.value, population: .developer, at: house.start)

            #expect(found == session)
            #expect(found?.person == house.wanjiku)
            #expect(found?.methods == ["pwd", "otp"])
            #expect(found?.authenticatedAt == house.start)
            #expect(try await house.sessions.find(token: token.value, population: .customer, at: house.start) == nil)
            #expect(try await house.sessions.find(token: token.value, population: .staff, at: house.start) == nil)
        }
    }

    @Test(arguments: Engine.available)
    func `tokens carry 256 bits and only their digests are kept`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (_, token) = try await house.sessions.start(for: house.wanjiku, requestID: nil, at: house.start)

            let digests = try await house.db.read { try $0.all("SELECT digest FROM session").map { try $0["digest"] as String } }

            #expect(Base64URL.decode(token.value)?.count == 32)
            #expect(digests == [token.digest.text])
            #expect(digests != [token.value])
        }
    }

    @Test(arguments: Engine.available)
    func `what is no token finds nothing`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (session, token) = try await house.sessions.start(for: house.wanjiku, requestID: nil, at: house.start)
            let wrong = [
                "", " ", token.value + "A", String(token.value.dropLast()), token.value.lowercased(), session.id.rawValue, token.digest.text,
                String(repeating: "x", count: 100_000),
            ]

            for text in wrong { #expect(try await house.sessions.find(token: text, population: .developer, at: house.start) == nil) }
        }
    }

    @Test(arguments: Engine.available)
    func `half an hour without a request ends a developer's session, a quarter a customer's`(engine: Engine) async throws {
        try await House.open(engine) { house in
            for (person, population, idle) in [(house.wanjiku, Population.developer, 30), (house.amina, .customer, 15)] {
                let (_, token) = try await house.sessions.start(for: person, requestID: nil, at: house.start)
                let lastSecond = house.start + .minutes(Int64(idle)) - .seconds(1)

                #expect(try await house.sessions.find(token: token.value, population: population, at: house.start + .minutes(Int64(idle))) == nil)
                #expect(try await house.sessions.find(token: token.value, population: population, at: lastSecond) != nil)
                // That request counts: the idle time starts anew.
                #expect(try await house.sessions.find(token: token.value, population: population, at: lastSecond + .minutes(14)) != nil)
            }
        }
    }

    @Test(arguments: Engine.available)
    func `twelve hours end a session however busy it is`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (_, token) = try await house.sessions.start(for: house.wanjiku, requestID: nil, at: house.start)
            var now = house.start
            while now < house.start + .hours(12) - .minutes(10) {
                now = now + .minutes(10)
                #expect(try await house.sessions.find(token: token.value, population: .developer, at: now) != nil)
            }

            #expect(try await house.sessions.find(token: token.value, population: .developer, at: house.start + .hours(12)) == nil)
        }
    }

    @Test(arguments: Engine.available)
    func `being seen is written at most once a minute`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (session, token) = try await house.sessions.start(for: house.wanjiku, requestID: nil, at: house.start)
            func seen() async throws -> Timestamp? {
                try await house.db.read { try house.sessions.list(of: session.person, at: house.start, in: $0).first?.lastSeenAt }
            }

            for second in 0..<60 { _ = try await house.sessions.find(token: token.value, population: .developer, at: house.start + .seconds(Int64(second))) }
            #expect(try await seen() == house.start)
            _ = try await house.sessions.find(token: token.value, population: .developer, at: house.start + .seconds(60))
            #expect(try await seen() == house.start + .seconds(60))
        }
    }

    @Test(arguments: Engine.available)
    func `a sign-out ends the session at once, and is told once`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (session, token) = try await house.sessions.start(for: house.wanjiku, requestID: nil, at: house.start)

            try await house.sessions.end(session, at: house.start, requestID: nil)
            try await house.sessions.end(session, at: house.start, requestID: nil)

            #expect(try await house.sessions.find(token: token.value, population: .developer, at: house.start) == nil)
            let entries = try await house.audit(.signedOut)
            #expect(entries.count == 1)
        }
    }

    @Test(arguments: Engine.available)
    func `a new sign-in in the same browser ends the session it had`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (_, first) = try await house.sessions.start(for: house.wanjiku, requestID: nil, at: house.start)

            let (_, second) = try await house.sessions.start(for: house.wanjiku, replacing: first.value, requestID: nil, at: house.start)

            #expect(first != second)
            #expect(try await house.sessions.find(token: first.value, population: .developer, at: house.start) == nil)
            #expect(try await house.sessions.find(token: second.value, population: .developer, at: house.start) != nil)
        }
    }

    @Test(arguments: Engine.available)
    func `all sessions of a person end together, but for the one that asked, and nobody else's`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (sessions, start) = (house.sessions, house.start)
            let (kept, keptToken) = try await sessions.start(for: house.wanjiku, requestID: nil, at: start)
            let (_, other) = try await sessions.start(for: house.wanjiku, requestID: nil, at: start)
            let (_, foreign) = try await sessions.start(for: house.amina, requestID: nil, at: start)

            let ended = try await house.db.write { try sessions.endAll(of: kept.person.id, keeping: kept.id, at: start, in: $0) }

            #expect(ended == 1)
            #expect(try await sessions.find(token: keptToken.value, population: .developer, at: start) != nil)
            #expect(try await sessions.find(token: other.value, population: .developer, at: start) == nil)
            #expect(try await sessions.find(token: foreign.value, population: .customer, at: start) != nil)
            let left = try await house.db.write { try sessions.endAll(of: kept.person.id, at: start, in: $0) }
            #expect(left == 1)
        }
    }

    @Test(arguments: Engine.available)
    func `a person's live sessions are listed, the latest first, and one can be ended by its owner only`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (sessions, start, wanjiku, amina) = (house.sessions, house.start, house.wanjiku, house.amina)
            let (first, _) = try await sessions.start(for: wanjiku, from: "192.0.2.1", requestID: nil, at: start)
            let (second, _) = try await sessions.start(for: wanjiku, from: "192.0.2.2", requestID: nil, at: start + .seconds(10))

            let listed = try await house.db.read { try sessions.list(of: wanjiku, at: start + .seconds(10), in: $0) }
            let byStranger = try await house.db.write { try sessions.end(first.id, of: amina.id, at: start, in: $0) }
            let byOwner = try await house.db.write { try sessions.end(first.id, of: wanjiku.id, at: start, in: $0) }
            let left = try await house.db.read { try sessions.list(of: wanjiku, at: start + .seconds(10), in: $0) }

            #expect(listed.map(\.id) == [second.id, first.id])
            #expect(listed.map(\.address) == ["192.0.2.2", "192.0.2.1"])
            #expect(!byStranger && byOwner)
            #expect(left.map(\.id) == [second.id])
        }
    }

    @Test(arguments: Engine.available)
    func `somebody disabled has no session any more`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (people, wanjiku, start) = (house.people, house.wanjiku, house.start)
            let (_, token) = try await house.sessions.start(for: wanjiku, requestID: nil, at: start)

            try await house.db.write { _ = try people.disable(wanjiku.id, at: start, in: $0) }

            #expect(try await house.sessions.find(token: token.value, population: .developer, at: start) == nil)
        }
    }

    @Test(arguments: Engine.available)
    func `expired sessions are forgotten`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (sessions, start) = (house.sessions, house.start)
            _ = try await sessions.start(for: house.wanjiku, requestID: nil, at: start)

            let early = try await house.db.write { try sessions.purge(expiredBefore: start + .hours(12), in: $0) }
            let late = try await house.db.write { try sessions.purge(expiredBefore: start + .hours(13), in: $0) }

            #expect(early == 0)
            #expect(late == 1)
        }
    }

    @Test(arguments: Engine.available)
    func `of many expired sessions a batch goes at a time`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (sessions, start) = (house.sessions, house.start)
            for _ in 0..<3 { _ = try await sessions.start(for: house.wanjiku, requestID: nil, at: start) }

            var batches: [Int] = []
            for _ in 0..<3 { batches.append(try await house.db.write { try sessions.purge(expiredBefore: start + .hours(13), limit: 2, in: $0) }) }

            #expect(batches == [2, 1, 0])
        }
    }
}
