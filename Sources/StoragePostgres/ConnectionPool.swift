internal import Dispatch
internal import Foundation
internal import Logging
internal import Storage

/// Threads, each with a connection of its own, that take from bounded queues: jobs, and single statements that are sent together. A thread starts when all others
/// are busy.
final class ConnectionPool: @unchecked Sendable {
    // Everything that changes is guarded by `lock`.
    struct Job {
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
        /// To look again after a while, and to connect before.
        case later(Duration)
    }

    let lock = NSLock()
    var jobs: ArraySlice<Job> = []
    var reads = Gathering<SQL>()
    var writes = Gathering<SingleWrite>()
    private var threads = 0
    /// Threads that had a connection when they last looked for work.
    private var connected = 0
    /// Threads that have nothing to do, the latest one last: it is woken first, and so is a process of the server that has done the same a moment ago.
    private var idle: [DispatchSemaphore] = []
    private(set) var isClosed = false
    private var closing: [CheckedContinuation<Void, Never>] = []
    private var down: (until: ContinuousClock.Instant, reason: any Error)?
    /// Why the last attempt failed, while none has succeeded since.
    private var told: String?
    private var reachedAt: ContinuousClock.Instant?

    /// How many threads there are at most.
    private var limit: Int

    let url: String
    let logger: Logger
    let statistics = StorageStatistics()
    let ownChanges = OwnChanges()

