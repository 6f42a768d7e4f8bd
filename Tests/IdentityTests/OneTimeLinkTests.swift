import Identity
import Primitives
import Storage
import TestSupport
import Testing

@Suite("One-time links")
struct OneTimeLinkTests {
    @Test(arguments: Engine.available)
    func `a link works once`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (links, wanjiku, start) = (OneTimeLinks(randomness: house.randomness), house.wanjiku, house.start)
            let secret = try await house.db.write { try links.issue(.confirmEmail, for: wanjiku.id, at: start, in: $0) }

            let seen = try await house.db.read { try links.person(of: secret.value, .confirmEmail, at: start, in: $0) }
            let first = try await house.db.write { try links.spend(secret.value, .confirmEmail, at: start, in: $0) }
            let second = try await house.db.write { try links.spend(secret.value, .confirmEmail, at: start, in: $0) }
            let after = try await house.db.read { try links.person(of: secret.value, .confirmEmail, at: start, in: $0) }

            #expect(Base64URL.decode(secret.value)?.count == 32)
            #expect(seen == wanjiku.id)
            #expect(first == wanjiku.id)
            #expect(second == nil)
            #expect(after == nil)
        }
    }

    @Test(arguments: Engine.available)
    func `a link is bound to its purpose`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (links, wanjiku, start) = (OneTimeLinks(randomness: house.randomness), house.wanjiku, house.start)
            let secret = try await house.db.write { try links.issue(.confirmEmail, for: wanjiku.id, at: start, in: $0) }

            let misused = try await house.db.write { try links.spend(secret.value, .resetPassword, at: start, in: $0) }
            let used = try await house.db.write { try links.spend(secret.value, .confirmEmail, at: start, in: $0) }

            #expect(misused == nil)
            #expect(used == wanjiku.id)
        }
    }

    @Test(arguments: Engine.available)
    func `a confirmation lasts a day, a reset half an hour`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (links, wanjiku, start) = (OneTimeLinks(randomness: house.randomness), house.wanjiku, house.start)
            for (purpose, lifetime) in [(LinkPurpose.confirmEmail, Duration.hours(24)), (.resetPassword, .minutes(30))] {
                let first = try await house.db.write { try links.issue(purpose, for: wanjiku.id, at: start, in: $0) }
                let late = try await house.db.write { try links.spend(first.value, purpose, at: start + lifetime, in: $0) }
                let inTime = try await house.db.write { try links.spend(first.value, purpose, at: start + lifetime - .seconds(1), in: $0) }

                #expect(late == nil)
                #expect(inTime == wanjiku.id)
            }
        }
    }

    @Test(arguments: Engine.available)
    func `a newer link replaces an older one of the same purpose and person`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (links, wanjiku, amina, start) = (OneTimeLinks(randomness: house.randomness), house.wanjiku, house.amina, house.start)
            let (old, foreign, otherPurpose, new) = try await house.db.write { tx in
                (
                    try links.issue(.resetPassword, for: wanjiku.id, at: start, in: tx), try links.issue(.resetPassword, for: amina.id, at: start, in: tx),
                    try links.issue(.confirmEmail, for: wanjiku.id, at: start, in: tx), try links.issue(.resetPassword, for: wanjiku.id, at: start, in: tx)
                )
            }

            func spend(_ secret: Secret, _ purpose: LinkPurpose) async throws -> PersonID? {
                try await house.db.write { try links.spend(secret.value, purpose, at: start, in: $0) }
            }

            #expect(try await spend(old, .resetPassword) == nil)
            #expect(try await spend(foreign, .resetPassword) == amina.id)
            #expect(try await spend(otherPurpose, .confirmEmail) == wanjiku.id)
            #expect(try await spend(new, .resetPassword) == wanjiku.id)
        }
    }

    @Test(arguments: Engine.available)
    func `fifty who use one link at once: one wins, five rounds`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (links, wanjiku, start) = (OneTimeLinks(randomness: house.randomness), house.wanjiku, house.start)
            for _ in 1...5 {
                let secret = try await house.db.write { try links.issue(.resetPassword, for: wanjiku.id, at: start, in: $0) }

                let winners = try await race { _ in try await house.db.write { try links.spend(secret.value, .resetPassword, at: start, in: $0) } }

                #expect(winners.compactMap { $0 } == [wanjiku.id])
            }
        }
    }

    @Test(arguments: Engine.available)
    func `what was never issued is nobody's`(engine: Engine) async throws {
        try await House.open(engine) { house in
            let (links, start) = (OneTimeLinks(randomness: house.randomness), house.start)
            for text in ["", "x", String(repeating: "A", count: 43), String(repeating: "A", count: 1_000_000), "' OR ''='"] {
                let person = try await house.db.write { try links.spend(text, .confirmEmail, at: start, in: $0) }
                #expect(person == nil)
            }
        }
    }
}
