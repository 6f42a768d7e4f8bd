internal import Foundation
internal import Logging
internal import Storage

/// Threads, each with a connection of its own, that take jobs from one bounded queue. A thread starts when all others are busy.
final class ConnectionPool: @unchecked Sendable {
    // Everything that changes is guarded by `condition`.
    private struct Job {
        let enteredAt = ContinuousClock.now
        let run: (PostgresSession) -> Void
        let refuse: (StorageError) -> Void
    }

    private let condition = NSCondition()
    private var jobs: ArraySlice<Job> = []
    private var threads = 0
    private var idle = 0
    private var isClosed = false
    private var closing: [CheckedContinuation<Void, Never>] = []
    private var downUntil: ContinuousClock.Instant?
    private var reachedAt: ContinuousClock.Instant?

    let url: String
    let limit: Int
    let logger: Logger
    let statistics = StorageStatistics()
    let ownChanges = OwnChanges()
    let sharedSync: SharedSync

    /// More waiting jobs than this are refused at once.
    private static let queueLimit = 1_000
    /// A job that waited longer is refused, for its caller is about to give up.
    private static let longestWait = Duration.seconds(3)
    /// After a failed connection attempt jobs are refused for this long, rather than each waiting for an attempt of its own.
    private static let pause = Duration.milliseconds(250)

    init(url: String, limit: Int, logger: Logger) {
        self.url = url
        self.limit = limit
        self.logger = logger
        sharedSync = SharedSync(url: url, statistics: statistics, logger: logger)
    }

    /// Runs the work on a connection's thread.
    func run<Result: Sendable>(_ work: @escaping @Sendable (PostgresSession) throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            add(
                Job(
                    run: { session in continuation.resume(with: Swift.Result { try work(session) }) },
                    refuse: { continuation.resume(throwing: $0) }))
        }
    }

    /// Runs a transaction whose commit shares its sync with others.
    func share<Result: Sendable>(_ body: @escaping @Sendable (any WriteTransaction) throws -> Result) async throws -> Result {
        sharedSync.expect()
        return try await withCheckedThrowingContinuation { continuation in
            add(
                Job(
                    run: { [sharedSync] session in
                        defer { sharedSync.arrive() }
                        do {
                            let (result, ticket) = try session.sharing(body)
                            if let ticket {
                                let waits = sharedSync.wait(ticket) { continuation.resume(with: $0.map { .failure($0) } ?? .success(result)) }
                                if waits { return }
                                try session.cover()
                            }
                            continuation.resume(returning: result)
                        } catch {
                            continuation.resume(throwing: error)
                        }
                    },
                    refuse: { [sharedSync] refusal in
                        sharedSync.arrive()
                        continuation.resume(throwing: refusal)
                    }))
        }
    }

    /// Refuses what waits, lets what runs finish, and returns when every connection is closed.
    func close() async {
        await withCheckedContinuation { continuation in
            condition.lock()
            isClosed = true
            let refused = jobs
            jobs = []
            let isDone = threads == 0
            if !isDone { closing.append(continuation) }
            condition.broadcast()
            condition.unlock()
            for job in refused { job.refuse(.unavailable(reason: "the database was closed")) }
            if isDone { continuation.resume() }
        }
        await sharedSync.close()
    }

    private func add(_ job: Job) {
        condition.lock()
        guard !isClosed, jobs.count < Self.queueLimit else {
            let reason = isClosed ? "the database was closed" : "too many transactions are waiting"
            condition.unlock()
            return job.refuse(.unavailable(reason: reason))
        }
        jobs.append(job)
        let startsThread = idle < jobs.count && threads < limit
        if startsThread { threads += 1 } else { condition.signal() }
        condition.unlock()
        if startsThread { startThread() }
    }

    private func startThread() {
        let thread = Thread { self.work() }
        thread.name = "postgres"
        thread.stackSize = 2 << 20
        thread.start()
    }

    private func work() {
        let session = PostgresSession(pool: self)
        while let job = next() {
            if ContinuousClock.now - job.enteredAt > Self.longestWait {
                job.refuse(.unavailable(reason: "no connection was free in time"))
            } else {
                job.run(session)
            }
        }
        session.close()
        condition.lock()
        threads -= 1
        let waiting = threads == 0 ? closing : []
        if threads == 0 { closing = [] }
        condition.unlock()
        for continuation in waiting { continuation.resume() }
    }

    private func next() -> Job? {
        condition.lock()
        defer { condition.unlock() }
        idle += 1
        while jobs.isEmpty, !isClosed { condition.wait() }
        idle -= 1
        return jobs.popFirst()
    }

    /// - Throws: while a failed attempt to connect is fresh.
    func checkReachable() throws {
        condition.lock()
        defer { condition.unlock() }
        if let downUntil, ContinuousClock.now < downUntil { throw StorageError.unavailable(reason: "PostgreSQL did not answer a moment ago") }
    }

    func noteReached() {
        condition.lock()
        reachedAt = .now
        downUntil = nil
        condition.unlock()
    }

    /// - Parameter begun: when the attempt that failed began. One that began before another succeeded tells of an outage that is over.
    func noteUnreachable(begun: ContinuousClock.Instant) {
        condition.lock()
        defer { condition.unlock() }
        if let reachedAt, reachedAt > begun { return }
        downUntil = .now + Self.pause
    }
}
