internal import Foundation
internal import Logging
internal import Storage

/// Threads, each with a connection of its own, that take from bounded queues: jobs, and single statements that are sent together. A thread starts when all others
/// are busy.
final class ConnectionPool: @unchecked Sendable {
    // Everything that changes is guarded by `condition`.
    private struct Job {
        let enteredAt = ContinuousClock.now
        let run: (PostgresSession) -> Void
        let refuse: (StorageError) -> Void
    }

    /// What waits, by turns, so that none of it keeps the last thread to itself.
    private enum Turn: Int, CaseIterable {
        case reads, writes, jobs

        var next: Turn { Turn(rawValue: rawValue + 1) ?? .reads }
    }

    private enum Work {
        case reads(ArraySlice<Waiting<SQL>>)
        case writes(ArraySlice<Waiting<SingleWrite>>)
        case job(Job)
    }

    private let condition = NSCondition()
    private var jobs: ArraySlice<Job> = []
    private var reads = Gathering<SQL>()
    private var writes = Gathering<SingleWrite>()
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

    /// More than this that waits is refused at once.
    private static let queueLimit = 1_000
    /// What waited longer is refused, for its caller is about to give up.
    private static let longestWait = Duration.seconds(3)
    /// After a failed connection attempt jobs are refused for this long, rather than each waiting for an attempt of its own.
    private static let pause = Duration.milliseconds(250)

    init(url: String, limit: Int, logger: Logger) {
        self.url = url
        self.limit = limit
        self.logger = logger
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

    /// Runs one reading statement, which is its own transaction.
    func read(_ sql: SQL) async throws -> [Row] {
        try await withCheckedThrowingContinuation { add(Waiting(content: sql, answer: $0), to: \.reads) }
    }

    /// Runs what is a transaction of its own, within one that others share.
    func commit(_ write: SingleWrite) async throws -> [Row] {
        try await withCheckedThrowingContinuation { add(Waiting(content: write, answer: $0), to: \.writes) }
    }

    /// Refuses what waits, lets what runs finish, and returns when every connection is closed.
    func close() async {
        await withCheckedContinuation { continuation in
            condition.lock()
            isClosed = true
            let refused = jobs
            jobs = []
            let unsent = reads.takeAll().map(\.answer) + writes.takeAll().map(\.answer)
            let isDone = threads == 0
            if !isDone { closing.append(continuation) }
            condition.broadcast()
            condition.unlock()
            for job in refused { job.refuse(Self.isClosedNow) }
            for answer in unsent { answer.resume(throwing: Self.isClosedNow) }
            if isDone { continuation.resume() }
        }
    }

    private func add(_ job: Job) {
        condition.lock()
        if let refusal {
            condition.unlock()
            return job.refuse(refusal)
        }
        jobs.append(job)
        unlockAndWake()
    }

    private func add<Content>(_ statement: Waiting<Content>, to gathering: ReferenceWritableKeyPath<ConnectionPool, Gathering<Content>>) {
        condition.lock()
        if let refusal {
            condition.unlock()
            return statement.answer.resume(throwing: refusal)
        }
        if self[keyPath: gathering].add(statement) { unlockAndWake() } else { condition.unlock() }
    }

    private static let isClosedNow = StorageError.unavailable(reason: "the database was closed")

    /// Why nothing more is taken.
    private var refusal: StorageError? {
        if isClosed { return Self.isClosedNow }
        return jobs.count + reads.count + writes.count >= Self.queueLimit ? .unavailable(reason: "too many transactions are waiting") : nil
    }

    private func unlockAndWake() {
        let startsThread = idle < jobs.count + reads.called + writes.called && threads < limit
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
        var turn = Turn.reads
        while let work = next(&turn) {
            switch work {
            case .reads(let reads): read(reads, on: session)
            case .writes(let writes): commit(writes, on: session)
            case .job(let job):
                if let refusal = Self.refusal(enteredAt: job.enteredAt) { job.refuse(refusal) } else { job.run(session) }
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

    /// - Parameter turn: what goes first.
    private func next(_ turn: inout Turn) -> Work? {
        condition.lock()
        defer { condition.unlock() }
        while true {
            for _ in Turn.allCases {
                defer { turn = turn.next }
                if let work = take(turn) { return work }
            }
            if isClosed { return nil }
            idle += 1
            condition.wait()
            idle -= 1
        }
    }

    private func take(_ turn: Turn) -> Work? {
        switch turn {
        case .reads: reads.take().map { .reads($0) }
        case .writes: writes.take().map { .writes($0) }
        case .jobs: jobs.popFirst().map { .job($0) }
        }
    }

    private static func refusal(enteredAt: ContinuousClock.Instant) -> StorageError? {
        ContinuousClock.now - enteredAt > longestWait ? .unavailable(reason: "no connection was free in time") : nil
    }

    /// Answers reads, those that go well with one exchange. The first that does not is read apart, and the rest anew.
    private func read(_ reads: ArraySlice<Waiting<SQL>>, on session: PostgresSession) {
        let place = place(in: \.reads, for: session)
        var rest = reads
        while !rest.isEmpty {
            for (read, rows) in zip(rest, session.read(rest.map(\.content))) {
                read.answer.resume(returning: rows)
                rest.removeFirst()
            }
            guard let read = rest.popFirst() else { break }
            place.leave()
            answer(read) { try session.read($0) }
        }
        place.leave()
    }

    /// Commits writes with one exchange, or each apart.
    private func commit(_ writes: ArraySlice<Waiting<SingleWrite>>, on session: PostgresSession) {
        let place = place(in: \.writes, for: session)
        do {
            let rows = try session.commit(writes.map(\.content))
            for (write, rows) in zip(writes, rows) { write.answer.resume(returning: rows) }
        } catch is PostgresFailure {
            place.leave()
            for write in writes { answer(write) { try session.commit($0) } }
        } catch {
            for write in writes { write.answer.resume(throwing: error) }
        }
        place.leave()
    }

    private func answer<Content>(_ statement: Waiting<Content>, by work: (Content) throws -> [Row]) {
        if let refusal = Self.refusal(enteredAt: statement.enteredAt) {
            statement.answer.resume(throwing: refusal)
        } else {
            statement.answer.resume(with: Result { try work(statement.content) })
        }
    }

    /// A thread's place among those that are at what gathered; others may take it when it is left.
    private final class Place {
        private var end: (() -> Void)?

        init(_ end: @escaping () -> Void) { self.end = end }

        func leave() {
            end?()
            end = nil
        }
    }

    /// - Returns: one that is left when the server takes long, too.
    private func place<Content>(in gathering: ReferenceWritableKeyPath<ConnectionPool, Gathering<Content>>, for session: PostgresSession) -> Place {
        let place = Place { [self] in
            session.ifHeldUp = nil
            condition.lock()
            if self[keyPath: gathering].end() { unlockAndWake() } else { condition.unlock() }
        }
        session.ifHeldUp = place.leave
        return place
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
