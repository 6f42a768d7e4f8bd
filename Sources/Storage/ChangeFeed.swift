public import Logging
public import Primitives
internal import Synchronization

/// Tells this process's caches what changed: what it changed itself as it commits, what others changed by a look at `change_log` every 250 ms.
///
/// On PostgreSQL an id is drawn before its transaction commits, so a smaller id may appear after a larger one. The feed remembers the ids that were
/// missing and looks for them again.
public final class ChangeFeed: Sendable {
    private struct State {
        /// `nil` until the first look.
        var place: ChangeLogPlace?
        var subscribers: [(topics: Set<ChangeTopic>, handler: @Sendable ([Change]) -> Void)] = []
        var fallenBehind: [@Sendable () -> Void] = []
        var confirmedAt: ContinuousClock.Instant?
    }

    private let database: any Database
    private let logger: Logger
    let now: @Sendable () -> ContinuousClock.Instant
    private let state = Mutex(State())
    private let looking = OneAtATime()

    /// How long after a look its caches may still be trusted.
    static let trust = Duration.seconds(1)
    private static let interval = Duration.milliseconds(250)
    /// After a pause of this length rows may have been purged unseen.
    static let longestPause = Duration.minutes(30)

    /// - Parameter now: the monotonic clock that trust is measured by.
    public init(database: any Database, logger: Logger, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.database = database
        self.logger = logger
        self.now = now
        database.ownChanges.listen { [weak self] in self?.tell($0) }
    }

    /// The handler runs when changes of these topics were committed here, and at each look that found some, in the order of the log. A change may be told twice.
    public func subscribe(_ topics: Set<ChangeTopic>, _ handler: @escaping @Sendable ([Change]) -> Void) {
        state.withLock { $0.subscribers.append((topics, handler)) }
    }

    /// The handler runs when changes may have passed unseen, after a pause or where the log does not reach back far enough: everything remembered is to be
    /// dropped.
    public func onFallingBehind(_ handler: @escaping @Sendable () -> Void) {
        state.withLock { $0.fallenBehind.append(handler) }
    }

    /// Whether a look succeeded within the last second. When not, no cached entry is trusted.
    public var isCurrent: Bool {
        guard let confirmedAt = state.withLock({ $0.confirmedAt }) else { return false }
        return now() - confirmedAt < Self.trust
    }

    /// Looks once and tells the subscribers.
    /// - Throws: storage failures; the place in the log is kept, and the next look continues there.
    public func poll() async throws {
        try await looking.run { try await self.look() }
    }

    /// Looks every 250 ms until cancelled. A failed look is tried again at the next turn.
    public func run() async {
        var isFailing = false
        while !Task.isCancelled {
            do {
                try await poll()
                if isFailing { logger.info("change log is read again") }
                isFailing = false
            } catch is CancellationError {
                return
            } catch {
                if !isFailing { logger.warning("change log cannot be read", metadata: ["error": "\(error)"]) }
                isFailing = true
            }
            try? await Task.sleep(for: Self.interval, clock: .continuous)  // fails when cancelled, and then the loop ends
        }
    }

    private func look() async throws {
        // The state that a look confirms is the one before its statement ran.
        let startedAt = now()
        let (place, confirmedAt) = state.withLock { ($0.place, $0.confirmedAt) }
        let found = try await database.read { [place] in try ChangeLogPlace.look(from: place, at: startedAt, in: $0) }
        let isBehind = found.hasLostTrack || confirmedAt.map { startedAt - $0 > Self.longestPause } ?? false
        let fallenBehind = state.withLock { state in
            state.place = found.place
            return isBehind ? state.fallenBehind : []
        }
        for handler in fallenBehind { handler() }
        tell(found.changes)
        // Only now, when every cache has heard.
        state.withLock { $0.confirmedAt = startedAt }
    }

    private func tell(_ changes: [Change]) {
        for (topics, handler) in state.withLock({ $0.subscribers }) {
            let wanted = changes.filter { topics.contains($0.topic) }
            if !wanted.isEmpty { handler(wanted) }
        }
    }
}

/// Lets asynchronous work run one after another: two looks at once would tell the older place last.
private actor OneAtATime {
    private var last: Task<Void, any Error>?

    func run(_ work: @escaping @Sendable () async throws -> Void) async throws {
        let previous = last
        let task = Task {
            _ = await previous?.result
            try await work()
        }
        last = task
        try await task.value
    }
}

extension Database {
    /// Forgets changes that every node has long seen, the smallest ids first. The newest rows stay however old they look: the clock may be wrong, here or where
    /// they were written.
    /// - Returns: how many rows went, at most `limit`.
    @discardableResult
    public func purgeChangeLog(at now: Timestamp, limit: Int = 1000) async throws -> Int {
        let before = now - .hours(1)
        return try await write { tx in
            let oldest = try tx.all(
                """
                SELECT id, changed_at
                FROM change_log
                WHERE id <= (SELECT MAX(id) FROM change_log) - \(ChangeLogPlace.missingLimit)
                ORDER BY id
                LIMIT \(limit)
                """)
            let end: Int64? = try oldest.prefix { row in
                let changedAt: Timestamp = try row["changed_at"]
                return changedAt < before
            }.last?["id"]
            guard let end else { return 0 }
            return try tx.execute("DELETE FROM change_log WHERE id <= \(end)")
        }
    }
}
