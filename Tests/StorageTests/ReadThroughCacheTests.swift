import Primitives
import Storage
import Synchronization
import TestSupport
import Testing

@Suite("Read-through cache")
struct ReadThroughCacheTests {
    /// The feed's clock. Unless a test moves it, it stands still: a slow machine must not make the feed stale.
    private final class Watch: Sendable {
        private let start = ContinuousClock.now
        private let passed = Mutex(Duration.zero)

        var now: ContinuousClock.Instant { start + passed.withLock { $0 } }

        func goOn(by duration: Duration) { passed.withLock { $0 += duration } }
    }

    private func withCache(
        capacity: Int = 100, isCurrent: Bool = true, watch: Watch = Watch(),
        _ body: (ReadThroughCache<String, Int>, SlowSource, ChangeFeed) async throws -> Void
    ) async throws {
        try await withDatabase(.sqlite, migrations: []) { db in
            let feed = ChangeFeed(database: db, logger: .quiet, now: { watch.now })
            if isCurrent { try await feed.poll() }
            let source = SlowSource()
            let cache = ReadThroughCache<String, Int>(capacity: capacity, feed: feed) { await source.read($0) }
            try await body(cache, source, feed)
        }
    }

    private func expect(_ cache: ReadThroughCache<String, Int>, _ key: String, is expected: Int?, at location: SourceLocation = #_sourceLocation) async throws {
        let value = try await cache.value(for: key)
        #expect(value == expected, sourceLocation: location)
    }

    @Test func `known at once is what was read, until it is dropped`() async throws {
        try await withCache { cache, source, _ in
            source.set(1, for: "a")
            #expect(cache.known("a") == nil)
            try await expect(cache, "a", is: 1)
            #expect(cache.known("a") == 1)
            #expect(cache.known("b") == nil)
            cache.drop("a")
            #expect(cache.known("a") == nil)
            #expect(source.reads == ["a"])
        }
    }

    @Test func `nothing is known at once while the feed is not current`() async throws {
        try await withCache(isCurrent: false) { cache, source, _ in
            source.set(1, for: "a")
            try await expect(cache, "a", is: 1)
            #expect(cache.known("a") == nil)
        }
    }

    @Test
    func `what was read once is remembered`() async throws {
        try await withCache { cache, source, _ in
            source.set(1, for: "a")

            for _ in 1...3 { try await expect(cache, "a", is: 1) }

            #expect(source.reads == ["a"])
        }
    }

    @Test
    func `what does not exist is read each time`() async throws {
        try await withCache { cache, source, _ in
            try await expect(cache, "a", is: nil)
            source.set(1, for: "a")

            try await expect(cache, "a", is: 1)
            #expect(source.reads == ["a", "a"])
            #expect(cache.count == 1)
        }
    }

