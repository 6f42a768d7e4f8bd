import AccessTokens
import Events
import JOSE
import Primitives
import Storage
import TestSupport
import Testing

@Suite("Signing keys")
struct SigningKeysTests {
    @Test(arguments: Engine.available)
    func `the first start makes a key that signs and the next one, both published`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let published = fixture.keys.jwks(at: fixture.clock.now).keys

            #expect(published.count == 2)
            #expect(Set(published.map(\.keyID)).count == 2)
            #expect(published.contains { $0.keyID == fixture.keys.current.id.rawValue })
        }
    }

    @Test(arguments: Engine.available)
    func `a second start opens the same keys`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let again = try await SigningKeys.load(database: fixture.database, rootKey: .test, feed: fixture.feed, at: fixture.clock.now)

            #expect(again.current.id == fixture.keys.current.id)
            #expect(again.jwks(at: fixture.clock.now) == fixture.keys.jwks(at: fixture.clock.now))
        }
    }

    @Test(arguments: Engine.available)
    func `another root key is told in one sentence`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let other = try #require(RootKey(bytes: [UInt8](repeating: 9, count: 32)))

            await #expect(throws: SigningKeyFailure.sealedByAnotherRootKey) {
                try await SigningKeys.load(database: fixture.database, rootKey: other, feed: fixture.feed, at: fixture.clock.now)
            }
        }
    }

    @Test(arguments: Engine.available)
    func `private parts are sealed at rest`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let stored = try await fixture.database.read { tx in
                try tx.all("SELECT sealed_private FROM signing_key").map { try $0["sealed_private"] as String }
            }

            #expect(!stored.isEmpty)
            #expect(!stored.contains { $0.contains(Base64URL.encode(fixture.keys.current.privateBytes)) })
        }
    }

    @Test(arguments: Engine.available)
    func `OpenID Connect Core §10-1-1 rotating makes the next key sign, and the old one verifies until its tokens have expired`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let before = fixture.keys.jwks(at: fixture.clock.now).keys.map(\.keyID)
            let old = fixture.keys.current.id
            fixture.clock.advance(by: .minutes(5))
            let token = try fixture.tokens.issue(fixture.request(), at: fixture.clock.now).token.value

            let rotation = try await fixture.keys.rotate(at: fixture.clock.now)

            let signing = fixture.keys.current.id
            #expect(rotation == .rotated(signing))
            #expect(signing != old && before.contains(signing.rawValue))
            #expect(fixture.keys.jwks(at: fixture.clock.now).keys.count == 3)
            fixture.clock.advance(by: .seconds(299))
            #expect(throws: Never.self) { try fixture.verifier.verify(token, at: fixture.clock.now).get() }
            fixture.clock.advance(by: .minutes(10))
            #expect(!fixture.keys.jwks(at: fixture.clock.now).keys.contains { $0.keyID == old.rawValue })
        }
    }

    @Test(arguments: Engine.available)
    func `another process learns of the rotation`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let other = try await SigningKeys.load(database: fixture.database, rootKey: .test, feed: fixture.feed, at: fixture.clock.now)
            fixture.clock.advance(by: .minutes(5))
            try await fixture.keys.rotate(at: fixture.clock.now)

            try await other.reload()

            #expect(other.current.id == fixture.keys.current.id)
        }
    }

    @Test(arguments: Engine.available)
    func `of several that rotate at once one does`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            fixture.clock.advance(by: .minutes(5))
            let now = fixture.clock.now

            let rotations = try await withThrowingTaskGroup(of: KeyRotation.self) { group in
                for _ in 0..<8 { group.addTask { try await fixture.keys.rotate(at: now) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }

            #expect(rotations.count(where: \.isDone) == 1)
            let states = try await fixture.database.read { tx in try tx.all("SELECT state FROM signing_key").map { try $0["state"] as String } }
            #expect(states.count { $0 == "current" } == 1)
            #expect(states.count { $0 == "next" } == 1)
        }
    }

    @Test(arguments: Engine.available)
    func `two first starts at once make one pair of keys`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: migrations) { database in
            let feed = ChangeFeed(database: database, logger: .quiet)

            let current = try await withThrowingTaskGroup(of: KeyID.self) { group in
                for _ in 0..<6 {
                    group.addTask { try await SigningKeys.load(database: database, rootKey: .test, feed: feed, at: .epoch).current.id }
                }
                return try await group.reduce(into: Set<KeyID>()) { $0.insert($1) }
            }

            #expect(current.count == 1)
        }
    }
}
