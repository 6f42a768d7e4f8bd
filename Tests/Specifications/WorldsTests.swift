import Composition
import Primitives
import Storage
import Synchronization
import TestSupport
import Testing

@testable import Portal

@Suite("Portal · sandbox worlds")
struct WorldsTests {
    private struct Seen {
        var running = 0
        var most = 0
        var worlds: [String] = []

        mutating func begin(_ world: OrganisationID) {
            running += 1
            most = max(most, running)
            worlds.append(world.rawValue)
        }
    }

    /// What happens behind an answer is awaited.
    private static func until(_ condition: () -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(20)
        while !condition(), .now < end { await Task.yield() }
        try #require(condition())
    }

    @Test func `of ten worlds asked for at once one is made at a time, those of confirmed developers first`() async throws {
        try await TestServer.run(.sqlite) { server in
            let (seen, isOpen) = (Shared(Seen()), Shared(false))
            let worlds = Worlds(
                seed: { world, _, _ in
                    seen.value.withLock { $0.begin(world) }
                    while !isOpen.value.withLock({ $0 }) { await Task.yield() }
                    seen.value.withLock { $0.running -= 1 }
                },
                worldPasswords: WorldPasswords(rootKey: .test, travelKey: .test, randomness: SystemRandom(), shared: "sandbox"),
                database: server.database, passwords: server.platform.passwords, logger: .quiet)
            let now = server.clock.now
            worlds.seed(OrganisationID(trusted: "org_w0"), isConfirmed: false, at: now)
            try await Self.until { seen.value.withLock { $0.running } == 1 }

            for _ in 0..<2 {
                for number in 0..<10 { worlds.seed(OrganisationID(trusted: "org_w\(number)"), isConfirmed: number > 7, at: now) }
            }
            isOpen.value.withLock { $0 = true }
            try await Self.until { seen.value.withLock { $0.worlds.count == 10 && $0.running == 0 } }

            let (most, made) = seen.value.withLock { ($0.most, $0.worlds) }
            #expect(most == 1)
            #expect(made == [0, 8, 9, 1, 2, 3, 4, 5, 6, 7].map { "org_w\($0)" })
            // Whoever asks again later is heard.
            worlds.seed(OrganisationID(trusted: "org_w0"), isConfirmed: false, at: now)
            try await Self.until { seen.value.withLock { $0.worlds.count == 11 && $0.running == 0 } }
        }
    }
}

/// What several tasks count together.
private final class Shared<Value: Sendable>: Sendable {
    let value: Mutex<Value>

    init(_ value: Value) { self.value = Mutex(value) }
}