    /// What fifty are told who ask before the first of them has read.
    private func fiftyAnswers(of cache: ReadThroughCache<String, Int>, from source: SlowSource) async throws -> [Int?] {
        source.slowDown()
        return try await withThrowingTaskGroup(of: Int?.self) { group in
            for _ in 0..<50 { group.addTask { try await cache.value(for: "a") } }
            await source.waitForReads(1)
            for _ in 0..<1000 { await Task.yield() }
            source.release()
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    @Test
    func `fifty who miss at once share one read`() async throws {
        try await withCache { cache, source, _ in
            source.set(1, for: "a")

            let answers = try await fiftyAnswers(of: cache, from: source)

            #expect(answers == Array(repeating: 1, count: 50))
            #expect(source.reads.count == 1)
        }
    }

    @Test
    func `a dropped entry is read again`() async throws {
        try await withCache { cache, source, _ in
            source.set(1, for: "a")
            source.set(10, for: "b")
            _ = (try await cache.value(for: "a"), try await cache.value(for: "b"))
            source.set(2, for: "a")

            cache.drop("a")

            try await expect(cache, "a", is: 2)
            try await expect(cache, "b", is: 10)
            #expect(source.reads == ["a", "b", "a"])
        }
    }

    @Test
    func `a load that began before a change does not bring the old value back`() async throws {
        try await withCache { cache, source, _ in
            source.set(1, for: "a")
            source.slowDown()
            async let early = cache.value(for: "a")
            await source.waitForReads(1)

            source.set(2, for: "a")
            cache.drop("a")
            async let late = cache.value(for: "a")
            await source.waitForReads(2)
            source.release()

            let answers = (try await early, try await late)
            #expect(answers == (1, 2))
            try await expect(cache, "a", is: 2)
            #expect(source.reads.count == 2)
        }
    }

    @Test
    func `dropping by content detaches loads whose content is not known yet`() async throws {
        try await withCache { cache, source, _ in
            source.set(1, for: "a")
            source.set(2, for: "b")
            _ = try await cache.value(for: "b")
            source.slowDown()
            async let early = cache.value(for: "a")
            await source.waitForReads(2)

            source.set(3, for: "a")
            cache.drop { $0 == 1 }
            source.release()
            _ = try await early

            try await expect(cache, "a", is: 3)
            try await expect(cache, "b", is: 2)
            #expect(source.reads == ["b", "a", "a"])
        }
    }

    @Test
    func `while the feed is not current each call reads, and nothing is kept`() async throws {
        try await withCache(isCurrent: false) { cache, source, feed in
            source.set(1, for: "a")
            try await expect(cache, "a", is: 1)
            source.set(2, for: "a")
            try await expect(cache, "a", is: 2)
            #expect(cache.count == 0)

            try await feed.poll()
            try await expect(cache, "a", is: 2)
            try await expect(cache, "a", is: 2)
            #expect(source.reads.count == 3)
        }
    }

    @Test
    func `while the feed is not current nobody joins a read that began a second ago`() async throws {
        let watch = Watch()
        try await withCache(isCurrent: false, watch: watch) { cache, source, _ in
            source.set(1, for: "a")
            source.slowDown()
            async let early = cache.value(for: "a")
            await source.waitForReads(1)

            source.set(2, for: "a")
            watch.goOn(by: .seconds(1))
            async let late = cache.value(for: "a")
            await source.waitForReads(2)
            source.release()

            let answers = (try await early, try await late)
            #expect(answers == (1, 2))
            #expect(cache.count == 0)
        }
    }

    @Test
    func `while the feed is not current those who miss at one moment share a read`() async throws {
        try await withCache(isCurrent: false) { cache, source, _ in
            source.set(1, for: "a")

            let answers = try await fiftyAnswers(of: cache, from: source)

            #expect(answers == Array(repeating: 1, count: 50))
            // Whoever comes behind the answer reads anew.
            #expect(source.reads.count < 50)
        }
    }

    @Test
    func `it holds no more than its capacity, and keeps what is used`() async throws {
        try await withCache(capacity: 10) { cache, source, _ in
            for key in 0..<1000 {
                source.set(key, for: "\(key)")
                try await expect(cache, "\(key)", is: key)
                try await expect(cache, "0", is: 0)
                #expect(cache.count <= 10)
            }

            #expect(source.reads.filter { $0 == "0" }.count == 1)
        }
    }

    /// A cache whose reads bring their own numbers; the first ends otherwise.
    private func withNumberedReads(
        first: @escaping @Sendable () async throws -> Void, _ body: (ReadThroughCache<String, Int>, _ reads: @Sendable () -> Int) async throws -> Void
    ) async throws {
        try await withDatabase(.sqlite, migrations: []) { db in
            // A clock that stands still: a slow machine must not make the feed stale.
            let start = ContinuousClock.now
            let feed = ChangeFeed(database: db, logger: .quiet, now: { start })
            try await feed.poll()
            let reads = Atomic(0)
            let cache = ReadThroughCache<String, Int>(capacity: 10, feed: feed) { _ in
                let number = reads.add(1, ordering: .relaxed).newValue
                if number == 1 { try await first() }
                return number
            }
            try await body(cache) { reads.load(ordering: .relaxed) }
        }
    }

    @Test
    func `whoever waits for a read that was cancelled reads itself`() async throws {
        try await withNumberedReads(first: { try await Task.sleep(for: .seconds(3600)) }) { cache, reads in  // until it is cancelled
            let first = Task { try await cache.value(for: "a") }
            while reads() == 0 { await Task.yield() }
            let second = Task { try await cache.value(for: "a") }
            for _ in 0..<1000 { await Task.yield() }

            first.cancel()

            await #expect(throws: CancellationError.self) { try await first.value }
            let value = try await second.value
            #expect(value == 2)
            try await expect(cache, "a", is: 2)
        }
    }

    @Test
    func `a failed read is told to all who wait, and the next call reads again`() async throws {
        struct Failed: Error {}
        try await withNumberedReads(first: { throw Failed() }) { cache, _ in
            await #expect(throws: Failed.self) { try await cache.value(for: "a") }
            try await expect(cache, "a", is: 2)
        }
    }
}
