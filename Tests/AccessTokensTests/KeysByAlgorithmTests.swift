import AccessTokens
import JOSE
import JSON
import Primitives
import Storage
import TestSupport
import Testing

/// Keys for other algorithms than the one that access tokens are signed with.
@Suite("Signing keys by algorithm")
struct KeysByAlgorithmTests {
    @Test(arguments: Engine.available, SignatureAlgorithm.allCases)
    func `a key is made when it is first asked for, published, and signs what its algorithm says`(engine: Engine, algorithm: SignatureAlgorithm) async throws {
        try await Fixture.run(engine) { fixture in
            let key = try await fixture.keys.signing(algorithm, at: fixture.clock.now)

            let jws = try UnverifiedJWS(parsing: key.sign(JSONObject([("sub", .string("usr_amina"))]), type: .idToken))
            let published = try #require(fixture.keys.jwks(at: fixture.clock.now).keys.first { $0.keyID == key.id.rawValue })
            #expect(jws.algorithm == algorithm)
            #expect(jws.isSigned(by: published.key))
            #expect(published.algorithm == algorithm)
            #expect(try await fixture.keys.signing(algorithm, at: fixture.clock.now).id == key.id)
        }
    }

    @Test(arguments: Engine.available)
    func `two nodes that need one at once get the same`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let nodes = [fixture.keys, try await fixture.otherNode()]
            let now = fixture.clock.now

            let ids = try await withThrowingTaskGroup(of: KeyID.self) { group in
                for node in nodes { group.addTask { try await node.signing(.edDSA, at: now).id } }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }

            #expect(ids.count == 1)
        }
    }

    @Test(arguments: Engine.available)
    func `a node finds the key that another made`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let other = try await fixture.otherNode()
            let made = try await fixture.keys.signing(.edDSA, at: fixture.clock.now)

            #expect(try await other.signing(.edDSA, at: fixture.clock.now).id == made.id)
        }
    }

    @Test(arguments: Engine.available)
    func `each rotates by itself`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let first = try await fixture.keys.signing(.edDSA, at: fixture.clock.now).id
            let access = fixture.keys.current.id
            fixture.clock.advance(by: .minutes(6))

            let rotation = try await fixture.keys.rotate(of: .edDSA, at: fixture.clock.now)

            let second = try await fixture.keys.signing(.edDSA, at: fixture.clock.now).id
            #expect(rotation == .rotated(second))
            #expect(first != second)
            #expect(fixture.keys.current.id == access)
            #expect(fixture.keys.jwks(at: fixture.clock.now).keys.contains { $0.keyID == first.rawValue })
        }
    }

    @Test(arguments: Engine.available)
    func `the schedule looks at each`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let access = fixture.keys.current.id
            fixture.clock.advance(by: .days(20))
            let young = try await fixture.keys.signing(.edDSA, at: fixture.clock.now).id
            fixture.clock.advance(by: .days(15))

            try await fixture.keys.rotateWhenDue(lifetime: .days(30), at: fixture.clock.now)

            #expect(fixture.keys.current.id != access)
            #expect(try await fixture.keys.signing(.edDSA, at: fixture.clock.now).id == young)
            #expect(fixture.keys.algorithms == [.es256, .edDSA])
        }
    }
}
