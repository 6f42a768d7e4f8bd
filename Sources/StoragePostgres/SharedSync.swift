internal import Foundation
internal import Logging
internal import Storage
internal import Synchronization

/// Makes commits durable together that did not wait for the disk themselves (`synchronous_commit = off`): the log is written in order, so that one commit
/// which waits covers every commit before it (PostgreSQL, "Asynchronous Commit").
///
/// The server may crash behind such a commit and be back before anybody looks, without it, or the address may lead to another server by then. So a commit
/// counts with the sync of a process of its own server that was there before the transaction began: a crash ends every one of them.
final class SharedSync: @unchecked Sendable {
    // Everything that changes is guarded by `condition`; the thread uses the connection while `syncingSince` keeps it from being dropped.

    /// The right to wait for a sync, taken before the transaction begins.
    struct Ticket {
        fileprivate let connection: Int
    }

    /// Told why a commit may not be durable, or `nil`.
    typealias End = @Sendable (StorageError?) -> Void

    private enum Work {
        case open
        case sync([End])
    }

    private let condition = NSCondition()
    private var connection: PostgresConnection?
    /// Counts the connections.
    private var number = 0
    private var isWanted = false
    /// When the sync that runs began.
    private var syncingSince: ContinuousClock.Instant?
    private var isClosed = false
    private var hasThread = false
    private var waiting: [End] = []
    private var closing: [CheckedContinuation<Void, Never>] = []
    private var pause = SharedSync.shortestPause
    private var retryAt = ContinuousClock.now
    /// Commits that were asked for and have not come yet.
    private let expected = Atomic(0)

    private let url: String
    private let statistics: StorageStatistics
    private let logger: Logger

    /// As many are a group, for which nobody waits any longer.
    private static let group = 16
    /// A sync waits for more to come while as many are expected at least, a millisecond each time.
    private static let leastExpected = 3
    private static let mostWaits = 8
    /// A sync that takes longer may be of a connection that has fallen silent: nobody new waits for it.
    private static let longestSync = Duration.seconds(1)
    /// How long nobody tries to connect after an attempt failed; twice as long each time.
    private static let shortestPause = Duration.seconds(1)
    private static let longestPause = Duration.seconds(60)

    /// The record that a commit covers, for one that has written nothing else.
    static let record = "SELECT pg_logical_emit_message(TRUE, 'wekeza', '')"
    /// Newer servers have another parameter there, so it is looked up by its name.
    static let isAllowed = """
        SELECT bool_and(has_function_privilege(oid, 'execute')) AS allowed FROM pg_proc
        WHERE proname = 'pg_logical_emit_message' AND pronamespace = 'pg_catalog'::regnamespace
        """

    init(url: String, statistics: StorageStatistics, logger: Logger) {
        self.url = url
        self.statistics = statistics
        self.logger = logger
    }

    /// Announces a commit.
    func expect() { expected.add(1, ordering: .relaxed) }

    /// It has come, or will not.
    func arrive() { expected.subtract(1, ordering: .relaxed) }

    /// - Parameter server: the one that the transaction is on.
    /// - Returns: `nil` when the commit has to wait for the disk itself: there is no connection to this server, or none any more, and the next ones will have
    ///   another.
    func ticket(on server: String) -> Ticket? {
        condition.lock()
        defer { condition.unlock() }
        guard !isSilent else { return nil }
        if let connection, connection.isHungUp || connection.server != server {
            // Whoever waits already is told by the sync, or by its failure.
            guard syncingSince == nil, waiting.isEmpty else { return nil }
            if !connection.isHungUp { retryAt = .now + Self.shortestPause }
            drop()
        }
        if connection != nil { return Ticket(connection: number) }
        if !isWanted, !isClosed, .now >= retryAt {
            isWanted = true
            startThread()
            condition.signal()
        }
        return nil
    }

    /// Waits for the sync of what was committed with a ticket. Also who wrote nothing waits on purpose: for what it read.
    /// - Returns: `false` when nobody can vouch for it any more; `end` is not called then.
    func wait(_ ticket: Ticket, _ end: @escaping End) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        guard !isClosed, !isSilent, ticket.connection == number, connection?.isHungUp == false else { return false }
        waiting.append(end)
        condition.signal()
        return true
    }

    /// Returns when everything that waited is durable and the connection is closed.
    func close() async {
        await withCheckedContinuation { continuation in
            condition.lock()
            isClosed = true
            let isDone = !hasThread
            if !isDone { closing.append(continuation) }
            condition.signal()
            condition.unlock()
            if isDone { continuation.resume() }
        }
    }

    static func unknown(_ reason: String) -> StorageError { .unavailable(reason: "the commit may not be durable: \(reason)") }

    // MARK: Under the lock

    private var isSilent: Bool { syncingSince.map { .now - $0 > Self.longestSync } ?? false }

    private func drop() {
        connection?.close()
        connection = nil
    }

    private func startThread() {
        guard !hasThread else { return }
        hasThread = true
        let thread = Thread { self.work() }
        thread.name = "postgres sync"
        thread.stackSize = 1 << 20
        thread.start()
    }

    // MARK: On the thread

    private func work() {
        while let work = next() {
            switch work {
            case .open: open()
            case .sync(let group):
                if let failure = sync(of: group.count) {
                    for end in group + takeLost() { end(failure) }
                } else {
                    for end in group { end(nil) }
                }
            }
        }
        condition.lock()
        drop()
        hasThread = false
        let closed = closing
        closing = []
        condition.unlock()
        for continuation in closed { continuation.resume() }
    }

    private func next() -> Work? {
        condition.lock()
        defer { condition.unlock() }
        syncingSince = nil
        while waiting.isEmpty, !isWanted, !isClosed { condition.wait() }
        guard !waiting.isEmpty else { return isClosed ? nil : .open }
        for _ in 0..<Self.mostWaits where waiting.count < Self.group && expected.load(ordering: .relaxed) >= Self.leastExpected {
            condition.unlock()
            Thread.sleep(forTimeInterval: 0.001)
            condition.lock()
        }
        defer { waiting = [] }
        syncingSince = .now
        return .sync(waiting)
    }

    private func open() {
        let opened = Result {
            let connection = try PostgresConnection(url: url)
            do {
                // Not each server that answers takes writes.
                try connection.sync()
                return connection
            } catch {
                connection.close()
                throw error
            }
        }
        if case .failure(let error) = opened { noteFailure(error) }
        condition.lock()
        defer { condition.unlock() }
        isWanted = false
        guard case .success(let connection) = opened else { return }
        self.connection = connection
        number += 1
    }

    /// Only a sync that others waited for makes the pauses short again.
    private func noteFailure(_ error: any Error) {
        condition.lock()
        let isFirst = pause == Self.shortestPause
        retryAt = .now + pause
        pause = min(pause * 2, Self.longestPause)
        condition.unlock()
        if isFirst { logger.warning("commits are synced one by one", metadata: ["error": "\(error)"]) }
    }

    /// - Returns: why commits may not be durable.
    private func sync(of commits: Int) -> StorageError? {
        // It is dropped only while nobody waits.
        guard let connection else { return Self.unknown("the connection was lost") }
        do {
            try connection.sync()
            statistics.countCommit(of: commits)
            condition.lock()
            pause = Self.shortestPause
            condition.unlock()
            return nil
        } catch {
            noteFailure(error)
            return Self.unknown("\(error)")
        }
    }

    /// - Returns: who came meanwhile, with a commit that the lost connection cannot vouch for.
    private func takeLost() -> [End] {
        condition.lock()
        defer { condition.unlock() }
        drop()
        defer { waiting = [] }
        return waiting
    }
}
