import AccessTokens
import OAuth
import Primitives
import Storage
import TestSupport
import Testing

@Suite("RFC 9700 §4.14 · Refresh tokens")
struct RefreshTests {
    @Test func `a token names its grant and generation, and only its client can read it`() throws {
        let tokens = RefreshTokens(rootKey: .test)
        let (client, other) = (try #require(ClientID("acme-budget")), try #require(ClientID("other-app")))
        let grant = GrantID.random(from: SeededRandom())

        let token = tokens.token(of: grant, generation: 7, for: client)

        #expect(token.value.hasPrefix("wkz_rt_\(grant)_7_"))
        #expect(tokens.read(token.value, from: client)?.grantID == grant)
        #expect(tokens.read(token.value, from: client)?.generation == 7)
        #expect(tokens.read(token.value, from: other) == nil)
    }

    @Test func `a changed part, another key and garbage are not read`() throws {
        let tokens = RefreshTokens(rootKey: .test)
        let client = try #require(ClientID("acme-budget"))
        let token = tokens.token(of: GrantID(trusted: "grt_abc"), generation: 7, for: client).value
        let foreign = RefreshTokens(rootKey: try #require(RootKey(bytes: [UInt8](repeating: 3, count: 32))))

        #expect(foreign.read(token, from: client) == nil)
        let code = token.split(separator: "_", maxSplits: 5, omittingEmptySubsequences: false).last.map(String.init) ?? ""
        for text in [
            "", "wkz_rt_", "wkz_rt_grt_abc_7_", "wkz_rt_grt_abc_8_\(code)", "wkz_rt_grt_abd_7_\(code)", "wkz_rt_grt_abc_07_\(code)",
            "wkz_rt_grt_abc_+7_\(code)",
            "wkz_rt_grt_abc_-7_\(code)", "wkz_rt_grt_abc_99999999999999999999_\(code)", token + "A", " " + token, token.uppercased(),
            String(repeating: "_", count: 190), "wkz_rt_____", String(repeating: "a", count: 100_000),
        ] {
            #expect(tokens.read(text, from: client) == nil, "\(text.prefix(60))")
        }
    }

    @Test(arguments: Engine.available)
    func `a confidential client keeps its token`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let grant = try await fixture.makeGrant()

            for _ in 0..<3 { #expect(try await fixture.refresh(grant, generation: 1, rotating: false).generation == 1) }
        }
    }

    @Test(arguments: Engine.available)
    func `a confidential refresh is one statement`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let grant = try await fixture.makeGrant()
            let before = fixture.database.statistics.statements

            _ = try await fixture.refresh(grant, generation: 1, rotating: false)

            #expect(fixture.database.statistics.statements - before == 1)
        }
    }

    @Test(arguments: Engine.available)
    func `a public client gets the next generation, and the same again within 60 seconds`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let grant = try await fixture.makeGrant()

            #expect(try await fixture.refresh(grant, generation: 1, rotating: true).generation == 2)
            #expect(try await fixture.refresh(grant, generation: 1, rotating: true).generation == 2)
            fixture.clock.advance(by: .seconds(59))
            #expect(try await fixture.refresh(grant, generation: 1, rotating: true).generation == 2)
            #expect(try await fixture.refresh(grant, generation: 2, rotating: true).generation == 3)
        }
    }

    @Test(arguments: Engine.available)
    func `§4.14.2 a replay after 60 seconds ends the family`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let grant = try await fixture.makeGrant()
            _ = try await fixture.refresh(grant, generation: 1, rotating: true)
            fixture.clock.advance(by: .seconds(60))

            #expect(try await fixture.refresh(grant, generation: 1, rotating: true).refusal == .replayed)

            #expect(try await fixture.find(grant)?.revokedReason == .refreshTokenReplayed)
            #expect(try await fixture.refresh(grant, generation: 2, rotating: true).refusal == .revoked)
        }
    }

    @Test(arguments: Engine.available)
    func `a clock that was set back does not open the window again`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let grant = try await fixture.makeGrant()
            _ = try await fixture.refresh(grant, generation: 1, rotating: true)

            // Two nodes' clocks may differ by seconds.
            fixture.clock.advance(by: .seconds(-59))
            #expect(try await fixture.refresh(grant, generation: 1, rotating: true).generation == 2)
            fixture.clock.advance(by: .hours(-2))
            #expect(try await fixture.refresh(grant, generation: 1, rotating: true).refusal == .replayed)
        }
    }

    @Test(arguments: Engine.available)
    func `§4.14.2 a replay after the successor was used ends the family`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let grant = try await fixture.makeGrant()
            _ = try await fixture.refresh(grant, generation: 1, rotating: true)
            _ = try await fixture.refresh(grant, generation: 2, rotating: true)

            #expect(try await fixture.refresh(grant, generation: 1, rotating: true).refusal == .replayed)

            #expect(try await fixture.refresh(grant, generation: 3, rotating: true).refusal == .revoked)
        }
    }

    @Test(arguments: Engine.available)
    func `the absolute lifetime ends the family`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let grant = try await fixture.makeGrant(lifetime: .days(90))
            fixture.clock.advance(by: .days(90))

            #expect(try await fixture.refresh(grant, generation: 1, rotating: true).refusal == .expired)
            #expect(try await fixture.refresh(grant, generation: 1, rotating: false).refusal == .expired)
        }
    }

    @Test(arguments: Engine.available)
    func `a generation that was never handed out and a grant that is gone are refused`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let grant = try await fixture.makeGrant()

            #expect(try await fixture.refresh(grant, generation: 2, rotating: true).refusal == .neverIssued)
            #expect(try await fixture.refresh(grant, generation: .max, rotating: true).refusal == .neverIssued)
            try await fixture.database.write { try Grants().purge(endedBefore: .distantFuture, in: $0) }
            #expect(try await fixture.refresh(grant, generation: 1, rotating: true).refusal == .unknownGrant)
        }
    }

    @Test(arguments: Engine.available)
    func `fifty at once with one generation make one new one, and every answer carries it`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            for _ in 0..<5 {
                let grant = try await fixture.makeGrant()

                let outcomes = try await withThrowingTaskGroup(of: RefreshOutcome.self) { group in
                    for _ in 0..<50 { group.addTask { try await fixture.refresh(grant, generation: 1, rotating: true) } }
                    return try await group.reduce(into: [RefreshOutcome]()) { $0.append($1) }
                }

                #expect(outcomes.allSatisfy { $0.generation == 2 })
                #expect(try await fixture.find(grant)?.generation == 2)
                #expect(try await fixture.find(grant)?.revokedAt == nil)
            }
        }
    }
}
