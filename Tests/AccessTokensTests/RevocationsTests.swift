import AccessTokens
import Events
import Primitives
import Storage
import Synchronization
import TestSupport
import Testing

@Suite("What was revoked, in memory")
struct RevocationsTests {
    @Test(arguments: Engine.available)
    func `a revocation that a clock two hours ahead stamped hides none of after from a node that starts`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            fixture.clock.advance(by: .hours(2))
            let ahead = try await fixture.ended()
            fixture.clock.advance(by: .hours(-2))
            let (ended, live) = (try await fixture.ended(), try await fixture.granted())

            let started = Revocations(database: fixture.database, feed: try await fixture.currentFeed())
            let first = try await started.refusal(of: ended)
            await started.isLoaded(for: ended)

            #expect(first == .grantRevoked)
            #expect(started.remembers(ended) == .ended(.grantRevoked))
            #expect(started.remembers(ahead) == .ended(.grantRevoked))
            #expect(started.remembers(live) == .inForce)
        }
    }

    @Test(arguments: Engine.available)
    func `a grant whose token a clock two hours ahead issued and one two hours behind revoked is known`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            fixture.clock.advance(by: .hours(2))
            let token = try await fixture.granted()
            fixture.clock.advance(by: .hours(-4))
            try await fixture.revoke(token)

            let started = Revocations(database: fixture.database, feed: try await fixture.currentFeed())
            try await started.load(for: token)

            #expect(started.remembers(token) == .ended(.grantRevoked))
        }
    }

    @Test(arguments: Engine.available)
    func `what was loaded while the clock ran a day ahead is read anew when it is set back`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let (ended, live) = (try await fixture.ended(), try await fixture.granted())
            let denied = try fixture.tokens.issue(fixture.request(), at: fixture.clock.now).claims
            try await fixture.deny(denied)
            fixture.clock.advance(by: .days(1))
            let started = Revocations(database: fixture.database, feed: try await fixture.currentFeed())
            try await started.load(for: try await fixture.granted())

            fixture.clock.advance(by: .days(-1))
            let before = [started.remembers(ended), started.remembers(denied), started.remembers(live)]
            let refusal = try await started.refusal(of: ended)
            await started.isLoaded(for: live)

            #expect(before == [.unknown, .unknown, .unknown])
            #expect(refusal == .grantRevoked)
            #expect(started.remembers(ended) == .ended(.grantRevoked))
            #expect(started.remembers(denied) == .ended(.tokenDenied))
            #expect(started.remembers(live) == .inForce)
        }
    }

    @Test(arguments: Engine.available)
    func `a token that was revoked before the clock was set back is refused when its time comes again`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let start = ContinuousClock.now
            let passed = Mutex(Duration.zero)
            let revocations = Revocations(
                database: fixture.database, feed: try await fixture.currentFeed(), now: { start + passed.withLock { $0 } })
            let token = try await fixture.granted()
            try await revocations.load(for: token)
            try await fixture.revoke(token)

            fixture.clock.advance(by: .hours(-2))
            passed.withLock { $0 = .minutes(30) }
            _ = try await fixture.ended()
            let soon = revocations.remembers(token)
            fixture.clock.advance(by: .hours(2))
            passed.withLock { $0 = .hours(2) }
            _ = try await fixture.ended()
            let (later, refusal) = (revocations.remembers(token), try await revocations.refusal(of: token))

            #expect(soon == .ended(.grantRevoked))
            #expect(later == .ended(.grantRevoked) && refusal == .grantRevoked)
        }
    }

    @Test(arguments: Engine.available)
    func `what no token is left of is forgotten, and read where it is asked for`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let start = ContinuousClock.now
            let passed = Mutex(Duration.zero)
            let revocations = Revocations(
                database: fixture.database, feed: try await fixture.currentFeed(), now: { start + passed.withLock { $0 } })
            let old = try await fixture.ended()
            try await revocations.load(for: old)

            fixture.clock.advance(by: .hours(8))
            passed.withLock { $0 = .hours(8) }
            let (young, ended) = (try await fixture.granted(), try await fixture.ended())
            let meanwhile = revocations.remembers(young)
            while revocations.remembers(old) != .unknown { await Task.yield() }

            #expect(meanwhile == .inForce)
            #expect(revocations.remembers(ended) == .ended(.grantRevoked))
            let refusal = try await revocations.refusal(of: old)
            #expect(refusal == .grantRevoked)
        }
    }

    @Test(arguments: Engine.available)
    func `of more than can be remembered each is read`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            var ended: [AccessTokenClaims] = []
            for _ in 0..<3 { ended.append(try await fixture.ended()) }
            let live = try await fixture.granted()
            let revocations = Revocations(database: fixture.database, feed: try await fixture.currentFeed(), capacity: 2)

            try await revocations.load(for: live)
            var refusals: [RevocationReason?] = []
            for claims in ended + [live] { refusals.append(try await revocations.refusal(of: claims)) }

            #expect((ended + [live]).allSatisfy { revocations.remembers($0) == .unknown })
            #expect(refusals == [.grantRevoked, .grantRevoked, .grantRevoked, nil])
        }
    }

    @Test(arguments: Engine.available)
    func `a reading that failed is tried again after a pause, and each question is read meanwhile`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let start = ContinuousClock.now
            let passed = Mutex(Duration.zero)
            let slow = SlowDatabase(fixture.database)
            let revocations = Revocations(
                database: slow, feed: try await fixture.currentFeed(), logger: .quiet, now: { start + passed.withLock { $0 } })
            let (live, ended) = (try await fixture.granted(), try await fixture.ended())

            // The question's own, and the one that it asks for.
            slow.failNextReads(2)
            await #expect(throws: StorageError.self) { try await revocations.refusal(of: ended) }
            while slow.failing > 0 { await Task.yield() }
            passed.withLock { $0 = .seconds(4) }
            var refusals: Set<RevocationReason?> = []
            for _ in 0..<50 { refusals.insert(try await revocations.refusal(of: ended)) }
            let paused = revocations.remembers(ended)
            passed.withLock { $0 = .seconds(10) }
            while revocations.remembers(ended) == .unknown { refusals.insert(try await revocations.refusal(of: ended)) }

            #expect(refusals == [.grantRevoked])
            #expect(paused == .unknown)
            #expect(revocations.remembers(live) == .inForce)
        }
    }

    @Test(arguments: Engine.available)
    func `a reading during which changes may have passed unheard counts for nothing`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let start = ContinuousClock.now
            let passed = Mutex(Duration.zero)
            let feed = ChangeFeed(database: fixture.database, logger: .quiet, now: { start + passed.withLock { $0 } })
            let slow = SlowDatabase(fixture.database)
            let revocations = Revocations(database: slow, feed: feed)
            let live = try await fixture.granted()

            let held = slow.holdNextRead()
            let loading = Task { try await revocations.load(for: live) }
            await held.hasRead.wait()
            passed.withLock { $0 = .minutes(31) }
            try await feed.poll()
            held.mayAnswer.open()
            try await loading.value
            let remembered = revocations.remembers(live)
            try await revocations.load(for: live)

            #expect(remembered == .unknown)
            #expect(revocations.remembers(live) == .inForce)
        }
    }

    @Test(arguments: Engine.available)
    func `denied tokens and grants that ended long ago go a batch at a time`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            for _ in 0..<5 {
                try await fixture.deny(try fixture.tokens.issue(fixture.request(), at: fixture.clock.now).claims)
                _ = try await fixture.makeGrant(lifetime: .days(1))
            }
            let kept = try await fixture.makeGrant(lifetime: .days(3))
            let moment = fixture.clock.now + .days(2)

            let denied = try await fixture.batches { try DeniedTokens().purge(expiredBefore: moment, limit: 2, in: $0) }
            let grants = try await fixture.batches { try Grants().purge(endedBefore: moment, limit: 2, in: $0) }

            #expect(denied == [2, 2, 1] && grants == [2, 2, 1])
            let found = try await fixture.find(kept)
            #expect(found != nil)
        }
    }
}

