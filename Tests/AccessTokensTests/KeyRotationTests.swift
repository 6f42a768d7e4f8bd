import AccessTokens
import Events
import JOSE
import JSON
import Logging
import Primitives
import Storage
import Synchronization
import TestSupport
import Testing

@Suite("Rotation of the signing keys")
struct KeyRotationTests {
    @Test(arguments: Engine.available)
    func `a key that was announced less than five minutes ago does not sign`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let announced = fixture.clock.now
            let current = fixture.keys.current.id
            fixture.clock.advance(by: .seconds(299))

            let rotation = try await fixture.keys.rotate(at: fixture.clock.now)

            #expect(rotation == .tooEarly(until: announced + .minutes(5)))
            #expect(fixture.keys.current.id == current)
        }
    }

    @Test(arguments: Engine.available)
    func `a rotation right after another waits for the new key's announcement`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            fixture.clock.advance(by: .minutes(5))
            try await fixture.keys.rotate(at: fixture.clock.now)
            let current = fixture.keys.current.id

            let second = try await fixture.keys.rotate(at: fixture.clock.now)
            fixture.clock.advance(by: .minutes(5))
            let third = try await fixture.keys.rotate(at: fixture.clock.now)

            #expect(!second.isDone)
            #expect(third.isDone && fixture.keys.current.id != current)
        }
    }

    @Test(arguments: Engine.available)
    func `a key that was found out goes at once, and its tokens with it`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let stolen = fixture.keys.current.id
            let token = try fixture.tokens.issue(fixture.request(), at: fixture.clock.now).token.value

            let rotation = try await fixture.keys.rotate(.compromised, at: fixture.clock.now)

            #expect(rotation.isDone)
            #expect(fixture.keys.everKnownKey(stolen) == nil)
            #expect(!fixture.keys.jwks(at: fixture.clock.now).keys.contains { $0.keyID == stolen.rawValue })
            #expect(try await fixture.verifier.verified(token, at: fixture.clock.now).failure == .badSignature)
        }
    }

    @Test(arguments: Engine.available)
    func `the schedule rotates when the key has signed for its lifetime, and not before`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let first = fixture.keys.current.id
            fixture.clock.advance(by: .days(30) - .seconds(1))

            try await fixture.keys.rotateWhenDue(lifetime: .days(30), at: fixture.clock.now)
            let early = fixture.keys.current.id
            fixture.clock.advance(by: .seconds(1))
            try await fixture.keys.rotateWhenDue(lifetime: .days(30), at: fixture.clock.now)
            let second = fixture.keys.current.id
            try await fixture.keys.rotateWhenDue(lifetime: .days(30), at: fixture.clock.now)

            #expect(early == first)
            #expect(second != first && fixture.keys.current.id == second)
        }
    }

    @Test(arguments: Engine.available)
    func `a lifetime shorter than the announcement still waits for it`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let first = fixture.keys.current.id
            fixture.clock.advance(by: .minutes(2))

            try await fixture.keys.rotateWhenDue(lifetime: .minutes(1), at: fixture.clock.now)

            #expect(fixture.keys.current.id == first)
        }
    }

    @Test(arguments: Engine.available)
    func `of many nodes whose schedule comes due at the same moment one rotates`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            var nodes = [fixture.keys]
            for _ in 0..<5 { nodes.append(try await fixture.otherNode()) }

            for round in 1...5 {
                fixture.clock.advance(by: .days(30))
                let now = fixture.clock.now
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for node in nodes { group.addTask { try await node.rotateWhenDue(lifetime: .days(30), at: now) } }
                    try await group.waitForAll()
                }
                for node in nodes { try await node.reload() }

                #expect(Set(nodes.map(\.current.id)).count == 1)
                let rotations = try await fixture.database.read { tx in try AuditLog().list(.init(action: .keyRotated), limit: 100, in: tx).count }
                #expect(rotations == round)
            }
        }
    }

    @Test(arguments: Engine.available)
    func `OpenID Connect Core §10-1-1 two nodes accept each other's tokens at every moment of six rotations`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let other = try await fixture.otherNode()
            let nodes = [fixture.keys, other]
            var alive: [(token: String, expiresAt: Timestamp)] = []

            // A minute a step; a node hears of a rotation one step late.
            for minute in 0..<40 {
                for node in nodes {
                    let issued = try AccessTokenIssuer(keys: node, issuer: issuer, randomness: SystemRandom()).issue(fixture.request(), at: fixture.clock.now)
                    alive.append((issued.token.value, issued.claims.expiresAt))
                }
                try await nodes[minute % 2].rotateWhenDue(lifetime: .minutes(6), at: fixture.clock.now)
                alive.removeAll { $0.expiresAt <= fixture.clock.now }
                for node in nodes {
                    let known = Set(node.jwks(at: fixture.clock.now).keys.map(\.keyID))
                    let verifier = AccessTokenVerifier(keys: node, issuer: issuer)
                    for (token, _) in alive {
                        #expect(throws: Never.self) { try verifier.verify(token, at: fixture.clock.now).get() }
                        // A verifier outside, who reads our key set from either node.
                        #expect(try known.contains(UnverifiedJWS(parsing: token).keyID ?? ""))
                    }
                }
                try await fixture.keys.reload()
                try await other.reload()
                fixture.clock.advance(by: .minutes(1))
            }

            let rotations = try await fixture.database.read { tx in try AuditLog().list(.init(action: .keyRotated), limit: 100, in: tx).count }
            #expect(rotations == 6)
        }
    }

    @Test(arguments: Engine.available)
    func `a node that meets an unknown key reads the keys before it refuses`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let other = try await fixture.otherNode()
            // Two forced rotations: the other node has heard of neither, and knows neither key.
            try await fixture.keys.rotate(.compromised, at: fixture.clock.now)
            try await fixture.keys.rotate(.compromised, at: fixture.clock.now)
            let token = try fixture.tokens.issue(fixture.request(), at: fixture.clock.now).token.value
            let verifier = AccessTokenVerifier(keys: other, issuer: issuer)

            let fromMemory = verifier.verify(token, at: fixture.clock.now)
            let asked = try await verifier.verified(token, at: fixture.clock.now)

            #expect(fromMemory.failure == .badSignature)
            #expect(throws: Never.self) { try asked.get() }
        }
    }

    @Test(arguments: Engine.available)
    func `unknown keys cost one reading a second at most, and nothing remembered`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let strangers = try (0..<50).map { _ in try SigningKey.stranger().sign(fixture.anyClaims(), type: .accessToken) }
            let verifier = fixture.verifier
            let (edition, before) = (fixture.keys.edition, fixture.database.statistics.statements)
            let began = ContinuousClock.now

            for token in strangers { #expect(try await verifier.verified(token, at: fixture.clock.now).failure == .badSignature) }

            let seconds = Int((ContinuousClock.now - began).components.seconds)
            #expect(fixture.database.statistics.statements - before <= 1 + seconds)
            #expect(fixture.keys.edition == edition)
        }
    }

    @Test(arguments: Engine.available)
    func `a reading that ends late brings no key back that was found out meanwhile`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let slow = SlowDatabase(fixture.database)
            let node = try await SigningKeys.load(
                database: slow, rootKey: .test, feed: ChangeFeed(database: slow, logger: .quiet), at: fixture.clock.now)
            let stolen = node.current.id
            let held = slow.holdNextRead()
            let late = Task { try await node.reload() }
            await held.hasRead.wait()

            try await fixture.keys.rotate(.compromised, at: fixture.clock.now)
            try await node.reload()
            let edition = node.edition
            held.mayAnswer.open()
            try await late.value

            #expect(node.current.id == fixture.keys.current.id)
            #expect(node.everKnownKey(stolen) == nil)
            #expect(node.edition == edition)
        }
    }

    @Test(arguments: Engine.available)
    func `while the keys cannot be read the log says so once, and once that they can again`(engine: Engine) async throws {
        try await Fixture.run(engine) { fixture in
            let slow = SlowDatabase(fixture.database)
            let log = KeyLog()
            let node = try await SigningKeys.load(
                database: slow, rootKey: .test, feed: fixture.feed, logger: Logger(label: "keys") { _ in log }, at: fixture.clock.now)

            slow.failNextReads(2)
            try await fixture.keys.rotate(.compromised, at: fixture.clock.now)
            await log.worksAgain.wait()

            #expect(log.lines.messages == ["signing keys cannot be read", "signing keys are read again"])
            #expect(node.current.id == fixture.keys.current.id)
        }
    }
}

/// What the keys write to the log.
private struct KeyLog: LogHandler {
    final class Lines: Sendable {
        private let kept = Mutex<[String]>([])

        var messages: [String] { kept.withLock { $0 } }

        func add(_ message: String) { kept.withLock { $0.append(message) } }
    }

    let lines = Lines()
    let worksAgain = Gate()
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        lines.add(event.message.description)
        if event.level == .info { worksAgain.open() }
    }
}

extension KeyRotation {
    var isDone: Bool { if case .rotated = self { true } else { false } }
}

extension Fixture {
    /// Another process on the same database.
    func otherNode() async throws -> SigningKeys {
        try await SigningKeys.load(
            database: database, rootKey: .test, feed: ChangeFeed(database: database, logger: .quiet), at: clock.now)
    }

    func anyClaims() throws -> JSONObject { try tokens.issue(request(), at: clock.now).claims.json }
}

extension SigningKey {
    /// A key that nobody published.
    static func stranger() throws -> SigningKey { SigningKey(id: .random(from: SystemRandom()), key: try .random(.es256, from: SystemRandom())) }
}

extension Result {
    fileprivate var failure: Failure? { if case .failure(let failure) = self { failure } else { nil } }
}