    /// So many that are held up hold up others.
    private static let fewest = 4
    /// More than this that waits is refused at once.
    private static let queueLimit = 1_000
    /// What waited longer is refused, for its caller is about to give up.
    static let longestWait = Duration.seconds(3)
    /// After a failed connection attempt no other is made for this long. Where no thread has a connection, jobs are refused, rather than each waiting for an
    /// attempt of its own.
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
        try await withUnsafeThrowingContinuation { read(Waiting(content: sql, answer: $0)) }
    }

    func read(_ statement: Waiting<SQL>) { add(statement) { reads.add($0) } }

    /// Runs what is a transaction of its own, within one that others share.
    func commit(_ write: SingleWrite) async throws -> [Row] {
        try await withUnsafeThrowingContinuation { add(Waiting(content: write, answer: $0)) { writes.add($0) } }
    }

    /// Leaves connections of the pool's to others that use the same database, if it keeps enough.
    /// - Returns: how many.
    func spare(_ count: Int) -> Int {
        lock.lock()
        defer { lock.unlock() }
        let spared = min(count, max(0, limit - Self.fewest))
        limit -= spared
        return spared
    }

    /// Refuses what waits, lets what runs finish, and returns when every connection is closed.
    func close() async {
        await withCheckedContinuation { continuation in
            lock.lock()
            isClosed = true
            let refused = jobs
            jobs = []
            let unsent = reads.takeAll().map(\.answer) + writes.takeAll().map(\.answer)
            let isDone = threads == 0
            if !isDone { closing.append(continuation) }
            for thread in idle { thread.signal() }
            lock.unlock()
            for job in refused { job.refuse(Self.isClosedNow) }
            for answer in unsent { answer.resume(throwing: Self.isClosedNow) }
            if isDone { continuation.resume() }
        }
    }

    private func add(_ job: Job) {
        lock.lock()
        if let refusal {
            lock.unlock()
            return job.refuse(refusal)
        }
        jobs.append(job)
        let thread = threadToWake()
        lock.unlock()
        thread?.signal()
    }

    /// - Parameter gather: takes it, under the lock, and tells whether a thread is to be woken for it.
    private func add<Content>(_ statement: Waiting<Content>, _ gather: (Waiting<Content>) -> Bool) {
        lock.lock()
        if let refusal {
            lock.unlock()
            return statement.answer.resume(throwing: refusal)
        }
        let thread = gather(statement) ? threadToWake() : nil
        lock.unlock()
        thread?.signal()
    }

    static let isClosedNow = StorageError.unavailable(reason: "the database was closed")
    static let cameTooLate = StorageError.unavailable(reason: "no connection was free in time")

    /// Why nothing more is taken.
    private var refusal: StorageError? {
        if isClosed { return Self.isClosedNow }
        return jobs.count + reads.count + writes.count >= Self.queueLimit ? .unavailable(reason: "too many transactions are waiting") : nil
    }

    /// Has a thread look for work, if one has nothing to do or one more may be started.
    func wake() { threadToWake()?.signal() }

    /// - Returns: the bell of one that has nothing to do, to be rung behind the lock, for which it would only wait. One that is started needs none.
    private func threadToWake() -> DispatchSemaphore? {
        if let thread = idle.popLast() { return thread }
        if threads < limit {
            threads += 1
            startThread()
        }
        return nil
    }

    private func startThread() {
        let thread = Thread {
            Thread.current.name = "postgres"  // from outside it stays with the object, and the system shows that of who started the thread
            self.work()
        }
        thread.stackSize = 2 << 20
        thread.start()
    }

    private func work() {
        let session = PostgresSession(pool: self)
        let bell = DispatchSemaphore(value: 0)
        var turn = Turn.reads
        var isCounted = false
        while true {
            // Nothing that others could do waits for that.
            session.connect()
            count(session, &isCounted)
            guard let work = next(&turn, for: session, or: bell) else { break }
            switch work {
            case .later(let pause): Thread.sleep(forTimeInterval: pause / .seconds(1))
            case .reads(let reads): read(reads, on: session)
            case .writes(let writes): commit(writes, on: session)
            case .job(let job):
                if job.enteredAt < .now - Self.longestWait { job.refuse(Self.cameTooLate) } else { job.run(session) }
            }
        }
        session.close()
        count(session, &isCounted)
        lock.lock()
        threads -= 1
        let waiting = threads == 0 ? closing : []
        if threads == 0 { closing = [] }
        lock.unlock()
        for continuation in waiting { continuation.resume() }
    }

    /// - Parameter isCounted: whether the thread is one of the connected ones; changed to what is so now.
    private func count(_ session: PostgresSession, _ isCounted: inout Bool) {
        guard session.isConnected != isCounted else { return }
        isCounted.toggle()
        lock.lock()
        connected += isCounted ? 1 : -1
        lock.unlock()
    }

    /// - Parameters:
    ///   - turn: what goes first.
    ///   - bell: what the thread waits for when there is nothing.
    private func next(_ turn: inout Turn, for session: PostgresSession, or bell: DispatchSemaphore) -> Work? {
        lock.lock()
        defer { lock.unlock() }
        while true {
            // Others could only be kept from it: a role may have as many connections as are open, or a new password since.
            let leavesIt = !session.isConnected && connected > 0 && !isClosed
            if leavesIt, isAnythingWaiting { return .later(Self.pause) }
            for _ in Turn.allCases where !leavesIt {
                defer { turn = turn.next }
                guard let work = take(turn) else { continue }
                // What it would have taken at another turn.
                if reads.callsThread() || writes.callsThread() { wake() }
                return work
            }
            if isClosed { return nil }
            // A thread that cannot connect is the last to be asked.
            idle.insert(bell, at: session.isConnected ? idle.endIndex : idle.startIndex)
            lock.unlock()
            bell.wait()
            lock.lock()
            if !session.isConnected, !isClosed { return .later(.zero) }
        }
    }

    private var isAnythingWaiting: Bool { !jobs.isEmpty || reads.count > 0 || writes.count > 0 }

    private func take(_ turn: Turn) -> Work? {
        switch turn {
        case .reads: reads.take().map { .reads($0) }
        case .writes: writes.take().map { .writes($0) }
        case .jobs: jobs.popFirst().map { .job($0) }
        }
    }

    /// - Throws: while a failed attempt to connect is fresh, what it failed with.
    func checkReachable() throws {
        lock.lock()
        defer { lock.unlock() }
        if let down, ContinuousClock.now < down.until { throw down.reason }
    }

    func noteReached() {
        lock.lock()
        reachedAt = .now
        (down, told) = (nil, nil)
        lock.unlock()
    }

    /// - Parameter begun: when the attempt that failed began. One that began before another succeeded tells of an outage that is over.
    /// - Returns: whether that is news.
    func noteUnreachable(begun: ContinuousClock.Instant, _ reason: any Error) -> Bool {
        lock.lock()
        defer { lock.unlock() }
        if let reachedAt, reachedAt > begun { return false }
        down = (until: .now + Self.pause, reason)
        defer { told = "\(reason)" }
        return told != "\(reason)"
    }
}