extension Fixture {
    /// A feed that is current however slow the machine is.
    fileprivate func currentFeed() async throws -> ChangeFeed {
        let start = ContinuousClock.now
        let feed = ChangeFeed(database: database, logger: .quiet, now: { start })
        try await feed.poll()
        return feed
    }

    /// A token of a grant of its own.
    fileprivate func granted() async throws -> AccessTokenClaims {
        let grant = try await makeGrant()
        return try tokens.issue(request(grant), at: clock.now).claims
    }

    /// One whose grant has ended.
    fileprivate func ended() async throws -> AccessTokenClaims {
        let claims = try await granted()
        try await revoke(claims)
        return claims
    }

    fileprivate func revoke(_ claims: AccessTokenClaims) async throws {
        let (now, id) = (clock.now, try #require(claims.grantID))
        try await database.write { tx in
            _ = try Grants().revoke(id, because: .revokedByPartner, by: .system, at: now, requestID: nil, in: tx)
        }
    }

    fileprivate func deny(_ claims: AccessTokenClaims) async throws {
        let now = clock.now
        try await database.write { tx in try DeniedTokens().deny(claims, at: now, in: tx) }
    }

    /// How many rows each transaction removed, two at most, until one finds fewer.
    fileprivate func batches(_ purge: @escaping @Sendable (any WriteTransaction) throws -> Int) async throws -> [Int] {
        var batches: [Int] = []
        repeat { batches.append(try await database.write { tx in try purge(tx) }) } while batches.last == 2
        return batches
    }
}

/// What memory says of a token by itself.
private enum Remembered: Equatable {
    case unknown
    case inForce
    case ended(RevocationReason)
}

extension Revocations {
    fileprivate func remembers(_ claims: AccessTokenClaims) -> Remembered {
        switch known(about: claims) {
        case .none: .unknown
        case .some(.none): .inForce
        case .some(.some(let reason)): .ended(reason)
        }
    }

    /// Waits for what the first question asked for.
    fileprivate func isLoaded(for claims: AccessTokenClaims) async {
        while remembers(claims) == .unknown { await Task.yield() }
    }
}
