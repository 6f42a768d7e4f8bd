internal import Foundation
internal import Logging
internal import Storage
internal import Synchronization

/// Makes commits durable together that did not wait for the disk themselves (`synchronous_commit = off`): the log is written in order, so that one commit
/// which waits covers every commit before it (PostgreSQL, "Asynchronous Commit").
///
/// The server may crash behind such a commit and be back before anybody looks, without it. So a commit counts with the sync of a connection that was open
/// before the transaction began: a crash ends every connection.
final class SharedSync: @unchecked Sendable {
    // Everything that changes is guarded by `condition`.

    /// The right to wait for a sync, taken before the transaction begins.
    struct Ticket: Equatable {
        fileprivate let connection: Int
    }

    private struct Waiting {
        let ticket: Ticket
        let end: (StorageError?) -> Void
    }

    private let condition = NSCondition()
    private var connection: PostgresConnection?
    /// Counts the connections.
    private var number = 0
    private var isOpening = false
    private var isSyncing = false
    private var isClosed = false
    private var hasThread = false
    private var waiting: [Waiting] = []
    private var closing: [CheckedContinuation<Void, Never>] = []
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
    /// After a failed attempt to connect, commits wait for the disk themselves for this long.
    private static let pause = Duration.seconds(1)
    /// The smallest record that a commit can cover; it tells nobody anything.
    private static let sync: SQL = "SELECT pg_logical_emit_message(TRUE, 'wekeza', '')"

    init(url: String, statistics: StorageStatistics, logger: Logger) {
        self.url = url
        self.statistics = statistics
        self.logger = logger
    }

    /// Announces a commit, which `finish` is told of however it ends.
    func expect() { expected.add(1, ordering: .relaxed) }

    /// - Returns: `nil` when the commit has to wait for the disk itself.
    func ticket() -> Ticket? {
        condition.lock()
        defer { condition.unlock() }
        // The server ended it, perhaps long ago.
        if connection?.isHungUp == true {
            guard !isSyncing, waiting.isEmpty else { return nil }
            drop()
        }
        if connection == nil { open() }
        return connection == nil ? nil : Ticket(connection: number)
    }

    /// Ends what was expected, once what it committed is durable.
    /// - Parameters:
    ///   - ticket: `nil` when there is nothing to wait for.
    ///   - end: is told why it may not be durable, or `nil`.
    func finish(_ ticket: Ticket?, _ end: @escaping (StorageError?) -> Void) {
        expected.subtract(1, ordering: .relaxed)
        guard let ticket else { return end(nil) }
        condition.lock()
        guard !isClosed, connection != nil, ticket.connection == number else {
            condition.unlock()
            return end(Self.unknown("its connection was lost"))
        }
        waiting.append(Waiting(ticket: ticket, end: end))
        condition.signal()
        condition.unlock()
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

    // MARK: Under the lock

    /// Opens the connection, and tries it: without the right to it nobody would ever be told of a commit. Meanwhile commits wait for the disk themselves.
    private func open() {
        guard !isOpening, !isClosed, .now >= retryAt else { return }
        isOpening = true
        condition.unlock()
        let opened = Result {
            let connection = try PostgresConnection(url: url)
            do { try connection.run(Self.sync) } catch {
                connection.close()
                throw error
            }
            return connection
        }
        condition.lock()
        isOpening = false
        switch opened {
        case .success(let opened):
            connection = opened
            number += 1
            startThread()
        case .failure(let error):
            retryAt = .now + Self.pause
            logger.warning("commits are synced one by one", metadata: ["error": "\(error)"])
        }
    }

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
        while let group = next() {
            let failure = sync()
            for waiting in failure == nil ? group : group + takeLost() { waiting.end(failure) }
        }
        condition.lock()
        drop()
        hasThread = false
        let closed = closing
        closing = []
        condition.unlock()
        for continuation in closed { continuation.resume() }
    }

    private func next() -> [Waiting]? {
        condition.lock()
        defer { condition.unlock() }
        isSyncing = false
        while waiting.isEmpty, !isClosed { condition.wait() }
        for _ in 0..<Self.mostWaits where waiting.count < Self.group && expected.load(ordering: .relaxed) >= Self.leastExpected {
            condition.unlock()
            Thread.sleep(forTimeInterval: 0.001)
            condition.lock()
        }
        let group = waiting
        waiting = []
        isSyncing = !group.isEmpty
        return group.isEmpty ? nil : group
    }

    private func sync() -> StorageError? {
        // It is dropped only while nobody waits.
        guard let connection else { return Self.unknown("its connection was lost") }
        statistics.countStatement()
        do {
            try connection.run(Self.sync)
            return nil
        } catch {
            return Self.unknown("\(error)")
        }
    }

    /// - Returns: who came meanwhile, with a commit that the lost connection cannot vouch for.
    private func takeLost() -> [Waiting] {
        condition.lock()
        defer { condition.unlock() }
        drop()
        isSyncing = false
        defer { waiting = [] }
        return waiting
    }

    private static func unknown(_ reason: String) -> StorageError {
        .unavailable(reason: "the commit may not be durable: \(reason)")
    }
}
